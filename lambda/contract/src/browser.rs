//! Tells a browser that opens an MCP endpoint from an MCP client.

/// The path of an MCP endpoint, or its end where a host has several servers.
pub const MCP_PATH: &str = "/mcp";

/// [`opens_page`] as a CloudFront Function, which redirects a browser to the page for people at the root.
pub const BROWSER_REDIRECT: &str = "function handler(event) {
  var request = event.request;
  var accept = request.headers.accept;
  if (
    (request.method === 'GET' || request.method === 'HEAD') &&
    request.uri.endsWith('/mcp') &&
    accept !== undefined &&
    accept.value.includes('text/html') &&
    request.headers.authorization === undefined
  ) {
    return {
      statusCode: 303,
      statusDescription: 'See Other',
      headers: { location: { value: '/' }, 'cache-control': { value: 'no-store' }, vary: { value: 'Accept' } },
    };
  }
  return request;
}
";

/// Whether a browser opens an MCP endpoint. Only a browser asks for HTML; a request with an access token is an MCP client's,
/// whatever it accepts. The paths of the metadata documents end in the same way and are not to be asked about.
///
/// `lambda/contract/browser-cases.json` has requests that this and [`BROWSER_REDIRECT`] agree about.
#[must_use]
pub fn opens_page(method: &str, path: &str, accept: Option<&str>, has_authorization: bool) -> bool {
    matches!(method, "GET" | "HEAD")
        && path.ends_with(MCP_PATH)
        && accept.is_some_and(|accept| accept.contains("text/html"))
        && !has_authorization
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_browser_that_opens_an_mcp_endpoint_is_told_from_every_other_client() {
        let cases: Vec<Value> =
            serde_json::from_str(include_str!("../browser-cases.json")).unwrap();
        assert!(!cases.is_empty());
        for case in cases {
            let text = |name: &str| case[name].as_str();
            let page = opens_page(
                text("method").unwrap(),
                text("path").unwrap(),
                text("accept"),
                case["token"] == true,
            );
            assert_eq!(case["page"], page, "{case}");
        }
        assert!(BROWSER_REDIRECT.contains(&format!("endsWith('{MCP_PATH}')")));
    }
}
