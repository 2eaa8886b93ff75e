//! The pitfalls that other authorization servers in front of Cognito have fallen into, each as a test.

use serde_json::json;

use crate::{
    cognito::{CLIENT_ID, CLIENT_SECRET, MACHINE_SECRET},
    world::{
        Browser, Client, ISSUER, READ, SEALING, VERIFIER, WRITE, World, assert_refused_on_a_page,
        error, hidden_request, json as body, redirected_error,
    },
};

const LOOPBACK: &str = "http://localhost:53682/callback";

#[test]
fn registration_creates_nothing_at_cognito_and_expires() {
    let world = World::new();
    let client = Client::new(&world.registered(LOOPBACK), LOOPBACK);
    assert!(world.cognito.bodies().is_empty());
    world.pass(89 * 24 * 3600);
    assert_eq!(world.get(&client.authorize_url(), &[]).status(), 200);
    world.pass(24 * 3600);
    assert_refused_on_a_page(&world.get(&client.authorize_url(), &[]), "ClientExpired");
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", "x"),
        ("client_id", client.client_id.as_str()),
    ];
    assert_eq!(
        error(&world.form("/token", &form, &[])),
        (401, "invalid_client".to_owned()),
        "which makes clients register again"
    );
}

/// A registration is a sealed value: it leaves nothing here that could run out. The gateway limits how fast they come.
#[test]
fn registrations_of_strangers_use_up_nothing_that_others_need() {
    let world = World::new();
    for _ in 0..300 {
        world.registered(LOOPBACK);
    }
    let client = Client::new(&world.registered(LOOPBACK), LOOPBACK);
    world.sign_in(&client);
}

#[test]
fn a_scope_named_at_registration_grants_nothing() {
    let world = World::new();
    let answer = world.register(
        &json!({ "redirect_uris": [LOOPBACK], "scope": format!("{READ} {WRITE} admin") }),
    );
    assert!(!body(&answer)["scope"].as_str().unwrap().contains("admin"));
    let client = Client::new(body(&answer)["client_id"].as_str().unwrap(), LOOPBACK);
    assert_eq!(
        world.sign_in(&client)["scope"],
        READ,
        "what the request asked for and the page showed"
    );
    for scope in [
        "admin",
        "aws.cognito.signin.user.admin",
        "https://dogs.example.com/mcp/READ",
    ] {
        let answer = world.get(&client.but("scope", Some(scope)).authorize_url(), &[]);
        assert_eq!(redirected_error(&answer, &client), "invalid_scope");
    }
}

#[test]
fn a_refresh_cannot_ask_for_more_than_was_granted() {
    let world = World::new();
    let client = Client::new(&world.registered(LOOPBACK), LOOPBACK);
    let tokens = world.sign_in(&client);
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
        ("client_id", client.client_id.as_str()),
        ("scope", WRITE),
    ];
    assert_eq!(
        error(&world.form("/token", &form, &[])),
        (400, "invalid_scope".to_owned())
    );
}

#[test]
fn a_pre_registered_client_is_held_to_its_own_scopes() {
    let clients = json!([{ "clientId": "desk", "clientName": "Desk", "redirectUris": [LOOPBACK], "scopes": [READ] }]);
    let world = World::with(&[("AUTHORIZATION_CLIENTS", &clients.to_string())]);
    let client = Client::new("desk", LOOPBACK);
    let answer = world.get(&client.but("scope", Some(WRITE)).authorize_url(), &[]);
    assert_eq!(redirected_error(&answer, &client), "invalid_scope");
    assert_eq!(world.sign_in(&client.but("scope", None))["scope"], READ);
}

#[test]
fn our_secret_is_never_used_for_somebody_elses_request() {
    let world = World::new();
    let form = |id: &'static str| {
        [
            ("grant_type", "client_credentials"),
            ("client_id", id),
            ("client_secret", "guess"),
        ]
    };
    assert_eq!(
        error(&world.form("/token", &form(CLIENT_ID), &[])),
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
        error(&world.form("/token", &code, &[])),
        (401, "invalid_client".to_owned())
    );
    assert!(world.cognito.bodies().is_empty());
}

