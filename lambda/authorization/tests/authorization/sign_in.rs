//! The whole way, for each kind of client.

use serde_json::json;

use crate::{
    cognito::parameters,
    harness::{
        Browser, Client, DOCUMENT, Harness, ISSUER, LOOPBACK, READ, RESOURCE, SEALING, VERIFIER,
        WRITE, arrival, assert_refused_on_a_page, claude_code_document, error, json as body,
        redirected_error, refresh_target, stored,
    },
};

#[test]
fn a_client_with_a_metadata_document_signs_in_from_any_loopback_port() {
    let harness = Harness::new();
    harness.publish(&claude_code_document());
    let tokens = harness.sign_in(&Client::new(DOCUMENT, LOOPBACK));
    assert!(
        tokens["access_token"].as_str().unwrap().starts_with("eyJ"),
        "Cognito's token, unchanged"
    );
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 3600);
    assert_eq!(tokens["scope"], READ);
    assert!(
        !tokens["refresh_token"]
            .as_str()
            .unwrap()
            .contains("upstream"),
        "Cognito's refresh token is never shown"
    );
    assert!(tokens.get("id_token").is_none());
}

#[test]
fn a_dynamically_registered_client_signs_in_and_refreshes() {
    let harness = Harness::new();
    let client = harness.client();
    let mut tokens = harness.sign_in(&client);
    for _ in 0..3 {
        let refreshed = harness.form(
            "/token",
            &[
                ("grant_type", "refresh_token"),
                ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
                ("client_id", &client.client_id),
                ("resource", RESOURCE),
            ],
            &[],
        );
        assert_eq!(refreshed.status(), 200, "{}", refreshed.body());
        let next = body(&refreshed);
        assert_ne!(
            next["refresh_token"], tokens["refresh_token"],
            "refresh tokens rotate"
        );
        assert_eq!(next["scope"], READ);
        tokens = next;
    }
}

#[test]
fn a_pre_registered_public_client_signs_in() {
    let clients = json!([{ "clientId": "desk", "clientName": "Desk", "redirectUris": ["http://127.0.0.1/cb", "desk://cb"] }]);
    let harness = Harness::with(&[("AUTHORIZATION_CLIENTS", &clients.to_string())]);
    harness.sign_in(&Client::new("desk", "http://127.0.0.1:8765/cb"));
    harness.sign_in(&Client::new("desk", "desk://cb"));
}

#[test]
fn a_pre_registered_confidential_client_needs_one_of_its_two_secrets() {
    let digest = |secret: &str| {
        mcp_lambda_authorization::Digest::of(secret.as_bytes())
            .bytes()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    let clients = json!([{ "clientId": "claude", "clientName": "Claude", "redirectUris": ["https://claude.ai/api/mcp/auth_callback"],
        "secretSha256": [digest("new secret"), digest("old secret")] }]);
    let harness = Harness::with(&[("AUTHORIZATION_CLIENTS", &clients.to_string())]);
    let client = Client::new("claude", "https://claude.ai/api/mcp/auth_callback");
    let redeem = |secret: Option<&str>| {
        let code = harness.code(&mut Browser::default(), &client);
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("code_verifier", VERIFIER),
            ("redirect_uri", &client.redirect_uri),
            ("client_id", &client.client_id),
        ];
        if let Some(secret) = secret {
            form.push(("client_secret", secret));
        }
        harness.form("/token", &form, &[])
    };
    assert_eq!(redeem(Some("new secret")).status(), 200);
    assert_eq!(redeem(Some("old secret")).status(), 200);
    for wrong in [None, Some("old secre"), Some("another")] {
        let answer = redeem(wrong);
        assert_eq!(error(&answer), (401, "invalid_client".to_owned()));
        assert!(answer.headers().contains_key("www-authenticate"));
    }
}

#[test]
fn a_client_of_2025_03_26_without_resource_and_scope_gets_everything_there_is() {
    let harness = Harness::new();
    let client = harness.client().but("resource", None).but("scope", None);
    assert_eq!(harness.sign_in(&client)["scope"], format!("{READ} {WRITE}"));
}

#[test]
fn scopes_that_general_clients_add_are_left_out_instead_of_failing_the_sign_in() {
    let harness = Harness::new();
    let client = harness
        .client()
        .but("scope", Some(&format!("openid offline_access {WRITE}")));
    assert_eq!(harness.sign_in(&client)["scope"], WRITE);
}

