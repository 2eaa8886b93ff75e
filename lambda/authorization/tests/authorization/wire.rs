//! Routes, methods, CORS, sizes and events: the edges of the protocol.

use http::Method;
use mcp_lambda_authorization::edge::{from_event, into_answer};
use proptest::prelude::*;
use serde_json::json;

use crate::{
    cognito::{SIGN_IN, parameters},
    harness::{Client, Harness, error, json as body, location, redirected_error},
};

#[test]
fn unknown_paths_and_methods_are_answered_as_json() {
    let harness = Harness::new();
    assert_eq!(harness.get("/nothing", &[]).status(), 404);
    for path in ["/consent", "/register", "/revoke", "/token"] {
        let answer = harness.get(path, &[]);
        assert_eq!(
            (
                answer.status().as_u16(),
                answer.headers()["allow"].to_str().unwrap()
            ),
            (405, "POST"),
            "{path}"
        );
    }
    for (path, allow) in [
        ("/authorize", "GET, HEAD"),
        ("/callback", "GET"),
        ("/sign-in", "GET, HEAD"),
        ("/.well-known/openid-configuration", "GET, HEAD"),
    ] {
        let answer = harness.form(path, &[], &[]);
        assert_eq!(
            (
                answer.status().as_u16(),
                answer.headers()["allow"].to_str().unwrap()
            ),
            (405, allow),
            "{path}"
        );
    }
}

/// RFC 9110 section 9.3.2.
#[test]
fn head_is_answered_as_get_without_a_body() {
    for path in [
        "/.well-known/oauth-authorization-server",
        "/.well-known/oauth-authorization-server/mcp",
        "/.well-known/openid-configuration",
        "/mcp/.well-known/openid-configuration",
        "/authorize",
        "/authorize?consent",
        "/sign-in",
        "/sign-in?outcome=done",
        "/nothing",
    ] {
        // Two, because each draws the same random values.
        let answer = |method| {
            let harness = Harness::new();
            let url = match path {
                "/authorize?consent" => harness.client().authorize_url(),
                path => path.to_owned(),
            };
            harness.ask(method, &url, &[])
        };
        let (head, get) = (answer(Method::HEAD), answer(Method::GET));
        assert_eq!(head.status(), get.status(), "{path}");
        assert_eq!(head.headers(), get.headers(), "{path}");
        assert_eq!(head.body(), "", "{path}");
    }
    let harness = Harness::new();
    assert_eq!(harness.ask(Method::HEAD, "/token", &[]).status(), 405);
}

#[test]
fn problems_after_the_redirect_was_checked_are_told_at_the_client() {
    let harness = Harness::new();
    let client = harness.client();
    for (name, value, expected) in [
        ("response_type", None, "invalid_request"),
        ("response_type", Some("token"), "unsupported_response_type"),
        (
            "response_type",
            Some("code id_token"),
            "unsupported_response_type",
        ),
        ("response_mode", Some("fragment"), "invalid_request"),
        ("response_mode", Some("form_post"), "invalid_request"),
        ("request", Some("eyJ"), "request_not_supported"),
        (
            "request_uri",
            Some("https://evil.example"),
            "request_not_supported",
        ),
        ("prompt", Some("none"), "interaction_required"),
    ] {
        let answer = harness.get(&client.but(name, value).authorize_url(), &[]);
        assert_eq!(
            redirected_error(&answer, &client),
            expected,
            "{name} {value:?}"
        );
    }
}

#[test]
fn a_request_without_state_gets_an_answer_without_state() {
    let harness = Harness::new();
    let mut client = harness.client();
    client.state = None;
    harness.sign_in(&client);
}

#[test]
fn a_redirect_uri_with_a_query_keeps_it() {
    let harness = Harness::new();
    let uri = "http://localhost:53682/callback?tenant=a%20b";
    let client = Client::new(&harness.registered(uri), uri);
    harness.sign_in(&client);
}

#[test]
fn a_malformed_path_is_a_request_for_a_page_that_does_not_exist() {
    for path in ["/a b", "/\"", "authorize", ""] {
        let event = json!({ "path": path, "httpMethod": "GET", "requestContext": {} });
        let request = from_event(event.to_string().as_bytes()).expect(path);
        assert_eq!(Harness::new().send(&request).status(), 404, "{path:?}");
    }
}

