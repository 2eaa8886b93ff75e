//! Several MCP servers behind one authorization server: every token is for one of them, and the person sees which.

use serde_json::json;

use crate::{
    cognito::{MACHINE_ID, MACHINE_SECRET, parameters},
    harness::{
        Browser, Client, Harness, ISSUER, LOOPBACK, arrival, error, hidden_request, json as body,
        redirected_error, refresh_target,
    },
};

const ORDERS: &str = "https://dogs.example.com/orders/mcp";
const READ_ORDERS: &str = "https://dogs.example.com/orders/mcp/read";
const STOCK: &str = "https://dogs.example.com/stock/mcp";
const READ_STOCK: &str = "https://dogs.example.com/stock/mcp/read";
const WRITE_STOCK: &str = "https://dogs.example.com/stock/mcp/write";

/// One server by its MCP URL, and one by its path below the issuer.
fn harness_with(changes: &[(&str, &str)]) -> Harness {
    let servers = json!([
        { "resource": ORDERS, "name": "Orders", "scopes": [{ "name": "read", "description": "Read orders" }] },
        { "resource": "/stock/mcp", "name": "Stock", "scopes": [
            { "name": "read", "description": "Read the stock" },
            { "name": "write", "description": "Change the stock" },
        ] },
    ])
    .to_string();
    let several = [
        ("MCP_RESOURCE", ""),
        ("AUTHORIZATION_SCOPES", ""),
        ("AUTHORIZATION_RESOURCES", servers.as_str()),
    ];
    Harness::with(&[&several, changes].concat())
}

fn harness() -> Harness {
    harness_with(&[])
}

/// A client that has registered itself and asks for one server.
fn client(harness: &Harness, resource: &str, scope: &str) -> Client {
    harness
        .client()
        .but("resource", Some(resource))
        .but("scope", Some(scope))
}

fn tokens(harness: &Harness, client: &Client, resource: &str) -> serde_json::Value {
    let code = harness.code(&mut Browser::default(), client);
    let answer = harness.redeem_for(client, &code, resource);
    assert_eq!(answer.status(), 200, "{}", answer.body());
    body(&answer)
}

/// The claims of an access token.
fn claims(tokens: &serde_json::Value) -> serde_json::Value {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    let token = tokens["access_token"].as_str().unwrap();
    let claims = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap());
    serde_json::from_slice(&claims.unwrap()).unwrap()
}

#[test]
fn a_token_is_for_the_server_that_was_asked_for_and_has_only_its_scopes() {
    let harness = harness();
    for (resource, scope) in [(ORDERS, READ_ORDERS), (STOCK, READ_STOCK)] {
        let tokens = tokens(&harness, &client(&harness, resource, scope), resource);
        assert_eq!(claims(&tokens)["aud"], resource);
        assert_eq!(claims(&tokens)["scope"], scope);
        assert_eq!(tokens["scope"], scope);
    }
}

#[test]
fn a_client_that_names_no_scope_gets_those_of_the_one_server() {
    let harness = harness();
    let client = client(&harness, STOCK, "").but("scope", None);
    assert_eq!(
        tokens(&harness, &client, STOCK)["scope"],
        format!("{READ_STOCK} {WRITE_STOCK}")
    );
}

#[test]
fn the_consent_page_names_the_server_and_what_it_permits() {
    let harness = harness();
    let page = harness.get(&client(&harness, STOCK, WRITE_STOCK).authorize_url(), &[]);
    assert!(page.body().contains("to use Stock?"), "{}", page.body());
    assert!(page.body().contains("Change the stock") && page.body().contains(WRITE_STOCK));
    assert!(!page.body().contains("Orders") && !page.body().contains(ORDERS));
}

#[test]
fn a_scope_of_another_server_is_refused() {
    let harness = harness();
    for scope in [READ_STOCK.to_owned(), format!("{READ_ORDERS} {READ_STOCK}")] {
        let client = client(&harness, ORDERS, &scope);
        let answer = harness.get(&client.authorize_url(), &[]);
        assert_eq!(
            redirected_error(&answer, &client),
            "invalid_scope",
            "{scope}"
        );
    }
}

#[test]
fn a_request_is_about_one_server_at_a_time() {
    let harness = harness();
    let client = client(&harness, ORDERS, READ_ORDERS);
    let both = format!(
        "{}&resource=https%3A%2F%2Fdogs.example.com%2Fstock%2Fmcp",
        client.authorize_url()
    );
    let answer = harness.get(&both, &[]);
    assert_eq!(redirected_error(&answer, &client), "invalid_target");
    let twice = format!(
        "{}&resource=https%3A%2F%2Fdogs.example.com%2Forders%2Fmcp%2F",
        client.authorize_url()
    );
    assert_eq!(harness.get(&twice, &[]).status(), 200, "one of them, twice");
}

