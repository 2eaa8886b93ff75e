//! Redirect URIs: reading, matching, listing.

use mcp_lambda_authorization::{CallbackRule, RedirectProblem, RedirectUri};
use proptest::prelude::*;

use crate::harness::{
    Client, DOCUMENT, Harness, assert_refused_on_a_page, claude_code_document, json as body,
};

#[test]
fn a_loopback_redirect_matches_on_any_port_and_nothing_else_differs() {
    let matches = |registered: &str, requested: &str| {
        RedirectUri::parse(registered)
            .unwrap()
            .matches(&RedirectUri::parse(requested).unwrap())
    };
    assert!(matches(
        "http://localhost/callback",
        "http://localhost:49152/callback"
    ));
    assert!(matches(
        "http://127.0.0.1:1/callback",
        "http://127.0.0.1:65535/callback"
    ));
    assert!(matches("http://[::1]/cb?x=1", "http://[::1]:8080/cb?x=1"));
    assert!(matches("http://localhost", "http://localhost:3000"));
    for host in ["127.0.0.1", "localhost", "[::1]"] {
        for (registered, requested) in [
            (":5555", ":80"),
            (":80", ":5555"),
            (":80", ""),
            ("", ":80"),
            (":80", ":80"),
            (":5555", ""),
        ] {
            let uri = |port| format!("http://{host}{port}/callback");
            assert!(
                matches(&uri(registered), &uri(requested)),
                "{host} {registered} {requested}"
            );
        }
    }
    assert!(!matches(
        "http://127.0.0.1:5555/callback",
        "http://127.0.0.1:80/other"
    ));
    assert!(!matches(
        "http://localhost/callback",
        "http://127.0.0.1/callback"
    ));
    assert!(!matches(
        "http://localhost/callback",
        "http://localhost/callback/"
    ));
    assert!(!matches(
        "http://localhost/callback",
        "http://localhost/callback?x=1"
    ));
    assert!(
        !matches("https://claude.ai/cb", "https://claude.ai:8443/cb"),
        "https has no port rule"
    );
    assert!(!matches("https://claude.ai/cb", "http://localhost/cb"));
    assert!(!matches("app://host:1/cb", "app://host:2/cb"));
}

#[test]
fn each_unreadable_form_has_its_own_reason() {
    for (text, problem) in [
        ("http://example.com/cb", RedirectProblem::HttpNotLoopback),
        ("https://example.com/cb#x", RedirectProblem::Fragment),
        ("https://user@example.com/cb", RedirectProblem::Userinfo),
        ("https://@example.com/cb", RedirectProblem::Userinfo),
        ("javascript:alert(1)", RedirectProblem::ForbiddenScheme),
        ("file:///etc/passwd", RedirectProblem::ForbiddenScheme),
        ("https://EXAMPLE.com/cb", RedirectProblem::NotCanonical),
        ("https://example.com:443/cb", RedirectProblem::NotCanonical),
        (
            "https://example.com/a/%2E%2E/cb",
            RedirectProblem::NotCanonical,
        ),
        ("https://example.com/a%2fb", RedirectProblem::NotCanonical),
        ("https://example.com/a%2eb", RedirectProblem::NotCanonical),
        ("https://example.com./cb", RedirectProblem::NotCanonical),
        ("https://exämple.com/cb", RedirectProblem::NotCanonical),
        ("https:/example.com/cb", RedirectProblem::NotCanonical),
        ("/cb", RedirectProblem::NotCanonical),
        ("http://127.0.0.1:080/cb", RedirectProblem::NotCanonical),
        ("http://127.0.0.1:/cb", RedirectProblem::NotCanonical),
        ("http://LOCALHOST:80/cb", RedirectProblem::NotCanonical),
        ("http://localhost:80/a/../cb", RedirectProblem::NotCanonical),
    ] {
        assert_eq!(RedirectUri::parse(text).unwrap_err(), problem, "{text}");
    }
    assert_eq!(
        RedirectUri::parse(&format!("https://example.com/{}", "x".repeat(512))).unwrap_err(),
        RedirectProblem::TooLong
    );
}

/// RFC 8252 section 7.3: any port, also the one that URL parsers drop. The code goes to the URI as it was written.
#[test]
fn port_80_of_loopback_is_a_port_like_any_other() {
    let harness = Harness::new();
    let registered = harness.registered("http://127.0.0.1:5555/callback");
    for uri in [
        "http://127.0.0.1:80/callback",
        "http://127.0.0.1/callback",
        "http://127.0.0.1:65535/callback",
    ] {
        harness.sign_in(&Client::new(&registered, uri));
    }
    let other = Client::new(&registered, "http://localhost:80/callback");
    assert_refused_on_a_page(
        &harness.get(&other.authorize_url(), &[]),
        "RedirectNotRegistered",
    );
}

/// RFC 6749 section 3.1.2.3.
#[test]
fn a_request_without_redirect_uri_goes_to_the_only_one_that_is_registered() {
    let harness = Harness::new();
    let with = |uris: &[&str]| {
        let answer = harness.register(&serde_json::json!({ "redirect_uris": uris }));
        body(&answer)["client_id"].as_str().unwrap().to_owned()
    };
    for uri in [
        "http://127.0.0.1:5555/callback",
        "http://localhost:80/callback",
        "https://claude.ai/api/mcp/auth_callback",
    ] {
        let client = Client::new(&with(&[uri]), uri);
        harness.sign_in(&client.but("redirect_uri", None));
        harness.sign_in(&client.but("redirect_uri", Some("")));
    }
    let loopback = "http://127.0.0.1:5555/callback";
    for uris in [
        &["http://127.0.0.1/callback"][..],
        &["http://localhost"],
        &[loopback, "https://claude.ai/api/mcp/auth_callback"],
    ] {
        let client = Client::new(&with(uris), loopback).but("redirect_uri", None);
        let page = harness.get(&client.authorize_url(), &[]);
        assert_refused_on_a_page(&page, "RedirectMissing");
        assert!(page.body().contains("redirect_uri"), "{}", page.body());
    }
}

