//! The wall: who reaches which tool, and what the others are told.

use std::time::Duration;

use serde_json::{Value, json};

use crate::event_source::{
    Function, METADATA, RESOURCE, call, data, event, modern_event, set_header,
};
use crate::issuer::encode;

fn tool_names(list: &Value) -> Vec<&str> {
    list["result"]["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| tool["name"].as_str().unwrap())
        .collect()
}

fn with_claim(name: &str, value: Value) -> Value {
    let mut event = modern_event(&call("who_am_i"));
    event["requestContext"]["authorizer"]["claims"][name] = value;
    event
}

#[tokio::test]
async fn an_event_without_claims_reaches_nothing() {
    let function = Function::streaming().await;
    let mut no_claims = modern_event(&call("who_am_i"));
    no_claims["requestContext"]["authorizer"] = json!({ "principalId": "someone" });
    let mut no_authorizer = modern_event(&call("who_am_i"));
    no_authorizer["requestContext"]["authorizer"] = json!(null);
    let mut get = no_authorizer.clone();
    get["httpMethod"] = json!("GET");
    let mut garbage = no_authorizer.clone();
    garbage["body"] = json!("garbage");
    for event in [no_claims, no_authorizer, get, garbage] {
        let answer = function.send(&event).await;
        assert_eq!(answer.status, 401);
        assert_eq!(
            answer.json(),
            json!({ "error": "invalid_token", "error_description": "an access token is required" })
        );
        assert_eq!(
            answer.header("www-authenticate").unwrap(),
            format!(
                "Bearer resource_metadata=\"{METADATA}\", \
                 scope=\"{RESOURCE}/tools {RESOURCE}/profile {RESOURCE}/admin {RESOURCE}/owner {RESOURCE}/everything\""
            )
        );
    }
}

#[tokio::test]
async fn claims_that_are_not_for_this_server_reach_nothing() {
    let function = Function::streaming().await;
    for (claim, value, told) in [
        ("token_use", json!("id"), "the token is not an access token"),
        ("token_use", json!(null), "the token is not an access token"),
        (
            "iss",
            json!("https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Other"),
            "the access token comes from another issuer",
        ),
        (
            "iss",
            json!("https://evil.example"),
            "the access token comes from another issuer",
        ),
        (
            "iss",
            json!(null),
            "the access token comes from another issuer",
        ),
        (
            "aud",
            json!("https://d111.cloudfront.net/other"),
            "the access token was issued for another resource",
        ),
        (
            "aud",
            json!("https://d111.cloudfront.net/mcp/"),
            "the access token was issued for another resource",
        ),
        (
            "aud",
            json!([RESOURCE, "https://other.example"]),
            "the access token was issued for another resource",
        ),
        ("exp", json!("999"), "the access token has expired"),
        ("exp", json!(1), "the access token has expired"),
        (
            "nbf",
            json!("99999999999"),
            "the access token is not valid yet",
        ),
        (
            "scope",
            json!("openid email"),
            "the access token has no scope of this server",
        ),
        (
            "scope",
            json!("https://d111.cloudfront.net/mcp-other/tools"),
            "the access token has no scope of this server",
        ),
        (
            "scope",
            json!(""),
            "the access token has no scope of this server",
        ),
        (
            "scope",
            json!(null),
            "the access token has no scope of this server",
        ),
        (
            "sub",
            json!(null),
            "the access token names no subject or no app client",
        ),
        (
            "client_id",
            json!(""),
            "the access token names no subject or no app client",
        ),
    ] {
        let event = with_claim(claim, value.clone());
        let answer = function.send(&event).await;
        assert_eq!(answer.status, 401, "{claim} = {value}");
        assert_eq!(
            answer.json()["error_description"],
            told,
            "{claim} = {value}"
        );
        let challenge = answer.header("www-authenticate").unwrap();
        assert!(
            challenge.starts_with(&format!("Bearer error=\"invalid_token\", error_description=\"{told}\", resource_metadata=\"{METADATA}\"")),
            "{challenge}"
        );
    }
}

#[tokio::test]
async fn a_person_needs_an_audience_where_it_is_required_and_a_machine_does_not() {
    let required = Function::start(&[("MCP_AUDIENCE_REQUIRED", "true")]).await;
    let optional = Function::streaming().await;
    let person = data("event-person.json")["requestContext"]["authorizer"]["claims"].clone();
    let machine = data("claims-machine.json");
    let changed = |claims: &Value, changes: Value| {
        let mut claims = claims.clone();
        let members = claims.as_object_mut().unwrap();
        members.extend(changes.as_object().unwrap().clone());
        members.retain(|_, value| !value.is_null());
        claims
    };
    let unbound = changed(&person, json!({ "aud": null }));
    let told = "the access token has no audience: ask for it with the resource parameter";
    for (claims, is_accepted) in [
        (person.clone(), true),
        (machine.clone(), true),
        (changed(&machine, json!({ "aud": RESOURCE })), true),
        (unbound.clone(), false),
        // Whichever app client signed the person in.
        (changed(&unbound, json!({ "client_id": "another" })), false),
        // A user name is a person's, whatever the subject is.
        (changed(&machine, json!({ "username": "ada" })), false),
        (
            changed(&unbound, json!({ "sub": person["client_id"] })),
            false,
        ),
    ] {
        let mut event = modern_event(&call("who_am_i"));
        event["requestContext"]["authorizer"]["claims"] = claims.clone();
        assert_eq!(optional.send(&event).await.status, 200, "{claims}");
        let answer = required.send(&event).await;
        if is_accepted {
            assert_eq!(answer.status, 200, "{claims}");
        } else {
            assert_eq!(answer.status, 401, "{claims}");
            assert_eq!(answer.json()["error_description"], told);
            let challenge = answer.header("www-authenticate").unwrap();
            assert!(challenge.contains(METADATA), "{challenge}");
        }
    }
}

/// The event of a person whose groups the authorizer has turned into text, with an access token that lists them.
fn in_groups(flattened: &str, of_token: &Value) -> Value {
    let mut event = with_claim("cognito:groups", json!(flattened));
    let jti = &event["requestContext"]["authorizer"]["claims"]["jti"];
    let head = encode(&json!({ "alg": "RS256", "kid": "k" }));
    let claims = encode(&json!({ "jti": jti, "cognito:groups": of_token }));
    set_header(
        &mut event,
        "Authorization",
        &format!("Bearer {head}.{claims}.c2ln"),
    );
    event
}

#[tokio::test]
async fn a_group_with_a_separator_in_its_name_is_not_two_groups() {
    let function = Function::streaming().await;
    for groups in [json!(["users,admin"]), json!(["users", "admin"])] {
        let event = in_groups("users,admin", &groups);
        let told = function.send(&event).await.tool_text();
        assert!(told.ends_with(&format!(" {}", debug(&groups))), "{told}");
    }
    assert!(!function.log.lock().unwrap().join("").contains("groups"));
}

#[tokio::test]
async fn groups_whose_ends_cannot_be_known_are_left_out_and_the_log_says_so() {
    let function = Function::streaming().await;
    let mut twice = in_groups("users,admin", &json!(["users,admin"]));
    let forged = in_groups("users,admin", &json!(["users", "admin"]));
    let values = [&twice, &forged].map(|event| event["headers"]["Authorization"].clone());
    twice["multiValueHeaders"]["Authorization"] = json!(values);
    let mut missing = forged.clone();
    missing["multiValueHeaders"]["Authorization"] = json!([]);
    for event in [
        in_groups("users,admin", &json!(["users", "admin", "root"])),
        in_groups("users,admin", &Value::Null),
        twice,
        missing,
    ] {
        let told = function.send(&event).await.tool_text();
        assert!(told.ends_with(" []"), "{told}");
    }
    function.settled().await;
    let log = function.log.lock().unwrap().join("\n");
    let lines = log.matches("the caller's groups were left out").count();
    assert_eq!(lines, 4, "{log}");
    assert!(!log.contains("admin"), "no name of a group: {log}");
}

fn debug(groups: &Value) -> String {
    let groups: Vec<&str> = groups
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let groups: std::collections::BTreeSet<&str> = groups.into_iter().collect();
    format!("{:?}", groups.into_iter().collect::<Vec<_>>())
}

#[tokio::test]
async fn a_tool_knows_the_person_who_calls() {
    let function = Function::streaming().await;
    let person = "person 5d2f0a64-9051-70a2-a7b1-0c6f7f3f0001 1example23456789 [\"profile\", \"tools\"] [\"keepers\", \"vets\"]";
    assert_eq!(function.call(&call("who_am_i")).await.tool_text(), person);
}

#[tokio::test]
async fn a_tool_knows_the_machine_that_calls() {
    let function = Function::streaming().await;
    let mut event = modern_event(&call("who_am_i"));
    event["requestContext"]["authorizer"]["claims"] = data("claims-machine.json");
    assert_eq!(
        function.send(&event).await.tool_text(),
        "machine 2machine3456789 2machine3456789 [\"profile\", \"tools\"] []"
    );
}

#[tokio::test]
async fn a_tool_does_not_get_the_callers_access_token() {
    let function = Function::streaming().await;
    let headers = function.call(&call("headers")).await.tool_text();
    assert!(headers.contains("claude-code/2.1.329"), "{headers}");
    assert!(!headers.contains("secret-access-token"), "{headers}");
    function.settled().await;
    let log = function.log.lock().unwrap().join("\n");
    assert!(
        log.contains("\"tool\":\"headers\"") && !log.contains("secret-access-token"),
        "{log}"
    );
}

#[tokio::test]
async fn the_log_holds_nothing_that_a_caller_sent() {
    let function = Function::streaming().await;
    let mut argument = call("echo");
    argument["params"]["arguments"]["text"] = json!("secret-argument");
    let mut stranger = modern_event(&argument);
    stranger["requestContext"]["authorizer"] = json!(null);
    let mut wrong_claims = modern_event(&argument);
    wrong_claims["requestContext"]["authorizer"]["claims"]["scope"] = json!("secret-scope");
    let mut garbage = modern_event(&argument);
    garbage["body"] = json!("secret-garbage");
    let mut origin = modern_event(&argument);
    set_header(&mut origin, "Origin", "https://secret-origin.example");
    set_header(&mut origin, "X-Custom", "secret-header");
    let events = [
        modern_event(&argument),
        modern_event(&call("secret-tool")),
        modern_event(&call("administer")),
        modern_event(&call("panics")),
        stranger,
        wrong_claims,
        garbage,
        origin,
        json!({ "secret-event": "secret-value" }),
    ];
    for event in &events {
        function
            .invoke(event, Duration::from_secs(10))
            .await
            .all()
            .await;
    }
    function.settled().await;
    let log = function.log.lock().unwrap().join("\n");
    assert!(
        log.lines().count() >= events.len(),
        "every request has its line: {log}"
    );
    assert!(!log.contains("secret"), "{log}");
    assert!(!log.contains("5d2f0a64"), "the caller's subject: {log}");
}

#[tokio::test]
async fn lists_only_the_tools_that_the_caller_may_call() {
    let function = Function::streaming().await;
    let list = json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/list" });
    let both = function.call(&list).await.json();
    assert_eq!(
        tool_names(&both),
        [
            "asks", "drums", "echo", "headers", "panics", "progress", "sleeps", "ticks", "who_am_i"
        ]
    );
    assert_eq!(both["result"]["cacheScope"], "private");
    assert!(
        !both.to_string().contains("mcp-lambda/access"),
        "the declaration stays inside: {both}"
    );

    let mut event = modern_event(&list);
    event["requestContext"]["authorizer"]["claims"]["scope"] = json!(format!("{RESOURCE}/profile"));
    assert_eq!(
        tool_names(&function.send(&event).await.json()),
        ["who_am_i"]
    );

    let legacy = function.call_legacy(&list).await.json();
    assert_eq!(tool_names(&legacy).len(), 9);
    assert_eq!(
        legacy["result"].get("cacheScope"),
        None,
        "older revisions do not know the member"
    );
}

#[tokio::test]
async fn a_call_without_the_scopes_is_403_with_everything_the_client_needs_to_ask_for() {
    let function = Function::streaming().await;
    for answer in [
        function.call(&call("administer")).await,
        function.call_legacy(&call("administer")).await,
    ] {
        assert_eq!(answer.status, 403);
        assert_eq!(
            answer.header("www-authenticate").unwrap(),
            format!(
                "Bearer error=\"insufficient_scope\", scope=\"{RESOURCE}/tools {RESOURCE}/admin\", resource_metadata=\"{METADATA}\""
            )
        );
        let body = answer.json();
        assert_eq!(
            (&body["id"], &body["error"]["code"]),
            (&json!(7), &json!(-32003))
        );
        assert_eq!(
            body["error"]["message"],
            format!("tool administer needs the scope {RESOURCE}/tools {RESOURCE}/admin")
        );
    }
    let mut event = modern_event(&call("administer"));
    event["requestContext"]["authorizer"]["claims"]["scope"] =
        json!(format!("{RESOURCE}/tools {RESOURCE}/admin"));
    assert_eq!(function.send(&event).await.tool_text(), "administered");
}

#[tokio::test]
async fn a_scope_opens_what_the_scopes_that_it_includes_open_and_no_more() {
    let function = Function::streaming().await;
    let list = json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/list" });
    for (granted, status, listed) in [
        ("owner", 200, 9),
        ("everything", 200, 9),
        ("admin", 403, 0),
        ("tools", 403, 8),
    ] {
        let with_scope = |message: &Value| {
            let mut event = modern_event(message);
            event["requestContext"]["authorizer"]["claims"]["scope"] =
                json!(format!("{RESOURCE}/{granted}"));
            event
        };
        let answer = function.send(&with_scope(&call("administer"))).await;
        assert_eq!(answer.status, status, "{granted}");
        let list = function.send(&with_scope(&list)).await.json();
        assert_eq!(tool_names(&list).len(), listed, "{granted}");
        // The tool that none of them opens.
        let answer = function.send(&with_scope(&call("who_am_i"))).await;
        assert_eq!(answer.status, 403, "{granted}");
        assert_eq!(
            answer.header("www-authenticate").unwrap(),
            format!(
                "Bearer error=\"insufficient_scope\", scope=\"{RESOURCE}/profile\", resource_metadata=\"{METADATA}\""
            )
        );
    }
}

#[tokio::test]
async fn foreign_origins_and_hosts_are_refused_as_json_rpc_errors() {
    let function = Function::streaming().await;
    let list = json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/list" });
    for (name, value, status) in [
        ("Origin", "https://evil.example", 403),
        ("Origin", "null", 403),
        ("Origin", "https://d111.cloudfront.net:8443", 403),
        ("Origin", "http://d111.cloudfront.net", 403),
        ("Origin", "https://d111.cloudfront.net", 200),
        ("Host", "evil.example", 403),
        (
            "Host",
            "abc123.execute-api.eu-central-1.amazonaws.com.evil.example",
            403,
        ),
        ("Host", "d111.cloudfront.net", 403),
    ] {
        let mut event = event(&list, &[]);
        set_header(&mut event, name, value);
        let answer = function.send(&event).await;
        assert_eq!(answer.status, status, "{name}: {value}");
        if status == 403 {
            assert_eq!(
                (&answer.json()["id"], &answer.json()["error"]["code"]),
                (&json!(null), &json!(-32000))
            );
        }
    }
}

#[tokio::test]
async fn a_client_in_a_browser_of_an_allowed_origin_may_read_every_answer() {
    let function = Function::start(&[(
        "MCP_ALLOWED_ORIGINS",
        "https://app.example,http://localhost:*",
    )])
    .await;
    let list = json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/list" });
    for (origin, allowed) in [
        ("https://app.example", true),
        ("http://localhost:6274", true),
        ("https://app.example:8443", false),
        ("http://localhost.evil.example:80", false),
        ("https://evil.example", false),
    ] {
        let mut stranger = event(&list, &[("Origin", origin)]);
        stranger["requestContext"]["authorizer"] = json!(null);
        for event in [event(&list, &[("Origin", origin)]), stranger] {
            let answer = function.send(&event).await;
            let expected = allowed.then_some(origin);
            assert_eq!(
                answer.header("access-control-allow-origin"),
                expected,
                "{origin} {}",
                answer.status
            );
            let exposed = allowed.then_some("WWW-Authenticate");
            assert_eq!(answer.header("access-control-expose-headers"), exposed);
        }
    }
    let no_browser = function.send(&event(&list, &[])).await;
    assert_eq!(no_browser.header("access-control-allow-origin"), None);
}
