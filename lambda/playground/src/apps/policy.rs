//! What a browser lets a document of an MCP App reach.

use mcp_lambda_contract::AppCsp;

/// The policy of a document that says why there is none.
pub(crate) const REFUSED: &str = "sandbox; default-src 'none'; frame-ancestors 'self'";

/// What the headers of a document say.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FramePolicy {
    /// `Content-Security-Policy`.
    pub(crate) content_security_policy: String,
    /// `Connection-Allowlist`. Chromium obeys it, and does not know `webrtc` of the Content-Security-Policy.
    pub(crate) connection_allowlist: String,
}

/// The policy of a document whose server declares these origins.
pub(crate) fn frame_policy(csp: AppCsp) -> FramePolicy {
    let csp = csp.checked();
    FramePolicy {
        content_security_policy: content_security_policy(&csp),
        connection_allowlist: connection_allowlist(&csp),
    }
}

/// Every declared origin, and no WebRTC. Which one is for what, also after a redirect, is for the Content-Security-Policy to say.
fn connection_allowlist(csp: &AppCsp) -> String {
    let origins = csp.connect_domains.iter().chain(&csp.resource_domains);
    let origins = origins.chain(&csp.frame_domains);
    let quoted: Vec<String> = origins.map(|origin| format!("\"{origin}\"")).collect();
    format!("({});redirects=allow;webrtc=block", quoted.join(" "))
}

/// `sandbox` gives it an opaque origin: no cookies, no storage, no reach into the page, no form, no window and no navigation but its
/// own, which the page's `frame-src` keeps on this origin. There is no `'self'`: the document loads nothing from the playground.
fn content_security_policy(csp: &AppCsp) -> String {
    let with = |first: &str, origins: &[String]| {
        let listed: String = origins.iter().map(|origin| format!(" {origin}")).collect();
        format!("{first}{listed}")
    };
    let only = |origins: &[String]| {
        if origins.is_empty() {
            "'none'".to_owned()
        } else {
            origins.join(" ")
        }
    };
    let resources = &csp.resource_domains;
    [
        "sandbox allow-scripts".to_owned(),
        "default-src 'none'".to_owned(),
        format!("script-src {}", with("'unsafe-inline'", resources)),
        format!("style-src {}", with("'unsafe-inline'", resources)),
        format!("img-src {}", with("data:", resources)),
        format!("font-src {}", with("data:", resources)),
        format!("media-src {}", with("data:", resources)),
        format!("connect-src {}", only(&csp.connect_domains)),
        format!("frame-src {}", only(&csp.frame_domains)),
        format!("base-uri {}", only(&csp.base_uri_domains)),
        "form-action 'none'".to_owned(),
        "object-src 'none'".to_owned(),
        "webrtc 'block'".to_owned(),
        "frame-ancestors 'self'".to_owned(),
    ]
    .join("; ")
}

#[cfg(test)]
mod tests {
    use mcp_lambda_contract::AppCsp;

    use super::frame_policy;

    #[test]
    fn a_document_that_declares_nothing_reaches_nothing() {
        let policy = frame_policy(AppCsp::default());
        assert_eq!(
            policy.connection_allowlist,
            "();redirects=allow;webrtc=block"
        );
        assert_eq!(
            policy.content_security_policy,
            "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; \
             font-src data:; media-src data:; connect-src 'none'; frame-src 'none'; base-uri 'none'; form-action 'none'; \
             object-src 'none'; webrtc 'block'; frame-ancestors 'self'"
        );
    }

    #[test]
    fn declared_origins_are_allowed_where_they_belong_and_rules_are_not() {
        let origins = |list: &[&str]| list.iter().map(|each| (*each).to_owned()).collect();
        let policy = frame_policy(AppCsp {
            connect_domains: origins(&[
                "wss://live.example.com",
                "'self'",
                "https://a.example; sandbox",
            ]),
            resource_domains: origins(&["https://*.example.com", "*", "'unsafe-eval'"]),
            frame_domains: origins(&["https://maps.example.com"]),
            base_uri_domains: origins(&["https://base.example.com\n"]),
        });
        assert_eq!(
            policy.connection_allowlist,
            "(\"wss://live.example.com\" \"https://*.example.com\" \"https://maps.example.com\");redirects=allow;webrtc=block"
        );
        let policy = policy.content_security_policy;
        assert!(
            policy.contains("; script-src 'unsafe-inline' https://*.example.com; "),
            "{policy}"
        );
        assert!(
            policy.contains("; img-src data: https://*.example.com; "),
            "{policy}"
        );
        assert!(
            policy.contains("; connect-src wss://live.example.com; "),
            "{policy}"
        );
        assert!(
            policy.contains("; frame-src https://maps.example.com; "),
            "{policy}"
        );
        assert!(policy.contains("; base-uri 'none'; "), "{policy}");
        assert_eq!(policy.matches("sandbox").count(), 1, "{policy}");
    }
}