#[test]
fn an_upstream_code_or_refresh_token_is_worth_nothing_here() {
    let world = World::new();
    let client = Client::new(&world.registered(LOOPBACK), LOOPBACK);
    assert_eq!(
        error(&world.redeem(&client, "upstream-code-1")),
        (400, "invalid_grant".to_owned())
    );
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", "upstream-refresh-1"),
        ("client_id", client.client_id.as_str()),
    ];
    assert_eq!(
        error(&world.form("/token", &form, &[])),
        (400, "invalid_grant".to_owned())
    );
    assert!(world.cognito.bodies().is_empty());
}

#[test]
fn the_issuer_is_the_documents_own_origin_at_every_path_that_clients_probe() {
    let world = World::new();
    for path in [
        "/.well-known/oauth-authorization-server",
        "/.well-known/oauth-authorization-server/mcp",
        "/.well-known/openid-configuration",
        "/.well-known/openid-configuration/mcp",
        "/mcp/.well-known/openid-configuration",
    ] {
        let answer = world.get(path, &[]);
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(body(&answer)["issuer"], ISSUER, "{path}");
        assert_eq!(
            body(&answer)["code_challenge_methods_supported"],
            json!(["S256"]),
            "{path}"
        );
    }
    assert_eq!(
        world
            .get("/.well-known/oauth-authorization-server/other", &[])
            .status(),
        404
    );
}