#[test]
fn cve_2025_69196_a_resource_that_no_server_has_is_refused_at_every_endpoint() {
    let harness = harness();
    let client = client(&harness, ORDERS, READ_ORDERS);
    for foreign in [
        "https://dogs.example.com/mcp",
        "https://dogs.example.com/",
        "https://dogs.example.com/orders",
        "https://dogs.example.com/orders/mcp/read",
        "https://other.example.com/orders/mcp",
    ] {
        let answer = harness.get(&client.but("resource", Some(foreign)).authorize_url(), &[]);
        assert_eq!(
            redirected_error(&answer, &client),
            "invalid_target",
            "{foreign}"
        );
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", client.client_id.as_str()),
            ("resource", foreign),
        ];
        let refused = (400, "invalid_target".to_owned());
        assert_eq!(
            error(&harness.form("/token", &form, &[])),
            refused,
            "{foreign}"
        );
    }
}

/// Clients of 2025-03-26 send no `resource`.
#[test]
fn without_resource_the_scopes_say_which_server_is_meant_and_nothing_says_none() {
    let harness = harness();
    let by_scope = client(&harness, ORDERS, READ_STOCK).but("resource", None);
    assert_eq!(claims(&tokens(&harness, &by_scope, STOCK))["aud"], STOCK);
    for scope in [None, Some("openid"), Some("unknown")] {
        let open = by_scope.but("scope", scope);
        let answer = harness.get(&open.authorize_url(), &[]);
        assert_eq!(
            redirected_error(&answer, &open),
            "invalid_target",
            "{scope:?}"
        );
    }
}

#[test]
fn a_code_for_one_server_is_not_redeemed_for_the_other() {
    let harness = harness();
    let client = client(&harness, ORDERS, READ_ORDERS);
    let code = harness.code(&mut Browser::default(), &client);
    let refused = (400, "invalid_target".to_owned());
    assert_eq!(error(&harness.redeem_for(&client, &code, STOCK)), refused);
    assert!(
        harness.cognito.bodies().is_empty(),
        "Cognito's code is not used up"
    );
    assert_eq!(harness.redeem_for(&client, &code, ORDERS).status(), 200);
}

#[test]
fn a_refresh_token_of_one_server_gives_nothing_for_the_other() {
    let harness = harness();
    let client = client(&harness, ORDERS, READ_ORDERS);
    let tokens = tokens(&harness, &client, ORDERS);
    let refresh = |more: (&'static str, &'static str)| {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
            ("client_id", client.client_id.as_str()),
            more,
        ];
        harness.form("/token", &form, &[])
    };
    assert_eq!(
        error(&refresh(("resource", STOCK))),
        (400, "invalid_target".to_owned())
    );
    assert_eq!(
        error(&refresh(("scope", READ_STOCK))),
        (400, "invalid_scope".to_owned())
    );
    let answer = refresh(("resource", ORDERS));
    assert_eq!(claims(&body(&answer))["aud"], ORDERS);
}

#[test]
fn a_client_of_one_server_is_not_let_in_at_the_other() {
    let clients = json!([{ "clientId": "ci", "clientName": "CI", "redirectUris": [LOOPBACK], "scopes": [READ_ORDERS] }]);
    let harness = harness_with(&[("AUTHORIZATION_CLIENTS", &clients.to_string())]);
    let ci = Client::new("ci", LOOPBACK).but("scope", None);
    let stock = ci.but("resource", Some(STOCK));
    let answer = harness.get(&stock.authorize_url(), &[]);
    assert_eq!(redirected_error(&answer, &stock), "access_denied");
    let orders = ci.but("resource", Some(ORDERS));
    assert_eq!(tokens(&harness, &orders, ORDERS)["scope"], READ_ORDERS);
}

