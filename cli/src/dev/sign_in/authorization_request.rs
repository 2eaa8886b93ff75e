//! The authorization request (RFC 6749 section 4.1.1) that the pages carry along in their query, as Cognito's do.
//! Nothing in it is secret: the code challenge is a digest, `state` is bound to the client's own session.

use url::{Origin, Url, form_urlencoded};

const PARAMETERS: [&str; 9] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    "nonce",
    "resource",
];

/// An authorization request that the emulator accepted a moment ago. It checks everything again when it issues a code.
#[derive(Debug, Clone)]
pub(crate) struct AuthorizationRequest {
    parameters: Vec<(&'static str, String)>,
}

impl AuthorizationRequest {
    /// The known parameters of `query`.
    pub(super) fn parse(query: &str) -> Self {
        let parameters = PARAMETERS
            .iter()
            .filter_map(|name| {
                let (_, value) =
                    form_urlencoded::parse(query.as_bytes()).find(|(known, _)| known == name)?;
                Some((*name, value.into_owned()))
            })
            .collect();
        Self { parameters }
    }

    pub(crate) fn get(&self, name: &str) -> &str {
        self.parameters
            .iter()
            .find(|(known, _)| *known == name)
            .map_or("", |(_, value)| value)
    }

    /// The request as a query, for links and form targets.
    pub(crate) fn query(&self) -> String {
        self.form([])
    }

    /// The request and `more` as a form body for the emulator.
    pub(crate) fn form<'a>(&self, more: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&self.parameters)
            .extend_pairs(more)
            .finish()
    }

    /// Where the browser may go after sign-in, as sources for Content-Security-Policy: browsers apply `form-action` to
    /// every redirect that follows a form, and the redirect URI's own server may redirect to any site.
    pub(crate) fn redirect_source(&self) -> Option<String> {
        let target = Url::parse(self.get("redirect_uri")).ok()?;
        Some(match target.origin() {
            Origin::Tuple(..) => "http: https:".to_owned(),
            Origin::Opaque(_) => format!("{}:", target.scheme()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carries_the_known_parameters_along_and_nothing_else() {
        let request = AuthorizationRequest::parse("client_id=a&password=b&state=x%20y&client_id=c");
        assert_eq!(request.query(), "client_id=a&state=x+y");
    }

    #[test]
    fn names_the_redirect_target_for_the_content_security_policy() {
        let source = |uri: &str| {
            AuthorizationRequest {
                parameters: vec![("redirect_uri", uri.to_owned())],
            }
            .redirect_source()
        };
        assert_eq!(
            source("http://localhost:8765/callback").as_deref(),
            Some("http: https:")
        );
        assert_eq!(source("cursor://mcp/callback").as_deref(), Some("cursor:"));
        assert_eq!(source("not a url"), None);
    }
}
