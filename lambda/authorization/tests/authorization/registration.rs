//! RFC 7591 at `/register`.

use serde_json::{Value, json};

use crate::harness::{
    Client, Harness, LOOPBACK, READ, START, WRITE, assert_refused_on_a_page, error, json as body,
    redirected_error,
};

/// The body that Claude Code sends.
fn claude_code() -> Value {
    json!({
        "client_name": "Claude Code (dogs)", "redirect_uris": [LOOPBACK], "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"], "application_type": "native", "scope": READ,
    })
}

#[test]
fn the_answer_repeats_what_was_registered() {
    let harness = Harness::new();
    let answer = harness.register(&claude_code());
    assert_eq!(answer.status(), 201);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let mut registered = body(&answer);
    let client_id = registered
        .as_object_mut()
        .unwrap()
        .remove("client_id")
        .unwrap();
    assert!(client_id.as_str().unwrap().len() < 400);
    let mut expected = claude_code();
    expected["client_id_issued_at"] = json!(START);
    assert_eq!(registered, expected);
}

#[test]
fn no_secret_is_given_whatever_is_asked_for_and_none_is_taken_over() {
    let harness = Harness::new();
    for method in ["client_secret_basic", "client_secret_post"] {
        let mut request = claude_code();
        request["token_endpoint_auth_method"] = json!(method);
        request["client_secret"] = json!("chosen by the client");
        request["client_id"] = json!("chosen by the client");
        let answer = harness.register(&request);
        assert_eq!(body(&answer)["token_endpoint_auth_method"], "none");
        assert!(!answer.body().contains("client_secret") && !answer.body().contains("chosen"));
    }
}

#[test]
fn what_a_replacement_would_weaken_is_refused() {
    let harness = Harness::new();
    for (member, value) in [
        ("token_endpoint_auth_method", json!("private_key_jwt")),
        ("token_endpoint_auth_method", json!("tls_client_auth")),
        ("grant_types", json!(["client_credentials"])),
        ("grant_types", json!(["implicit"])),
        ("grant_types", json!([])),
        ("response_types", json!(["token"])),
        ("application_type", json!("robot")),
        ("redirect_uris", json!([])),
        ("redirect_uris", Value::Null),
        ("redirect_uris", json!(vec![LOOPBACK; 11])),
    ] {
        let mut request = claude_code();
        request[member] = value.clone();
        let answer = harness.register(&request);
        assert_eq!(
            error(&answer),
            (400, "invalid_client_metadata".to_owned()),
            "{member} {value}"
        );
        assert!(
            answer.body().contains(member),
            "the message names the member: {}",
            answer.body()
        );
    }
}

#[test]
fn grants_and_response_types_that_are_not_served_are_dropped_from_the_answer() {
    let harness = Harness::new();
    let mut request = claude_code();
    request["grant_types"] = json!([
        "authorization_code",
        "implicit",
        "password",
        "refresh_token"
    ]);
    request["response_types"] = json!(["code", "token"]);
    let registered = body(&harness.register(&request));
    assert_eq!(
        registered["grant_types"],
        json!(["authorization_code", "refresh_token"])
    );
    assert_eq!(registered["response_types"], json!(["code"]));
}

#[test]
fn the_application_type_fits_the_redirects() {
    let harness = Harness::new();
    let register = |kind: Option<&str>, uri: &str| {
        let mut request = json!({ "redirect_uris": [uri] });
        if let Some(kind) = kind {
            request["application_type"] = json!(kind);
        }
        harness.register(&request)
    };
    let https = "https://claude.ai/api/mcp/auth_callback";
    assert_eq!(
        body(&register(None, LOOPBACK))["application_type"],
        "native"
    );
    assert_eq!(body(&register(None, https))["application_type"], "web");
    assert_eq!(
        body(&register(Some("native"), https))["application_type"],
        "native"
    );
    assert_eq!(
        error(&register(Some("web"), LOOPBACK)),
        (400, "invalid_redirect_uri".to_owned())
    );
}