#[test]
fn a_proxy_event_of_the_gateway_is_read_with_repeated_parameters_and_cookies() {
    let event = json!({
        "path": "/token", "httpMethod": "POST", "resource": "/token",
        "headers": { "cookie": "a=1" }, "multiValueHeaders": { "cookie": ["a=1", "a=2"], "Content-Type": ["application/x-www-form-urlencoded"] },
        "queryStringParameters": { "resource": "b" }, "multiValueQueryStringParameters": { "resource": ["a", "b"] },
        "requestContext": { "requestId": "r-1", "httpMethod": "POST" },
        "body": "Z3JhbnRfdHlwZT14", "isBase64Encoded": true,
    });
    let request = from_event(event.to_string().as_bytes()).unwrap();
    assert_eq!(
        request
            .query
            .iter()
            .filter(|(name, _)| name == "resource")
            .count(),
        2
    );
    assert_eq!(request.headers.get_all("cookie").iter().count(), 2);
    assert_eq!(request.body, b"grant_type=x");
    assert_eq!(request.request_id.as_deref(), Some("r-1"));
    let harness = Harness::new();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let answer = runtime.block_on(into_answer(harness.send(&request)));
    let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!(answer["statusCode"], 400);
    assert_eq!(answer["headers"]["cache-control"], json!("no-store"));
    assert!(answer["body"].as_str().unwrap().contains("client_id"));
}

/// RFC 6749 section 5.2.
#[test]
fn an_error_description_keeps_to_the_characters_of_its_specification() {
    let harness = Harness::new();
    let client = harness.client();
    let odd = "a\"b\\c\u{e9}\u{7f}\n";
    let location = location(&harness.get(&client.but("scope", Some(odd)).authorize_url(), &[]));
    let query = parameters(url::Url::parse(&location).unwrap().query().unwrap());
    let registration =
        body(&harness.register(&json!({ "redirect_uris": ["https://a\\b.example.com/\"*"] })));
    for description in [
        query["error_description"].as_str(),
        registration["error_description"].as_str().unwrap(),
    ] {
        let legal = description
            .bytes()
            .all(|byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e));
        assert!(legal, "{description:?}");
    }
}

#[test]
fn endpoints_of_people_have_no_cors_and_the_others_only_for_listed_origins() {
    let harness = Harness::with(&[("MCP_ALLOWED_ORIGINS", "https://inspector.example.com")]);
    let listed = [("origin", "https://inspector.example.com")];
    for (path, headers) in [
        ("/authorize", listed),
        ("/callback", listed),
        ("/token", [("origin", "https://evil.example")]),
    ] {
        let answer = harness.get(path, &headers);
        assert!(
            !answer.headers().contains_key("access-control-allow-origin"),
            "{path}"
        );
    }
    let answer = harness.form(
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
fn bodies_and_parameters_are_bounded_before_they_are_read() {
    let harness = Harness::new();
    let long = "x".repeat(20_000);
    assert_eq!(
        error(&harness.post("/register", "application/json", &format!("\"{long}\""), &[])),
        (413, "invalid_request".to_owned())
    );
    assert_eq!(
        error(&harness.form("/token", &[("code", &long)], &[])),
        (413, "invalid_request".to_owned())
    );
    let deep = format!("{}1{}", "[".repeat(4000), "]".repeat(4000));
    let nested = format!("{{\"redirect_uris\":{deep}}}");
    let status = harness
        .post("/register", "application/json", &nested, &[])
        .status();
    assert!(status == 400 || status == 413, "{status}");
    let client = harness.client();
    let answer = harness.get(
        &client.but("nonce", Some(&"n".repeat(2000))).authorize_url(),
        &[],
    );
    assert_eq!(redirected_error(&answer, &client), "invalid_request");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn no_request_makes_the_server_fail_or_redirect_to_a_place_nobody_registered(
        path in "/(authorize|consent|callback|sign-in|token|register|revoke|x)?",
        method in "(get|post)",
        name in "(client_id|redirect_uri|state|code|grant_type|token|request|scope|resource|error|\\PC{0,8})",
        value in "\\PC{0,80}",
        cookie in "[ -~]{0,60}",
        body in "\\PC{0,120}",
    ) {
        let harness = Harness::new();
        let headers = [("cookie", cookie.as_str()), ("authorization", cookie.as_str())];
        let answer = if method == "get" {
            let query = form_urlencoded::Serializer::new(String::new()).append_pair(&name, &value).finish();
            harness.get(&format!("{path}?{query}"), &headers)
        } else if path == "/register" {
            harness.post(&path, "application/json", &body, &headers)
        } else {
            harness.form(&path, &[(name.as_str(), value.as_str()), ("client_id", body.as_str())], &headers)
        };
        let status = answer.status().as_u16();
        let location = answer.headers().get("location").map(|value| value.to_str().unwrap());
        match location {
            None => prop_assert!(answer.status().is_client_error(), "{status}"),
            // A callback that is refused ends on a page of ours, and a sign-in without a client begins at Cognito.
            Some(location) if path == "/callback" => {
                prop_assert_eq!((status, location), (303, "https://dogs.example.com/sign-in?outcome=TransactionNotOpened"));
            }
            Some(location) => {
                prop_assert!(path == "/sign-in" && status == 302 && location.starts_with(SIGN_IN), "{}", location);
            }
        }
        prop_assert!(!answer.headers().contains_key("refresh"));
    }
}
