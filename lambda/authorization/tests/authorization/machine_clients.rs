//! Client credentials: passed through with the caller's own credentials.

use base64::{Engine, prelude::BASE64_STANDARD};

use crate::{
    cognito::{CLIENT_ID, MACHINE_ID, MACHINE_SECRET, claims},
    harness::{DOCUMENT, Harness, LOOPBACK, READ, RESOURCE, VERIFIER, error, json as body},
};

#[test]
fn a_machine_client_authenticates_with_basic_or_post() {
    let harness = Harness::new();
    let basic = format!(
        "Basic {}",
        BASE64_STANDARD.encode(format!("{MACHINE_ID}:{MACHINE_SECRET}"))
    );
    let grant = ("grant_type", "client_credentials");
    let by_basic = harness.form(
        "/token",
        &[grant, ("scope", READ), ("resource", RESOURCE)],
        &[("authorization", &basic)],
    );
    let by_post = harness.form(
        "/token",
        &[
            grant,
            ("client_id", MACHINE_ID),
            ("client_secret", MACHINE_SECRET),
        ],
        &[],
    );
    for answer in [by_basic, by_post] {
        assert_eq!(answer.status(), 200, "{}", answer.body());
        let token = body(&answer)["access_token"].as_str().unwrap().to_owned();
        assert_eq!(claims(&token)["client_id"], MACHINE_ID);
        assert_eq!(body(&answer)["scope"], claims(&token)["scope"]);
        assert!(
            body(&answer).get("refresh_token").is_none(),
            "RFC 6749 section 4.4.3"
        );
    }
    for sent in harness.cognito.bodies() {
        assert!(
            !sent.contains("resource"),
            "Cognito binds no resource for machines: {sent}"
        );
    }
}

#[test]
fn a_wrong_or_missing_secret_is_refused() {
    let harness = Harness::new();
    let form = |secret: Option<&'static str>| {
        let mut form = vec![
            ("grant_type", "client_credentials"),
            ("client_id", MACHINE_ID),
        ];
        form.extend(secret.map(|secret| ("client_secret", secret)));
        harness.form("/token", &form, &[])
    };
    assert_eq!(
        error(&form(Some("guess"))),
        (401, "invalid_client".to_owned())
    );
    assert_eq!(error(&form(None)), (401, "invalid_client".to_owned()));
}

#[test]
fn a_scope_that_is_not_ours_never_reaches_cognito() {
    let harness = Harness::new();
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", MACHINE_ID),
        ("client_secret", MACHINE_SECRET),
        ("scope", "https://other.example.com/mcp/read"),
    ];
    assert_eq!(
        error(&harness.form("/token", &form, &[])),
        (400, "invalid_scope".to_owned())
    );
    assert!(harness.cognito.bodies().is_empty());
}

#[test]
fn the_clients_of_people_have_no_machine_grant() {
    let harness = Harness::new();
    let registered = harness.registered("http://localhost/cb");
    for id in [registered.as_str(), DOCUMENT] {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", id),
            ("client_secret", "x"),
        ];
        assert_eq!(
            error(&harness.form("/token", &form, &[])),
            (400, "unauthorized_client".to_owned())
        );
    }
}

#[test]
fn our_secret_is_never_used_for_somebody_elses_request() {
    let harness = Harness::new();
    let form = |id: &'static str| {
        [
            ("grant_type", "client_credentials"),
            ("client_id", id),
            ("client_secret", "guess"),
        ]
    };
    assert_eq!(
        error(&harness.form("/token", &form(CLIENT_ID), &[])),
        (400, "unauthorized_client".to_owned())
    );
    let code = [
        ("grant_type", "authorization_code"),
        ("code", "upstream-code-1"),
        ("code_verifier", VERIFIER),
        ("redirect_uri", LOOPBACK),
        ("client_id", CLIENT_ID),
    ];
    assert_eq!(
        error(&harness.form("/token", &code, &[])),
        (401, "invalid_client".to_owned())
    );
    assert!(harness.cognito.bodies().is_empty());
}
