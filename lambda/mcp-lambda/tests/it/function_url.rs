//! A function URL: nobody has verified the caller before, and the same metadata and challenges as over plain HTTP.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use mcp_lambda_testing::{FunctionOptions, Gateway, GatewayOptions, TransferMode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::event_source::{Function, ISSUER, METADATA, RESOURCE, call, data};
use crate::issuer::{Issuer, claims};
use crate::plain_http::{post, send};
use crate::secrets;

/// The server behind a function URL, as a program with a Lambda Runtime API. Returns its MCP URL.
async fn start(issuer: &Issuer, transfer_mode: TransferMode) -> String {
    start_with(issuer, transfer_mode, &[]).await
}

async fn start_with(issuer: &Issuer, transfer_mode: TransferMode, more: &[(&str, &str)]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    let mode = match transfer_mode {
        TransferMode::Stream => "stream",
        TransferMode::Buffered => "buffered",
    };
    let mut environment = BTreeMap::from([
        ("MCP_RESOURCE".to_owned(), url.clone()),
        ("MCP_ISSUER".to_owned(), ISSUER.to_owned()),
        ("MCP_JWKS_URL".to_owned(), issuer.jwks_url()),
        ("MCP_RESPONSE_MODE".to_owned(), mode.to_owned()),
    ]);
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    environment.extend(more.iter().map(owned));
    let function = mcp_lambda_testing::Function::new(FunctionOptions {
        command: secrets::command(),
        environment,
        handler: "bootstrap".to_owned(),
        timeout: Duration::from_secs(20),
        transfer_mode,
        kills: None,
    });
    tokio::spawn(Gateway::new(function, GatewayOptions::FunctionUrl).serve(listener));
    url
}

#[tokio::test]
async fn serves_a_verified_caller_streamed_and_buffered() {
    let issuer = Issuer::start().await;
    for mode in [TransferMode::Stream, TransferMode::Buffered] {
        let url = start(&issuer, mode).await;
        let token = format!("Bearer {}", issuer.token(&claims(&url)));
        let answer = send(post(&url, Some(&token), &call("who_am_i"))).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some("application/json"))
        );
        assert_eq!(
            answer.tool_text(),
            "person user-1 client-1 [\"profile\", \"tools\"] [\"keepers, senior\"]"
        );
        let mut progress = call("ticks");
        progress["params"]["_meta"] = json!({ "progressToken": 1 });
        let events = send(post(&url, Some(&token), &progress)).await.events();
        let methods: Vec<&Value> = events.iter().map(|event| &event["method"]).collect();
        assert_eq!(
            methods,
            [&json!("notifications/progress"), &Value::Null],
            "{mode:?}"
        );
    }
}

#[tokio::test]
async fn a_person_needs_an_audience_where_it_is_required_and_a_machine_does_not() {
    let issuer = Issuer::start().await;
    let required = [("MCP_AUDIENCE_REQUIRED", "true")];
    let url = start_with(&issuer, TransferMode::Stream, &required).await;
    let mut unbound = claims(&url);
    unbound.as_object_mut().unwrap().remove("aud");
    let mut machine = unbound.clone();
    machine["sub"] = machine["client_id"].clone();
    machine.as_object_mut().unwrap().remove("username");
    for (claims, status) in [(claims(&url), 200), (unbound, 401), (machine, 200)] {
        let token = format!("Bearer {}", issuer.token(&claims));
        let answer = send(post(&url, Some(&token), &call("who_am_i"))).await;
        assert_eq!(answer.status, status, "{claims}");
    }
}

