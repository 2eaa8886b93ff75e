//! Clients that the settings do not let in any more: what was handed out before ends with them.

use mcp_lambda_authorization::{Digest, Response, Settings};
use serde_json::{Value, json};

use crate::{
    cognito::{MACHINE_ID, MACHINE_SECRET},
    harness::{
        Browser, Client, DOCUMENT, Harness, LOOPBACK, READ, WRITE, assert_refused_on_a_page,
        claude_code_document, error, json as body, variables,
    },
};

const DESK: &str = r#"[{"clientId":"desk","clientName":"Desk","redirectUris":["http://localhost:53682/callback"]}]"#;
const DAY: u64 = 24 * 60 * 60;

/// One deployment before and after a change of its settings.
fn harness(changes: &[(&str, &str)]) -> Harness {
    let harness = Harness::with(&[&[("AUTHORIZATION_CLIENTS", DESK)], changes].concat());
    harness.publish(&claude_code_document());
    harness
}

fn refresh(harness: &Harness, client: &Client, tokens: &Value) -> Response {
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
        ("client_id", client.client_id.as_str()),
    ];
    harness.form("/token", &form, &[])
}

fn revoke(harness: &Harness, client: &Client, tokens: &Value) -> Response {
    let form = [
        ("token", tokens["refresh_token"].as_str().unwrap()),
        ("client_id", client.client_id.as_str()),
    ];
    harness.form("/revoke", &form, &[])
}