#[test]
fn the_only_redirect_of_a_document_must_be_listed_as_well() {
    let harness = Harness::new();
    let mut document = claude_code_document();
    document["redirect_uris"] = serde_json::json!(["https://attacker.example/callback"]);
    harness.publish(&document);
    let client = Client::new(DOCUMENT, "").but("redirect_uri", None);
    assert_refused_on_a_page(
        &harness.get(&client.authorize_url(), &[]),
        "RedirectRefused",
    );
}

#[test]
fn a_callback_rule_is_a_uri_a_uri_with_one_open_segment_or_a_host() {
    assert_eq!(
        CallbackRule::parse("https://a.example.com/cb"),
        Some(CallbackRule::Exact("https://a.example.com/cb".into()))
    );
    assert_eq!(
        CallbackRule::parse("https://a.example.com/cb/*"),
        Some(CallbackRule::OneSegment("https://a.example.com/cb/".into()))
    );
    assert_eq!(
        CallbackRule::parse("a.example.com"),
        Some(CallbackRule::Host("a.example.com".into()))
    );
    for bad in [
        "*",
        "*.example.com",
        "https://*/cb",
        "http://example.com/cb",
        "example",
        "a.example.com:8443",
        "a.example.com/cb",
        "user@a.example.com",
    ] {
        assert_eq!(CallbackRule::parse(bad), None, "{bad}");
    }
}

#[test]
fn listed_hosts_and_schemes_are_used_instead_of_the_known_clients() {
    let harness = Harness::with(&[
        (
            "AUTHORIZATION_REDIRECT_HOSTS",
            "tools.example.org, https://chat.example.net/oauth/*",
        ),
        ("AUTHORIZATION_CUSTOM_SCHEMES", "cursor"),
    ]);
    for uri in [
        "https://tools.example.org/any/path",
        "https://chat.example.net/oauth/abc-1",
        "cursor://anysphere.cursor-mcp/oauth/callback",
    ] {
        harness.sign_in(&Client::new(&harness.registered(uri), uri));
    }
    for uri in [
        "https://claude.ai/api/mcp/auth_callback",
        "https://tools.example.org:8443/cb",
        "vscode://x/cb",
    ] {
        assert_eq!(
            harness
                .register(&serde_json::json!({ "redirect_uris": [uri] }))
                .status(),
            400,
            "{uri}"
        );
    }
}

/// workers-oauth-provider: `redirect_uri` was not validated at the authorization endpoint.
#[test]
fn cve_2025_4143_a_redirect_that_was_not_registered_is_refused_before_any_redirect() {
    let harness = Harness::new();
    let client = harness.client();
    for variant in [
        "https://evil.example/callback",
        "http://localhost:53682/callback/extra",
        "http://localhost:53682/callbac",
        "http://localhost:53682/Callback",
        "HTTP://localhost:53682/callback",
        "http://LOCALHOST:53682/callback",
        "http://localhost.:53682/callback",
        "http://localhost.evil.example:53682/callback",
        "http://evil.example@localhost:53682/callback",
        "http://localhost@evil.example/callback",
        "http://localhost:53682@evil.example/callback",
        "http://localhost:53682/callback#fragment",
        "http://localhost:53682/callback?extra=1",
        "http://localhost:53682/x/../callback",
        "http://localhost:53682/%63allback",
        "http://localhost:53682/x/%2e%2e/callback",
        "http://localhost:53682\\callback",
        "http://localhost:53682/callback ",
        "http://localhost:53682/callback\n",
        "http://127.0.0.1:53682/callback",
        "http://[::1]:53682/callback",
        "http://[::ffff:127.0.0.1]:53682/callback",
        "http://2130706433:53682/callback",
        "http://0x7f.1:53682/callback",
        "https://localhost:53682/callback",
        "//localhost:53682/callback",
        "javascript:alert(1)",
        "data:text/html,x",
    ] {
        let answer = harness.get(
            &client.but("redirect_uri", Some(variant)).authorize_url(),
            &[],
        );
        assert!(
            answer.status().is_client_error(),
            "{variant}: {}",
            answer.status()
        );
        assert!(!answer.headers().contains_key("location"), "{variant}");
        assert!(
            !answer.body().contains("evil.example"),
            "{variant}: nothing of it is shown as a link"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn whatever_is_read_is_followed_exactly_as_it_was_written(text in "(https?|app)://[a-zA-Z0-9.:@%\\[\\]/?&=_-]{1,40}") {
        if let Ok(uri) = RedirectUri::parse(&text) {
            let followed: String = uri.with_parameters(&[("code", "c")]);
            prop_assert!(followed.starts_with(text.trim_end_matches(['/', '?'])), "{} became {}", text, followed);
            let host = url::Url::parse(&followed).unwrap();
            prop_assert!(host.username().is_empty());
        }
    }

    #[test]
    fn a_registered_uri_never_matches_one_of_another_host(one in "[a-z]{1,8}\\.[a-z]{2,5}", other in "[a-z]{1,8}\\.[a-z]{2,5}") {
        prop_assume!(one != other);
        let registered = RedirectUri::parse(&format!("https://{one}/cb")).unwrap();
        let requested = RedirectUri::parse(&format!("https://{other}/cb")).unwrap();
        prop_assert!(!registered.matches(&requested));
    }
}
