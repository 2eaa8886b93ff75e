//! The log: one line per request, without a secret and without what a caller sent.

use crate::{
    cognito::{CLIENT_SECRET, MACHINE_SECRET},
    harness::{Browser, Harness, SEALING, VERIFIER, json as body},
};

/// What is refused is not logged: neither codes and tokens of others nor what somebody typed into the wrong field.
#[test]
fn log_leakage_a_refused_request_leaves_nothing_of_itself_in_the_log() {
    let harness = Harness::new();
    let client = harness.client();
    let secret = "s3cret-value-that-must-not-be-kept-anywhere-0123456789";
    for (path, form) in [
        (
            "/token",
            vec![("grant_type", secret), ("client_id", secret)],
        ),
        (
            "/token",
            vec![
                ("grant_type", "authorization_code"),
                ("client_id", secret),
                ("code", secret),
            ],
        ),
        (
            "/token",
            vec![
                ("grant_type", "authorization_code"),
                ("client_id", &client.client_id),
                ("client_secret", secret),
            ],
        ),
        (
            "/token",
            vec![
                ("grant_type", "client_credentials"),
                ("client_id", secret),
                ("client_secret", secret),
                ("scope", secret),
            ],
        ),
        (
            "/token",
            vec![
                ("grant_type", "client_credentials"),
                ("client_id", secret),
                ("client_secret", secret),
            ],
        ),
        ("/revoke", vec![("token", secret), ("client_id", secret)]),
        ("/consent", vec![("request", secret), ("decision", secret)]),
        (secret, vec![]),
    ] {
        harness.form(
            path,
            &form,
            &[
                ("authorization", "Bearer s3cret-value"),
                ("cookie", "a=s3cret-value"),
            ],
        );
    }
    for (name, value) in [
        ("state", secret),
        ("scope", secret),
        ("resource", secret),
        ("redirect_uri", secret),
        ("client_id", secret),
        ("nonce", secret),
        (secret, "x"),
    ] {
        harness.get(
            &format!(
                "/authorize?{}",
                form_urlencoded::Serializer::new(String::new())
                    .append_pair("client_id", &client.client_id)
                    .append_pair(name, value)
                    .finish()
            ),
            &[],
        );
    }
    harness.get(
        &format!("/callback?code={secret}&state={secret}&error={secret}"),
        &[],
    );
    harness.register(&serde_json::json!({ "redirect_uris": [secret], "client_name": secret }));
    let log = harness.log.0.lock().unwrap().join("\n");
    assert!(log.lines().count() > 15, "{log}");
    assert!(!log.contains("s3cret"), "{log}");
}

#[test]
fn no_log_line_and_no_debug_output_contains_a_code_token_secret_or_state() {
    let harness = Harness::new();
    let client = harness.client();
    let mut browser = Browser::default();
    let code = harness.code(&mut browser, &client);
    let tokens = body(&harness.redeem(&client, &code));
    harness.redeem(&client, &code);
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    harness.form(
        "/revoke",
        &[("token", refresh_token), ("client_id", &client.client_id)],
        &[],
    );
    harness.form(
        "/token",
        &[
            ("grant_type", "client_credentials"),
            ("client_id", "m"),
            ("client_secret", MACHINE_SECRET),
        ],
        &[],
    );
    let log = harness.log.0.lock().unwrap().join("\n");
    let debug = format!("{:?}", harness.server.settings());
    let cookie = browser.cookies.values().next().unwrap();
    for secret in [
        code.as_str(),
        refresh_token,
        tokens["access_token"].as_str().unwrap(),
        &client.client_id,
        VERIFIER,
        MACHINE_SECRET,
        CLIENT_SECRET,
        SEALING,
        cookie,
        "upstream-",
        "the-state-of-the-client",
    ] {
        assert!(!log.contains(secret), "{log}");
        assert!(!debug.contains(secret));
    }
    assert_eq!(log.lines().count(), 8, "one line per request\n{log}");
    assert!(
        log.contains(r#""endpoint":"token","status":400,"failure":"UpstreamRefusedGrant""#),
        "{log}"
    );
}