/// The person at the browser consents to one server, and edits the sign-in URL on its way to Cognito.
#[test]
fn a_sign_in_url_that_is_edited_for_all_servers_gives_no_token() {
    let harness = harness();
    let client = client(&harness, ORDERS, READ_ORDERS);
    let all = format!("{READ_ORDERS} {READ_STOCK} {WRITE_STOCK}");
    for (resource, scope, mismatch) in [
        (None, all.as_str(), "NoAudience"),
        (None, READ_ORDERS, "NoAudience"),
        (Some(STOCK), READ_ORDERS, "OtherAudience"),
        (Some(STOCK), WRITE_STOCK, "OtherAudience"),
        (Some(ORDERS), all.as_str(), "MoreScopes"),
        (Some(ORDERS), WRITE_STOCK, "MoreScopes"),
    ] {
        let mut browser = Browser::default();
        let mut url = url::Url::parse(&harness.approve(&mut browser, &client)).unwrap();
        let mut query = parameters(url.query().unwrap());
        query.insert("scope".to_owned(), scope.to_owned());
        query.remove("resource");
        query.extend(resource.map(|resource| ("resource".to_owned(), resource.to_owned())));
        url.query_pairs_mut().clear().extend_pairs(query);
        let callback = harness.cognito.sign_in(url.as_str());
        let location = arrival(&browser.get(&harness, &callback));
        let back = url::Url::parse(&location).unwrap();
        let code = parameters(back.query().unwrap())["code"].clone();
        let answer = harness.redeem_for(&client, &code, ORDERS);
        assert_eq!(error(&answer), (400, "invalid_grant".to_owned()));
        let log = harness.log.0.lock().unwrap();
        assert!(log.last().unwrap().contains(mismatch), "{mismatch} {log:?}");
        assert!(harness.cognito.has_no_refresh_token_left());
    }
}

#[test]
fn a_sealed_consent_to_one_server_cannot_be_sent_for_the_other() {
    let harness = harness();
    let mut browser = Browser::default();
    let page = browser.get(
        &harness,
        &client(&harness, ORDERS, READ_ORDERS).authorize_url(),
    );
    let request = hidden_request(&page);
    let form = [
        ("request", request.as_str()),
        ("decision", "allow"),
        ("resource", STOCK),
        ("scope", READ_STOCK),
    ];
    let answer = browser.submit(&harness, &form, ISSUER, "same-origin");
    let url = refresh_target(&answer);
    let query = parameters(url::Url::parse(&url).unwrap().query().unwrap());
    assert_eq!(
        (query["resource"].as_str(), query["scope"].as_str()),
        (ORDERS, READ_ORDERS)
    );
}

#[test]
fn a_program_asks_for_scopes_of_the_server_that_it_names_or_of_any() {
    let harness = harness();
    let ask = |scope: &str, resource: Option<&str>| {
        let mut form = vec![
            ("grant_type", "client_credentials"),
            ("client_id", MACHINE_ID),
            ("client_secret", MACHINE_SECRET),
            ("scope", scope),
        ];
        form.extend(resource.map(|resource| ("resource", resource)));
        harness.form("/token", &form, &[])
    };
    let both = format!("{READ_ORDERS} {READ_STOCK}");
    assert_eq!(ask(&both, None).status(), 200);
    assert_eq!(ask(READ_STOCK, Some(STOCK)).status(), 200);
    let refused = (400, "invalid_scope".to_owned());
    assert_eq!(error(&ask(READ_STOCK, Some(ORDERS))), refused);
    assert_eq!(error(&ask(&both, Some(ORDERS))), refused);
}

#[test]
fn the_metadata_lists_every_server_and_every_scope() {
    let harness = harness();
    for path in [
        "/.well-known/oauth-authorization-server",
        "/.well-known/oauth-authorization-server/stock/mcp",
        "/.well-known/openid-configuration/orders/mcp",
        "/orders/mcp/.well-known/openid-configuration",
    ] {
        let document = body(&harness.get(path, &[]));
        assert_eq!(
            document["protected_resources"],
            json!([ORDERS, STOCK]),
            "{path}"
        );
        assert_eq!(
            document["scopes_supported"],
            json!([READ_ORDERS, READ_STOCK, WRITE_STOCK])
        );
    }
    assert_eq!(
        harness
            .get("/.well-known/oauth-authorization-server/mcp", &[])
            .status(),
        404
    );
}

#[test]
fn somebody_who_signed_up_without_a_client_is_told_the_address_of_each_server() {
    let page = harness().get("/sign-in?outcome=done", &[]);
    for text in ["To use Orders,", ORDERS, "To use Stock,", STOCK] {
        assert!(page.body().contains(text), "{text}: {}", page.body());
    }
}

#[test]
fn a_server_that_is_gone_keeps_nobody_signed_in() {
    let before = harness();
    let client = client(&before, STOCK, READ_STOCK);
    let tokens = tokens(&before, &client, STOCK);
    let remaining = json!([
        { "resource": ORDERS, "name": "Orders", "scopes": [{ "name": "read", "description": "Read orders" }] },
        { "resource": "https://dogs.example.com/bills/mcp", "name": "Bills", "scopes": [{ "name": "read", "description": "Read bills" }] },
    ]);
    let after = harness_with(&[("AUTHORIZATION_RESOURCES", &remaining.to_string())]);
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
        ("client_id", client.client_id.as_str()),
    ];
    assert_eq!(
        error(&after.form("/token", &form, &[])),
        (400, "invalid_grant".to_owned())
    );
}
