//! Codes at `/token`: each is for one client, one redirect URI and one verifier, once, for five minutes.

use crate::harness::{
    Browser, Client, DOCUMENT, Harness, LOOPBACK, READ, VERIFIER, claude_code_document, error,
    json as body, redirected_error,
};

/// RFC 6749 section 4.1.2: a code is used once. Ours carries Cognito's, which is redeemed once.
#[test]
fn replay_a_code_is_redeemed_once() {
    let harness = Harness::new();
    let client = harness.client();
    let code = harness.code(&mut Browser::default(), &client);
    assert_eq!(harness.redeem(&client, &code).status(), 200);
    assert_eq!(
        error(&harness.redeem(&client, &code)),
        (400, "invalid_grant".to_owned())
    );
}

#[test]
fn a_code_of_one_client_is_not_redeemed_by_another_or_with_another_redirect() {
    let harness = Harness::new();
    harness.publish(&claude_code_document());
    let client = harness.client();
    let code = harness.code(&mut Browser::default(), &client);
    for (id, redirect_uri) in [
        (DOCUMENT, LOOPBACK),
        (harness.registered(LOOPBACK).as_str(), LOOPBACK),
        (client.client_id.as_str(), "http://localhost:53683/callback"),
    ] {
        assert_eq!(
            error(&harness.redeem(&Client::new(id, redirect_uri), &code)),
            (400, "invalid_grant".to_owned())
        );
    }
    assert!(harness.cognito.bodies().is_empty());
}

#[test]
fn an_upstream_code_or_refresh_token_is_worth_nothing_here() {
    let harness = Harness::new();
    let client = harness.client();
    assert_eq!(
        error(&harness.redeem(&client, "upstream-code-1")),
        (400, "invalid_grant".to_owned())
    );
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", "upstream-refresh-1"),
        ("client_id", client.client_id.as_str()),
    ];
    assert_eq!(
        error(&harness.form("/token", &form, &[])),
        (400, "invalid_grant".to_owned())
    );
    assert!(harness.cognito.bodies().is_empty());
}

#[test]
fn a_code_expires_after_five_minutes() {
    let harness = Harness::new();
    let client = harness.client();
    let code = harness.code(&mut Browser::default(), &client);
    harness.pass(300);
    assert_eq!(
        error(&harness.redeem(&client, &code)),
        (400, "invalid_grant".to_owned())
    );
}

/// workers-oauth-provider: PKCE could be left out at the token endpoint.
#[test]
fn cve_2025_4144_a_code_is_never_redeemed_without_its_verifier_and_plain_is_refused() {
    let harness = Harness::new();
    let client = harness.client();
    for (name, value) in [
        ("code_challenge", None),
        ("code_challenge_method", None),
        ("code_challenge_method", Some("plain")),
        ("code_challenge_method", Some("s256")),
        ("code_challenge", Some("short")),
        ("code_challenge", Some(VERIFIER)),
    ] {
        let answer = harness.get(&client.but(name, value).authorize_url(), &[]);
        assert_eq!(
            redirected_error(&answer, &client),
            "invalid_request",
            "{name} {value:?}"
        );
    }
    let code = harness.code(&mut Browser::default(), &client);
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", LOOPBACK),
        ("client_id", client.client_id.as_str()),
    ];
    assert_eq!(
        error(&harness.form("/token", &form, &[])),
        (400, "invalid_request".to_owned())
    );
    for verifier in [
        "another-verifier-that-is-long-enough-to-be-accepted",
        "short",
        &"x".repeat(129),
        "has spaces in a verifier that is long enough for it",
    ] {
        let mut form = form.to_vec();
        form.push(("code_verifier", verifier));
        let (status, code) = error(&harness.form("/token", &form, &[]));
        assert!(
            status == 400 && (code == "invalid_grant" || code == "invalid_request"),
            "{verifier}: {code}"
        );
    }
    assert!(
        harness.cognito.bodies().is_empty(),
        "none of these reached Cognito"
    );
    assert_eq!(
        harness.redeem(&client, &code).status(),
        200,
        "and none of them used the code up"
    );
}

/// OAuth 2.1 took `redirect_uri` out of the token request (section 10.2): PKCE binds a code better. One that is sent counts.
#[test]
fn a_code_is_redeemed_without_a_redirect_uri_and_never_with_another() {
    let harness = Harness::new();
    let client = harness.client();
    let code = harness.code(&mut Browser::default(), &client);
    let redeem = |more: &[(&str, &str)]| {
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", client.client_id.as_str()),
            ("code", code.as_str()),
            ("code_verifier", VERIFIER),
        ];
        harness.form("/token", &[&form, more].concat(), &[])
    };
    for another in [
        "http://localhost:53683/callback",
        "http://localhost:53682/callback/",
        "http://127.0.0.1:53682/callback",
        "https://attacker.example/callback",
        "x",
    ] {
        let answer = redeem(&[("redirect_uri", another)]);
        assert_eq!(
            error(&answer),
            (400, "invalid_grant".to_owned()),
            "{another}"
        );
    }
    assert!(
        harness.cognito.bodies().is_empty(),
        "Cognito's code is not used up"
    );
    let answer = redeem(&[]);
    assert_eq!(answer.status(), 200, "{}", answer.body());
    assert_eq!(body(&answer)["scope"], READ);
}