/// Nothing for this client at `/authorize`, for its code and for its refresh token; and it can still revoke what it has.
fn assert_ended(before: &Harness, changes: &[(&str, &str)], client: &Client, name: &str) {
    let code = before.code(&mut Browser::default(), client);
    let tokens = before.sign_in(client);
    let after = harness(changes);
    assert_refused_on_a_page(&after.get(&client.authorize_url(), &[]), name);
    for answer in [
        after.redeem(client, &code),
        refresh(&after, client, &tokens),
    ] {
        assert_eq!(error(&answer), (401, "invalid_client".to_owned()), "{name}");
    }
    let log = after.log.0.lock().unwrap().join("\n");
    assert_eq!(
        log.matches(&format!(r#""failure":"{name}""#)).count(),
        3,
        "{log}"
    );
    assert!(after.cognito.bodies().is_empty(), "Cognito is not asked");
    assert_eq!(revoke(&after, client, &tokens).status(), 200);
    assert_eq!(after.cognito.revoked(), 1, "{name}");
}

fn hex(client_id: &str) -> String {
    Digest::of(client_id.as_bytes()).to_hex()
}

#[test]
fn switching_registration_off_ends_the_clients_that_have_registered() {
    let before = harness(&[]);
    let client = before.client();
    let off = [("AUTHORIZATION_REGISTRATION", "false")];
    assert_ended(&before, &off, &client, "RegisteredClientsOff");
    for other in [
        Client::new("desk", LOOPBACK),
        Client::new(DOCUMENT, LOOPBACK),
    ] {
        assert_eq!(harness(&off).get(&other.authorize_url(), &[]).status(), 200);
    }
}

#[test]
fn switching_client_documents_off_ends_the_clients_that_have_one() {
    let before = harness(&[]);
    let off = [("AUTHORIZATION_CLIENT_DOCUMENTS", "false")];
    assert_ended(
        &before,
        &off,
        &Client::new(DOCUMENT, LOOPBACK),
        "ClientDocumentsOff",
    );
    let registered = before.client();
    assert_eq!(
        harness(&off).get(&registered.authorize_url(), &[]).status(),
        200
    );
}

#[test]
fn a_shorter_lifetime_ends_earlier_registrations() {
    let before = harness(&[]);
    let client = before.client();
    let code = before.code(&mut Browser::default(), &client);
    let tokens = before.sign_in(&client);
    let after = harness(&[("AUTHORIZATION_REGISTRATION_DAYS", "2")]);
    after.pass(DAY);
    assert_eq!(after.get(&client.authorize_url(), &[]).status(), 200);
    after.pass(DAY);
    assert_refused_on_a_page(&after.get(&client.authorize_url(), &[]), "ClientExpired");
    for answer in [
        after.redeem(&client, &code),
        refresh(&after, &client, &tokens),
    ] {
        assert_eq!(error(&answer), (401, "invalid_client".to_owned()));
    }
    assert_eq!(revoke(&after, &client, &tokens).status(), 200);
    assert_eq!(after.cognito.revoked(), 1, "an expired client can revoke");
}

#[test]
fn a_longer_lifetime_does_not_bring_an_expired_registration_back() {
    let before = harness(&[("AUTHORIZATION_REGISTRATION_DAYS", "1")]);
    let client = before.client();
    let after = harness(&[("AUTHORIZATION_REGISTRATION_DAYS", "90")]);
    after.pass(DAY);
    assert_refused_on_a_page(&after.get(&client.authorize_url(), &[]), "ClientExpired");
}

#[test]
fn a_shorter_lifetime_ends_earlier_sign_ins_and_a_refresh_does_not_prolong_one() {
    let before = harness(&[]);
    let client = Client::new("desk", LOOPBACK);
    let tokens = before.sign_in(&client);
    let after = harness(&[("AUTHORIZATION_REFRESH_TOKEN_DAYS", "2")]);
    after.pass(2 * DAY);
    let refused = (400, "invalid_grant".to_owned());
    assert_eq!(error(&refresh(&after, &client, &tokens)), refused);
    assert!(after.cognito.bodies().is_empty());
    before.pass(29 * DAY);
    let refreshed = body(&refresh(&before, &client, &tokens));
    before.pass(DAY);
    assert_eq!(error(&refresh(&before, &client, &refreshed)), refused);
}

#[test]
fn a_client_that_loses_a_scope_loses_the_sign_ins_that_have_it() {
    let before = harness(&[]);
    let [both, read] = [format!("{READ} {WRITE}"), READ.to_owned()]
        .map(|scope| Client::new("desk", LOOPBACK).but("scope", Some(&scope)));
    let limited = DESK.replace("}]", &format!(r#","scopes":["{READ}"]}}]"#));
    let after = harness(&[("AUTHORIZATION_CLIENTS", limited.as_str())]);
    let code = before.code(&mut Browser::default(), &both);
    let tokens = before.sign_in(&both);
    for answer in [after.redeem(&both, &code), refresh(&after, &both, &tokens)] {
        assert_eq!(error(&answer), (400, "invalid_grant".to_owned()));
    }
    assert!(after.cognito.bodies().is_empty(), "Cognito is not asked");
    let tokens = after.sign_in(&read);
    assert_eq!(refresh(&after, &read, &tokens).status(), 200);
}

#[test]
fn a_client_is_refused_by_its_id_its_host_or_its_digest() {
    let before = harness(&[]);
    let registered = before.client();
    let (desk, document) = (
        Client::new("desk", LOOPBACK),
        Client::new(DOCUMENT, LOOPBACK),
    );
    let entries = [
        (&desk, "desk".to_owned()),
        (&desk, hex("desk")),
        (&document, DOCUMENT.to_owned()),
        (&document, "claude.ai".to_owned()),
        (&document, hex(DOCUMENT)),
        (&registered, registered.client_id.clone()),
        (
            &registered,
            format!("example.com, {}", hex(&registered.client_id)),
        ),
    ];
    for (client, entry) in entries {
        let refused = [("AUTHORIZATION_REFUSED_CLIENTS", entry.as_str())];
        assert_ended(&before, &refused, client, "ClientRefused");
    }
}

#[test]
fn no_other_client_is_refused_with_it() {
    let before = harness(&[]);
    let registered = before.client();
    let again = before.client();
    let entries = format!("desk,ai,oauth.claude.ai,{}", hex(&registered.client_id));
    // A host is one name and no suffix.
    let entries = entries.replace(",ai,", ",cloud.claude.ai,");
    let after = harness(&[("AUTHORIZATION_REFUSED_CLIENTS", &entries)]);
    for client in [&again, &Client::new(DOCUMENT, LOOPBACK)] {
        assert_eq!(after.get(&client.authorize_url(), &[]).status(), 200);
    }
}

#[test]
fn a_program_is_refused_by_the_digest_of_its_app_client() {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", MACHINE_ID),
        ("client_secret", MACHINE_SECRET),
    ];
    assert_eq!(harness(&[]).form("/token", &form, &[]).status(), 200);
    let after = harness(&[("AUTHORIZATION_REFUSED_CLIENTS", &hex(MACHINE_ID))]);
    let answer = after.form("/token", &form, &[]);
    assert_eq!(error(&answer), (401, "invalid_client".to_owned()));
    assert!(after.cognito.bodies().is_empty());
}

#[test]
fn an_entry_that_matches_no_client_is_a_wrong_setting() {
    for entry in [
        "unknown",
        "Claude.ai",
        "*.claude.ai",
        "localhost",
        "http://claude.ai/oauth/client",
        "https://claude.ai/",
        "https://claude.ai",
        "ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789",
        "abcdef0123456789",
    ] {
        let mut variables = variables();
        variables.insert("AUTHORIZATION_REFUSED_CLIENTS".to_owned(), entry.to_owned());
        let problems = Settings::from_variables(variables).unwrap_err().to_string();
        assert_eq!(
            problems,
            format!(
                "environment variables cannot be used: AUTHORIZATION_REFUSED_CLIENTS '{entry}' matches no client: use the id of a client of AUTHORIZATION_CLIENTS, the https URL or the host of a metadata document, a client_id that begins with mcp-client-, or the 64 hexadecimal characters of client_digest in the log"
            )
        );
    }
}

#[test]
fn the_log_names_each_client_by_kind_digest_and_host() {
    let harness = harness(&[]);
    let registered = harness.client();
    for (client, kind, host) in [
        (Client::new("desk", LOOPBACK), "preRegistered", Value::Null),
        (
            Client::new(DOCUMENT, LOOPBACK),
            "metadataDocument",
            json!("claude.ai"),
        ),
        (registered, "registered", Value::Null),
    ] {
        let tokens = harness.sign_in(&client);
        refresh(&harness, &client, &tokens);
        revoke(&harness, &client, &tokens);
        let lines: Vec<Value> = harness
            .log
            .0
            .lock()
            .unwrap()
            .iter()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let of_client: Vec<&Value> = lines
            .iter()
            .filter(|line| line["client_digest"] == hex(&client.client_id))
            .collect();
        let endpoints: Vec<&str> = of_client
            .iter()
            .map(|line| line["endpoint"].as_str().unwrap())
            .collect();
        let expected = ["authorize", "token", "token", "revoke"];
        assert!(endpoints.ends_with(&expected), "{endpoints:?}");
        for line in of_client {
            assert_eq!(line["client_registration"], kind);
            assert_eq!(line["client_host"], host, "{line}");
        }
    }
    let log = harness.log.0.lock().unwrap().join("\n");
    assert!(log.contains(r#""endpoint":"register","status":201,"client_registration":"registered","client_digest":""#), "{log}");
}

#[test]
fn a_client_that_is_not_known_here_leaves_no_digest_of_what_was_typed() {
    let harness = harness(&[]);
    harness.form(
        "/token",
        &[("grant_type", "refresh_token"), ("client_id", "a password")],
        &[],
    );
    harness.form(
        "/token",
        &[
            ("grant_type", "client_credentials"),
            ("client_id", "a"),
            ("client_secret", "b"),
        ],
        &[],
    );
    harness.get("/authorize?client_id=a+password", &[]);
    let log = harness.log.0.lock().unwrap().join("\n");
    assert_eq!(log.lines().count(), 3);
    assert!(!log.contains("client_digest"), "{log}");
}