#[test]
fn no_log_line_and_no_debug_output_contains_a_code_token_secret_or_state() {
    let world = World::new();
    let client = Client::new(&world.registered(LOOPBACK), LOOPBACK);
    let mut browser = Browser::default();
    let code = world.code(&mut browser, &client);
    let tokens = body(&world.redeem(&client, &code));
    world.redeem(&client, &code);
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    world.form(
        "/revoke",
        &[("token", refresh_token), ("client_id", &client.client_id)],
        &[],
    );
    world.form(
        "/token",
        &[
            ("grant_type", "client_credentials"),
            ("client_id", "m"),
            ("client_secret", MACHINE_SECRET),
        ],
        &[],
    );
    let log = world.log.0.lock().unwrap().join("\n");
    let debug = format!("{:?}", world.server.settings());
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

#[test]
fn endpoints_of_people_have_no_cors_and_the_others_only_for_listed_origins() {
    let world = World::with(&[("MCP_ALLOWED_ORIGINS", "https://inspector.example.com")]);
    let listed = [("origin", "https://inspector.example.com")];
    for (path, headers) in [
        ("/authorize", listed),
        ("/callback", listed),
        ("/token", [("origin", "https://evil.example")]),
    ] {
        let answer = world.get(path, &headers);
        assert!(
            !answer.headers().contains_key("access-control-allow-origin"),
            "{path}"
        );
    }
    let answer = world.form(
        "/token",
        &[("grant_type", "x"), ("client_id", "x")],
        &listed,
    );
    assert_eq!(
        answer.headers()["access-control-allow-origin"],
        "https://inspector.example.com"
    );
    assert!(
        !answer
            .headers()
            .contains_key("access-control-allow-credentials")
    );
}

#[test]
fn the_form_is_refused_from_another_site_another_browser_or_after_ten_minutes() {
    let world = World::new();
    let client = Client::new(&world.registered(LOOPBACK), LOOPBACK);
    let mut browser = Browser::default();
    let page = browser.get(&world, &client.authorize_url());
    let request = hidden_request(&page);
    let form = [("request", request.as_str()), ("decision", "allow")];
    for (origin, site) in [
        ("https://evil.example", "cross-site"),
        ("null", "same-origin"),
        (ISSUER, "same-site"),
        (ISSUER, "none"),
    ] {
        assert_refused_on_a_page(
            &browser.submit(&world, &form, origin, site),
            "ConsentCrossOrigin",
        );
    }
    assert_refused_on_a_page(
        &Browser::default().submit(&world, &form, ISSUER, "same-origin"),
        "ConsentOtherBrowser",
    );
    assert_refused_on_a_page(
        &browser.submit(
            &world,
            &[("request", "mcp-consent-forged"), ("decision", "allow")],
            ISSUER,
            "same-origin",
        ),
        "ConsentNotOpened",
    );
    assert_refused_on_a_page(
        &browser.submit(&world, &form[..1], ISSUER, "same-origin"),
        "MissingParameter",
    );
    world.pass(600);
    assert_refused_on_a_page(
        &browser.submit(&world, &form, ISSUER, "same-origin"),
        "ConsentExpired",
    );
}

#[test]
fn a_sign_in_that_takes_more_than_ten_minutes_starts_again() {
    let world = World::new();
    let client = Client::new(&world.registered(LOOPBACK), LOOPBACK);
    let mut browser = Browser::default();
    let url = world.approve(&mut browser, &client);
    world.pass(600);
    assert_refused_on_a_page(
        &browser.get(&world, &world.cognito.sign_in(&url)),
        "TransactionExpired",
    );
}

#[test]
fn a_code_expires_after_five_minutes() {
    let world = World::new();
    let client = Client::new(&world.registered(LOOPBACK), LOOPBACK);
    let code = world.code(&mut Browser::default(), &client);
    world.pass(300);
    assert_eq!(
        error(&world.redeem(&client, &code)),
        (400, "invalid_grant".to_owned())
    );
}

#[test]
fn bodies_and_parameters_are_bounded_before_they_are_read() {
    let world = World::new();
    let long = "x".repeat(20_000);
    assert_eq!(
        error(&world.post("/register", "application/json", &format!("\"{long}\""), &[])),
        (413, "invalid_request".to_owned())
    );
    assert_eq!(
        error(&world.form("/token", &[("code", &long)], &[])),
        (413, "invalid_request".to_owned())
    );
    let deep = format!("{}1{}", "[".repeat(4000), "]".repeat(4000));
    let nested = format!("{{\"redirect_uris\":{deep}}}");
    let status = world
        .post("/register", "application/json", &nested, &[])
        .status();
    assert!(status == 400 || status == 413, "{status}");
    let client = Client::new(&world.registered(LOOPBACK), LOOPBACK);
    let answer = world.get(
        &client.but("nonce", Some(&"n".repeat(2000))).authorize_url(),
        &[],
    );
    assert_eq!(redirected_error(&answer, &client), "invalid_request");
}

#[test]
fn codes_registrations_and_refresh_tokens_live_as_long_as_the_settings_say() {
    let world = World::with(&[
        ("AUTHORIZATION_CODE_SECONDS", "20"),
        ("AUTHORIZATION_REGISTRATION_DAYS", "2"),
        ("AUTHORIZATION_REFRESH_TOKEN_DAYS", "1"),
    ]);
    let client = Client::new(&world.registered(LOOPBACK), LOOPBACK);
    let early = world.code(&mut Browser::default(), &client);
    let late = world.code(&mut Browser::default(), &client);
    world.pass(19);
    let tokens = body(&world.redeem(&client, &early));
    world.pass(1);
    assert_eq!(
        error(&world.redeem(&client, &late)),
        (400, "invalid_grant".to_owned())
    );
    let refresh = [
        ("grant_type", "refresh_token"),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
        ("client_id", client.client_id.as_str()),
    ];
    world.pass(24 * 60 * 60);
    assert_eq!(
        error(&world.form("/token", &refresh, &[])),
        (400, "invalid_grant".to_owned())
    );
    assert_eq!(world.get(&client.authorize_url(), &[]).status(), 200);
    world.pass(24 * 60 * 60);
    assert_refused_on_a_page(&world.get(&client.authorize_url(), &[]), "ClientExpired");
}