#[test]
fn an_id_token_that_was_asked_for_is_checked_against_its_nonce() {
    let scopes = json!([{ "name": READ, "description": "Read" }, { "name": "openid", "description": "Know who you are" }]);
    let harness = Harness::with(&[("AUTHORIZATION_SCOPES", &scopes.to_string())]);
    let client = harness
        .client()
        .but("scope", Some(&format!("{READ} openid")));
    let tokens = harness.sign_in(&client);
    assert_eq!(tokens["id_token"].as_str().unwrap().split('.').count(), 3);
    let code = harness.code(&mut Browser::default(), &client);
    harness.cognito.answer_with_foreign_nonce();
    assert_eq!(
        error(&harness.redeem(&client, &code)),
        (400, "invalid_grant".to_owned())
    );
}

#[test]
fn two_clients_in_two_tabs_of_one_browser_do_not_disturb_each_other() {
    let harness = Harness::new();
    harness.publish(&claude_code_document());
    let mut browser = Browser::default();
    let first = Client::new(DOCUMENT, LOOPBACK);
    let second = Client::new(
        &harness.registered("http://127.0.0.1:7000/cb"),
        "http://127.0.0.1:7000/cb",
    );
    let first_page = browser.get(&harness, &first.authorize_url());
    let second_page = browser.get(&harness, &second.authorize_url());
    let second_url = refresh_target(&browser.decide(&harness, &second_page, "allow"));
    let first_url = refresh_target(&browser.decide(&harness, &first_page, "allow"));
    for (url, client) in [(first_url, &first), (second_url, &second)] {
        let answer = browser.get(&harness, &harness.cognito.sign_in(&url));
        let location = arrival(&answer);
        let code = parameters(url::Url::parse(&location).unwrap().query().unwrap())["code"].clone();
        assert_eq!(harness.redeem(client, &code).status(), 200);
    }
    assert_eq!(
        browser.cookies.len(),
        1,
        "approvals are cleared, the browser's own cookie stays"
    );
}

#[test]
fn cancelling_on_the_page_tells_the_client_and_never_reaches_cognito() {
    let harness = Harness::new();
    let client = harness.client();
    let mut browser = Browser::default();
    let page = browser.get(&harness, &client.authorize_url());
    let answer = browser.decide(&harness, &page, "deny");
    let query = parameters(
        url::Url::parse(&refresh_target(&answer))
            .unwrap()
            .query()
            .unwrap(),
    );
    assert_eq!(
        (query["error"].as_str(), query["iss"].as_str()),
        ("access_denied", ISSUER)
    );
    assert!(harness.cognito.bodies().is_empty());
}

#[test]
fn a_sign_in_that_fails_at_cognito_is_told_to_the_client_without_cognitos_words() {
    let harness = Harness::new();
    let client = harness.client();
    for (upstream, ours) in [
        ("access_denied", "access_denied"),
        ("invalid_scope", "server_error"),
        ("x", "server_error"),
    ] {
        let mut browser = Browser::default();
        let url = harness.approve(&mut browser, &client);
        let answer = browser.get(&harness, &harness.cognito.fail_sign_in(&url, upstream));
        assert!(!arrival(&answer).contains("upstream"));
        assert_eq!(redirected_error(&answer, &client), ours);
    }
}

#[test]
fn a_rotated_sealing_secret_breaks_no_sign_in_in_progress() {
    let harness = Harness::new();
    let client = harness.client();
    let mut browser = Browser::default();
    let url = harness.approve(&mut browser, &client);
    let newer = "another sealing secret of more than thirty-two characters";
    *harness.store.0.lock().unwrap() = Ok(stored(newer, Some(SEALING)));
    harness.pass(6 * 60);
    let location = arrival(&browser.get(&harness, &harness.cognito.sign_in(&url)));
    let code = parameters(url::Url::parse(&location).unwrap().query().unwrap())["code"].clone();
    assert_eq!(harness.redeem(&client, &code).status(), 200);
}

#[test]
fn a_value_of_a_newer_secret_makes_a_warm_function_read_its_secrets_again() {
    let older = Harness::new();
    older.registered(LOOPBACK);
    older.pass(60);
    let newer_secret = "another sealing secret of more than thirty-two characters";
    let newer = Harness::new();
    *newer.store.0.lock().unwrap() = Ok(stored(newer_secret, Some(SEALING)));
    let client = newer.client();
    *older.store.0.lock().unwrap() = Ok(stored(newer_secret, Some(SEALING)));
    assert_eq!(older.get(&client.authorize_url(), &[]).status(), 200);
}

