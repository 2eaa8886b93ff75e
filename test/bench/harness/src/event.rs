use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The public URL of the benchmark's servers, which is also what their OAuth scopes begin with.
pub const RESOURCE: &str = "https://mcp.example.com/mcp";
/// The issuer in the claims.
pub const ISSUER: &str = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Example00";

/// The revision of the protocol that the client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Revision {
    /// The one with `initialize`; the session is left out, as any instance may answer.
    #[serde(rename = "2025-11-25")]
    Initialized,
    /// The one without a handshake.
    #[serde(rename = "2026-07-28")]
    Stateless,
}

impl Revision {
    fn date(self) -> &'static str {
        match self {
            Revision::Initialized => "2025-11-25",
            Revision::Stateless => "2026-07-28",
        }
    }

    /// The first request of a client, as a method and its parameters.
    pub(crate) fn opening(self) -> (&'static str, Value) {
        match self {
            Revision::Initialized => (
                "initialize",
                json!({ "protocolVersion": self.date(), "capabilities": {}, "clientInfo": client() }),
            ),
            Revision::Stateless => ("server/discover", json!({})),
        }
    }
}

fn client() -> Value {
    json!({ "name": "benchmark", "version": "1.0.0" })
}

/// A JSON-RPC request as an event of a REST API's proxy integration, with the claims that a Cognito authorizer leaves.
pub(crate) fn mcp_event(revision: Revision, id: u64, method: &str, mut params: Value) -> Vec<u8> {
    let mut headers = vec![
        ("Content-Type", "application/json"),
        ("Accept", "application/json, text/event-stream"),
        ("MCP-Protocol-Version", revision.date()),
    ];
    if revision == Revision::Stateless {
        // What this revision asks of every request: the envelope in the body, and its mirror in the headers.
        params["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!(revision.date());
        params["_meta"]["io.modelcontextprotocol/clientInfo"] = client();
        params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = json!({});
        headers.push(("Mcp-Method", method));
    }
    let name = params["name"].as_str().map(str::to_owned);
    if let (Revision::Stateless, Some(name)) = (revision, &name) {
        headers.push(("Mcp-Name", name));
    }
    let message = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
    event("POST", "/mcp", &headers, Some(message.to_string()))
}

/// A request without a body and without a caller.
pub(crate) fn get_event(path: &str) -> Vec<u8> {
    event("GET", path, &[("Accept", "application/json")], None)
}

fn event(method: &str, path: &str, special: &[(&str, &str)], body: Option<String>) -> Vec<u8> {
    // What CloudFront and the gateway add to every request.
    let common = [
        ("Host", "mcp.example.com"),
        ("User-Agent", "benchmark/1.0.0"),
        ("Accept-Encoding", "gzip, deflate, br"),
        ("Via", "2.0 0123456789abcdef.cloudfront.net (CloudFront)"),
        (
            "X-Amz-Cf-Id",
            "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRST",
        ),
        (
            "X-Amzn-Trace-Id",
            "Root=1-00000000-000000000000000000000000",
        ),
        ("X-Forwarded-For", "192.0.2.1, 198.51.100.1"),
        ("X-Forwarded-Port", "443"),
        ("X-Forwarded-Proto", "https"),
    ];
    let headers = || common.iter().chain(special);
    let single: Map<String, Value> = headers()
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect();
    let multiple: Map<String, Value> = headers()
        .map(|(name, value)| ((*name).to_owned(), json!([value])))
        .collect();
    json!({
        "resource": path,
        "path": path,
        "httpMethod": method,
        "headers": single,
        "multiValueHeaders": multiple,
        "queryStringParameters": null,
        "multiValueQueryStringParameters": null,
        "pathParameters": null,
        "stageVariables": null,
        "requestContext": {
            "resourceId": "abc123",
            "authorizer": {
                "claims": {
                    "sub": "11111111-2222-4333-8444-555555555555",
                    "client_id": "0123456789abcdefghijklmnop",
                    "token_use": "access",
                    "scope": format!("{RESOURCE}/greet {RESOURCE}/report"),
                    "iss": ISSUER,
                    "username": "11111111-2222-4333-8444-555555555555",
                    "auth_time": "1900000000",
                    "iat": "Tue Jan 01 00:00:00 UTC 2030",
                    "exp": "4102444800"
                }
            },
            "resourcePath": path,
            "httpMethod": method,
            "extendedRequestId": "AbCdEfGhIjKlMnO=",
            "requestTime": "01/Jan/2030:00:00:00 +0000",
            "path": format!("/mcp{path}"),
            "accountId": "000000000000",
            "protocol": "HTTP/1.1",
            "stage": "mcp",
            "domainPrefix": "abcdef",
            "requestTimeEpoch": 1_893_456_000_000_u64,
            "requestId": "00000000-0000-0000-0000-000000000000",
            "identity": { "sourceIp": "192.0.2.1", "userAgent": "benchmark/1.0.0" },
            "domainName": "abcdef.execute-api.us-east-1.amazonaws.com",
            "apiId": "abcdef"
        },
        "body": body,
        "isBase64Encoded": false
    })
    .to_string()
    .into_bytes()
}