#[tokio::test]
async fn tells_a_stranger_where_to_sign_in_and_nothing_else() {
    let issuer = Issuer::start().await;
    let url = start(&issuer, TransferMode::Stream).await;
    let origin = url.trim_end_matches("/mcp").to_owned();
    let challenge = send(post(&url, None, &call("who_am_i"))).await;
    assert_eq!(challenge.status, 401);
    // Lambda renames the header, so a client has to find the metadata at its well-known place.
    assert_eq!(
        challenge
            .header("x-amzn-remapped-www-authenticate")
            .unwrap(),
        format!(
            "Bearer resource_metadata=\"{origin}/.well-known/oauth-protected-resource/mcp\", \
             scope=\"{url}/tools {url}/profile {url}/admin {url}/owner {url}/everything\""
        )
    );
    for path in [
        "/.well-known/oauth-protected-resource/mcp",
        "/.well-known/oauth-protected-resource",
    ] {
        let answer = send(
            Request::get(format!("{origin}{path}"))
                .body(Full::default())
                .unwrap(),
        )
        .await;
        assert_eq!(
            (answer.status, &answer.json()["resource"]),
            (200, &json!(url))
        );
        assert_eq!(answer.json()["authorization_servers"], json!([ISSUER]));
    }
    for (path, method) in [
        ("/", "GET"),
        ("/mcp/", "POST"),
        ("/.well-known/oauth-protected-resource", "POST"),
    ] {
        let request = Request::builder()
            .method(method)
            .uri(format!("{origin}{path}"));
        assert_eq!(
            send(request.body(Full::default()).unwrap()).await.status,
            404,
            "{method} {path}"
        );
    }
    for (token, told) in [
        (
            issuer.token(&claims("https://other.example/mcp")),
            "the access token was issued for another resource",
        ),
        ("a.b.c".to_owned(), "the access token is not a signed JWT"),
    ] {
        let answer = send(post(
            &url,
            Some(&format!("Bearer {token}")),
            &call("who_am_i"),
        ))
        .await;
        assert_eq!(
            (answer.status, &answer.json()["error_description"]),
            (401, &json!(told))
        );
    }
}

fn url_event(message: &Value, token: Option<&str>) -> Value {
    let mut event = data("event-function-url.json");
    event["body"] = json!(message.to_string());
    event["headers"]["mcp-protocol-version"] = json!("2025-11-25");
    if let Some(token) = token {
        event["headers"]["authorization"] = json!(format!("Bearer {token}"));
    }
    event
}

async fn function(issuer: &Issuer) -> Function {
    Function::start(&[
        ("MCP_JWKS_URL", &issuer.jwks_url()),
        ("MCP_ALLOWED_HOSTS", "d111.cloudfront.net"),
    ])
    .await
}

#[tokio::test]
async fn believes_nothing_that_the_event_says_about_its_caller() {
    let issuer = Issuer::start().await;
    let function = function(&issuer).await;
    let claims = claims(RESOURCE);
    for authorizer in [
        json!({ "claims": claims }),
        json!({ "jwt": { "claims": claims, "scopes": [format!("{RESOURCE}/profile")] } }),
        json!({ "lambda": claims }),
        json!({ "iam": { "userId": "AIDA", "callerId": "user-1" } }),
    ] {
        let mut event = url_event(&call("who_am_i"), None);
        event["requestContext"]["authorizer"] = authorizer.clone();
        let answer = function.send(&event).await;
        assert_eq!(answer.status, 401, "{authorizer}");
        let challenge = answer.header("www-authenticate").unwrap();
        assert!(challenge.contains(METADATA), "{challenge}");
    }
    // Two access tokens arrive as one value.
    let good = issuer.token(&claims);
    let mut two = url_event(&call("who_am_i"), None);
    two["headers"]["authorization"] = json!(format!("Bearer {good},Bearer {good}"));
    assert_eq!(function.send(&two).await.status, 401);
    assert_eq!(
        function
            .send(&url_event(&call("who_am_i"), Some(&good)))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn reads_cookies_repeated_headers_and_base64_bodies() {
    let issuer = Issuer::start().await;
    let function = function(&issuer).await;
    let token = issuer.token(&claims(RESOURCE));
    let mut event = url_event(&call("headers"), Some(&token));
    event["body"] = json!(STANDARD.encode(event["body"].as_str().unwrap()));
    event["isBase64Encoded"] = json!(true);
    let headers = function.send(&event).await.tool_text();
    assert!(
        headers.contains("\"cookie\": \"theme=dark; lang=en\""),
        "{headers}"
    );
    assert!(headers.contains("\"x-several\": \"one,two\""), "{headers}");
    assert!(
        !headers.contains(&token),
        "a tool does not get the access token"
    );

    for (path, status) in [
        ("/mcp", 200),
        ("/m cp", 404),
        ("", 404),
        ("//evil.example/mcp", 404),
        ("http://[", 404),
    ] {
        event["rawPath"] = json!(path);
        assert_eq!(function.send(&event).await.status, status, "{path:?}");
    }
    event["version"] = json!("3.0");
    let other = function
        .invoke(&event, Duration::from_secs(10))
        .await
        .all()
        .await;
    assert_eq!(
        other,
        Bytes::from_static(b"null"),
        "an event of a format that nobody knows is no request"
    );
}