#[test]
fn the_scope_in_the_answer_is_what_exists() {
    let harness = Harness::new();
    let scope = |asked: Option<&str>| {
        let mut request = claude_code();
        request["scope"] = json!(asked);
        body(&harness.register(&request))["scope"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(scope(None), format!("{READ} {WRITE}"));
    assert_eq!(scope(Some(&format!("{WRITE} unknown"))), WRITE);
}

#[test]
fn only_json_objects_are_read() {
    let harness = Harness::new();
    assert_eq!(
        error(&harness.post("/register", "text/plain", "{}", &[])),
        (400, "invalid_request".to_owned())
    );
    for text in [
        "",
        "null",
        "[]",
        "{\"redirect_uris\": 1}",
        "{\"redirect_uris\": [1]}",
        "{",
    ] {
        assert_eq!(
            error(&harness.post("/register", "application/json; charset=utf-8", text, &[])),
            (400, "invalid_request".to_owned()),
            "{text}"
        );
    }
}

#[test]
fn a_client_id_never_grows_longer_than_a_gateway_takes() {
    let harness = Harness::new();
    let uris: Vec<String> = (0..10)
        .map(|index| format!("http://localhost/{index}{}", "x".repeat(300)))
        .collect();
    assert_eq!(
        error(&harness.register(&json!({ "redirect_uris": uris }))),
        (400, "invalid_client_metadata".to_owned())
    );
}

#[test]
fn registration_can_be_switched_off() {
    let harness = Harness::with(&[("AUTHORIZATION_REGISTRATION", "false")]);
    assert_eq!(
        error(&harness.register(&claude_code())),
        (403, "access_denied".to_owned())
    );
    let metadata = body(&harness.get("/.well-known/oauth-authorization-server", &[]));
    assert!(metadata.get("registration_endpoint").is_none());
}

/// What Cursor registers.
#[test]
fn the_redirects_that_can_be_used_are_registered_and_the_answer_lists_them() {
    let cursor = "cursor://anysphere.cursor-mcp/oauth/callback";
    let listed = [
        cursor,
        "https://www.cursor.com/agents/mcp/oauth/callback",
        LOOPBACK,
    ];
    let harness = Harness::new();
    let answer = harness.register(&json!({ "client_name": "Cursor", "redirect_uris": listed }));
    assert_eq!(answer.status(), 201, "{}", answer.body());
    let registered = body(&answer);
    assert_eq!(registered["redirect_uris"], json!(listed[1..]));
    let client = |uri| Client::new(registered["client_id"].as_str().unwrap(), uri);
    for uri in &listed[1..] {
        harness.sign_in(&client(uri));
    }
    let page = harness.get(&client(cursor).authorize_url(), &[]);
    assert_refused_on_a_page(&page, "AUTHORIZATION_CUSTOM_SCHEMES");

    let harness = Harness::with(&[("AUTHORIZATION_CUSTOM_SCHEMES", "cursor")]);
    let answer = harness.register(&json!({ "client_name": "Cursor", "redirect_uris": listed }));
    assert_eq!(body(&answer)["redirect_uris"], json!(listed));
}

#[test]
fn a_client_of_which_no_redirect_can_be_used_is_refused_for_the_first_of_them() {
    let harness = Harness::new();
    let uris = ["cursor://x/callback", "https://evil.example/callback"];
    let answer = harness.register(&json!({ "redirect_uris": uris }));
    assert_eq!(error(&answer), (400, "invalid_redirect_uri".to_owned()));
    assert!(answer.body().contains(uris[0]), "{}", answer.body());
    let answer =
        harness.register(&json!({ "redirect_uris": [LOOPBACK], "application_type": "web" }));
    assert_eq!(error(&answer), (400, "invalid_redirect_uri".to_owned()));
}

#[test]
fn the_redirects_of_visual_studio_code_are_accepted_as_they_come() {
    let harness = Harness::new();
    let answer = harness.register(&json!({ "client_name": "Visual Studio Code", "redirect_uris": [
        "https://insiders.vscode.dev/redirect", "https://vscode.dev/redirect", "http://127.0.0.1/", "http://127.0.0.1:33418/",
        "http://localhost/", "http://localhost:33418" ] }));
    assert_eq!(answer.status(), 201, "{}", answer.body());
}

#[test]
fn registration_creates_nothing_at_cognito_and_expires() {
    let harness = Harness::new();
    let client = harness.client();
    assert!(harness.cognito.bodies().is_empty());
    harness.pass(89 * 24 * 3600);
    assert_eq!(harness.get(&client.authorize_url(), &[]).status(), 200);
    harness.pass(24 * 3600);
    assert_refused_on_a_page(&harness.get(&client.authorize_url(), &[]), "ClientExpired");
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", "x"),
        ("client_id", client.client_id.as_str()),
    ];
    assert_eq!(
        error(&harness.form("/token", &form, &[])),
        (401, "invalid_client".to_owned()),
        "which makes clients register again"
    );
}

/// A registration is a sealed value: it leaves nothing here that could run out. The gateway limits how fast they come.
#[test]
fn registrations_of_strangers_use_up_nothing_that_others_need() {
    let harness = Harness::new();
    for _ in 0..300 {
        harness.registered(LOOPBACK);
    }
    let client = harness.client();
    harness.sign_in(&client);
}

#[test]
fn a_scope_named_at_registration_grants_nothing() {
    let harness = Harness::new();
    let answer = harness.register(
        &json!({ "redirect_uris": [LOOPBACK], "scope": format!("{READ} {WRITE} admin") }),
    );
    assert!(!body(&answer)["scope"].as_str().unwrap().contains("admin"));
    let client = Client::new(body(&answer)["client_id"].as_str().unwrap(), LOOPBACK);
    assert_eq!(
        harness.sign_in(&client)["scope"],
        READ,
        "what the request asked for and the page showed"
    );
    for scope in [
        "admin",
        "aws.cognito.signin.user.admin",
        "https://dogs.example.com/mcp/READ",
    ] {
        let answer = harness.get(&client.but("scope", Some(scope)).authorize_url(), &[]);
        assert_eq!(redirected_error(&answer, &client), "invalid_scope");
    }
}

/// arXiv 2605.22333: 96.6 % of the servers with dynamic registration accepted what an attacker wanted to register.
#[test]
fn arxiv_2605_22333_registration_accepts_no_attackers_redirect() {
    let harness = Harness::new();
    for uri in [
        "https://evil.example/cb",
        "http://evil.example/cb",
        "https://claude.ai.evil.example/api/mcp/auth_callback",
        "https://claude.ai@evil.example/",
        "https://claude.ai/api/mcp/auth_callback/../../evil",
        "https://claude.ai/other",
        "https://chatgpt.com/connector/oauth/a/b",
        "https://chatgpt.com/connector/oauth/",
        "https://chatgpt.com/connector/oauth/a?next=x",
        "javascript:alert(document.cookie)",
        "data:text/html,<script>",
        "cursor://anysphere.cursor-mcp/oauth/callback",
        "http://localhost.evil.example/",
        "http://127.0.0.1.evil.example/",
        "http://0.0.0.0/cb",
        "http://[::]/cb",
        "https://*/cb",
        "*",
    ] {
        let answer = harness.register(&json!({ "redirect_uris": [uri] }));
        assert_eq!(
            error(&answer),
            (400, "invalid_redirect_uri".to_owned()),
            "{uri}"
        );
        let answer = harness.register(&json!({ "redirect_uris": [uri, LOOPBACK] }));
        assert_eq!(
            body(&answer)["redirect_uris"],
            json!([LOOPBACK]),
            "{uri} is left out"
        );
        let client = Client::new(body(&answer)["client_id"].as_str().unwrap(), uri);
        let page = harness.get(&client.authorize_url(), &[]);
        assert!(
            page.status().is_client_error() && !page.headers().contains_key("location"),
            "{uri}"
        );
    }
}
