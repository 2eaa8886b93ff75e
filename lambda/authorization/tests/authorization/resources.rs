//! `resource`: access tokens are for our MCP URL only.

use crate::{
    cognito::parameters,
    harness::{Browser, Harness, RESOURCE, error, redirected_error},
};

/// An authorization request with the attacker's wishes in an unverified parameter.
#[test]
fn resource_confusion_tokens_are_asked_for_our_resource_whatever_the_client_says() {
    let harness = Harness::new();
    let url = harness.approve(
        &mut Browser::default(),
        &harness.client().but("resource", None),
    );
    let query = parameters(url::Url::parse(&url).unwrap().query().unwrap());
    assert_eq!(query["resource"], RESOURCE);
}

/// FastMCP: `resource` was ignored, which gave tokens for another server.
#[test]
fn cve_2025_69196_a_resource_that_is_not_ours_is_refused_at_every_endpoint() {
    let harness = Harness::new();
    let client = harness.client();
    for foreign in [
        "https://other.example.com/mcp",
        "https://dogs.example.com/",
        "https://dogs.example.com/mcp/x",
        "http://dogs.example.com/mcp",
        "mcp",
    ] {
        let answer = harness.get(&client.but("resource", Some(foreign)).authorize_url(), &[]);
        assert_eq!(
            redirected_error(&answer, &client),
            "invalid_target",
            "{foreign}"
        );
        for grant in ["authorization_code", "refresh_token", "client_credentials"] {
            let form = [
                ("grant_type", grant),
                ("client_id", client.client_id.as_str()),
                ("resource", foreign),
            ];
            assert_eq!(
                error(&harness.form("/token", &form, &[])),
                (400, "invalid_target".to_owned()),
                "{grant} {foreign}"
            );
        }
    }
    let both = format!(
        "{}&resource=https%3A%2F%2Fother.example.com",
        client.authorize_url()
    );
    assert_eq!(
        redirected_error(&harness.get(&both, &[]), &client),
        "invalid_target"
    );
}

/// MCP, "Canonical Server URI": upper-case scheme and host are accepted for robustness; everything else is exact.
#[test]
fn our_resource_may_be_written_with_upper_case_scheme_and_host_or_a_slash_at_its_end() {
    let harness = Harness::new();
    let client = harness.client();
    for (resource, status) in [
        ("HTTPS://DOGS.example.com/mcp", 200),
        ("https://dogs.example.com/mcp/", 200),
        ("https://dogs.example.com/MCP", 302),
        ("https://dogs.example.com/mcp//", 302),
        ("https://dogs.example.com:443/mcp", 302),
        ("https://dogs.example.com./mcp", 302),
        ("https://dogs.example.com\u{2028}/mcp", 302),
    ] {
        let answer = harness.get(&client.but("resource", Some(resource)).authorize_url(), &[]);
        assert_eq!(answer.status(), status, "{resource}");
    }
}