#[test]
fn secrets_that_cannot_be_read_again_are_used_on_for_an_hour_and_then_refused() {
    let harness = Harness::new();
    let client = harness.client();
    *harness.store.0.lock().unwrap() = Err(mcp_lambda_authorization::SecretsUnavailable("down"));
    harness.pass(30 * 60);
    assert_eq!(harness.get(&client.authorize_url(), &[]).status(), 200);
    harness.pass(60 * 60);
    assert_eq!(harness.get(&client.authorize_url(), &[]).status(), 503);
}

#[test]
fn two_hundred_sign_ins_in_flight_at_once_end_each_at_its_own_client() {
    let harness = Harness::new();
    harness.publish(&claude_code_document());
    let mut flights: Vec<(Client, Browser)> = (0..200)
        .map(|index| {
            let mut client = Client::new(
                DOCUMENT,
                &format!("http://localhost:{}/callback", 20_000 + index),
            );
            client.state = Some(format!("state-{index}"));
            (client, Browser::default())
        })
        .collect();
    let pages: Vec<_> = flights
        .iter_mut()
        .map(|(client, browser)| browser.get(&harness, &client.authorize_url()))
        .collect();
    let urls: Vec<_> = flights
        .iter_mut()
        .zip(&pages)
        .map(|((_, browser), page)| refresh_target(&browser.decide(&harness, page, "allow")))
        .collect();
    let callbacks: Vec<_> = urls
        .iter()
        .rev()
        .map(|url| harness.cognito.sign_in(url))
        .collect();
    for ((client, browser), callback) in flights.iter_mut().zip(callbacks.iter().rev()) {
        let location = arrival(&browser.get(&harness, callback));
        assert!(location.starts_with(&client.redirect_uri), "{location}");
        let query = parameters(url::Url::parse(&location).unwrap().query().unwrap());
        assert_eq!(query.get("state"), client.state.as_ref());
        assert_eq!(harness.redeem(client, &query["code"]).status(), 200);
    }
    assert_eq!(
        harness.hosts.connections.lock().unwrap().len(),
        1,
        "one fetch for all of them"
    );
}

#[test]
fn a_pre_registered_client_is_held_to_its_own_scopes() {
    let clients = json!([{ "clientId": "desk", "clientName": "Desk", "redirectUris": [LOOPBACK], "scopes": [READ] }]);
    let harness = Harness::with(&[("AUTHORIZATION_CLIENTS", &clients.to_string())]);
    let client = Client::new("desk", LOOPBACK);
    let answer = harness.get(&client.but("scope", Some(WRITE)).authorize_url(), &[]);
    assert_eq!(redirected_error(&answer, &client), "invalid_scope");
    assert_eq!(harness.sign_in(&client.but("scope", None))["scope"], READ);
}

/// TypeScript SDK: state of one client leaked to another through a reused object.
#[test]
fn cve_2026_25536_interleaved_sign_ins_of_two_people_share_nothing() {
    let harness = Harness::new();
    let (first, second) = (
        harness.client(),
        Client::new(
            &harness.registered("http://127.0.0.1:9/cb"),
            "http://127.0.0.1:9/cb",
        ),
    );
    let (mut ann, mut bob) = (Browser::default(), Browser::default());
    let ann_page = ann.get(&harness, &first.authorize_url());
    let bob_page = bob.get(&harness, &second.authorize_url());
    assert_refused_on_a_page(
        &bob.decide(&harness, &ann_page, "allow"),
        "ConsentOtherBrowser",
    );
    let ann_url = refresh_target(&ann.decide(&harness, &ann_page, "allow"));
    let bob_url = refresh_target(&bob.decide(&harness, &bob_page, "allow"));
    let (ann_callback, bob_callback) = (
        harness.cognito.sign_in(&ann_url),
        harness.cognito.sign_in(&bob_url),
    );
    assert_refused_on_a_page(&bob.get(&harness, &ann_callback), "TransactionOtherBrowser");
    assert!(arrival(&bob.get(&harness, &bob_callback)).starts_with("http://127.0.0.1:9/cb?"));
    assert!(
        arrival(&ann.get(&harness, &ann_callback)).starts_with("http://localhost:53682/callback?")
    );
}
