//! The server without a gateway, over real HTTP.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use mcp_lambda::Definition;
use rmcp::ServerHandler;
use serde_json::{Value, json};

use crate::event_source::{ISSUER, call, process};
use crate::issuer::{Issuer, claims};
use crate::server;
use crate::wire::HttpAnswer;

/// Sends one request and reads the whole answer.
pub(crate) async fn send(request: Request<Full<Bytes>>) -> HttpAnswer {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let (head, body) = client.request(request).await.unwrap().into_parts();
    HttpAnswer {
        status: head.status.as_u16(),
        headers: head.headers,
        body: body.collect().await.unwrap().to_bytes(),
    }
}

/// A POST of this message, with this `Authorization` value if there is one.
pub(crate) fn post(
    url: &str,
    authorization: Option<&str>,
    message: &serde_json::Value,
) -> Request<Full<Bytes>> {
    let mut request = Request::post(url)
        .header("Content-Type", "application/json")
        .header("Accept", "application/json, text/event-stream")
        .header("MCP-Protocol-Version", "2025-11-25");
    if let Some(authorization) = authorization {
        request = request.header("Authorization", authorization);
    }
    request.body(Full::from(message.to_string())).unwrap()
}

/// The test server in plain HTTP mode.
pub(crate) struct PlainServer {
    pub(crate) url: String,
    pub(crate) issuer: &'static str,
    pub(crate) log: Arc<Mutex<Vec<String>>>,
}

impl PlainServer {
    pub(crate) async fn start(issuer: &Issuer) -> Self {
        Self::start_server(issuer, server::definition).await
    }

    pub(crate) async fn start_server<S: ServerHandler>(
        issuer: &Issuer,
        definition: fn() -> Definition<S>,
    ) -> Self {
        Self::start_with(issuer, &[], definition).await
    }

    /// The same with more variables.
    pub(crate) async fn start_with<S: ServerHandler>(
        issuer: &Issuer,
        more: &[(&'static str, &str)],
        definition: fn() -> Definition<S>,
    ) -> Self {
        // The resource identifier has to name the port, so a free one is looked for first.
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let url = format!("http://127.0.0.1:{port}/mcp");
        let mut variables = BTreeMap::from([
            ("MCP_RESOURCE", url.clone()),
            ("MCP_ISSUER", ISSUER.to_owned()),
            ("MCP_JWKS_URL", issuer.jwks_url()),
            ("MCP_LISTEN", format!("127.0.0.1:{port}")),
        ]);
        variables.extend(
            more.iter()
                .map(|(name, value)| (*name, (*value).to_owned())),
        );
        let log: Arc<Mutex<Vec<String>>> = Arc::default();
        let process = process(&[], &variables, &log);
        std::thread::spawn(move || mcp_lambda::run(process, definition()));
        let listening = async {
            while !log
                .lock()
                .unwrap()
                .iter()
                .any(|line| line.contains("\"listening\""))
            {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), listening)
            .await
            .expect("the server listens");
        Self {
            url,
            issuer: ISSUER,
            log,
        }
    }

    /// Claims that are accepted.
    pub(crate) fn claims(&self) -> Value {
        claims(&self.url)
    }

    pub(crate) async fn status_and_reason(&self, token: &str) -> (u16, String) {
        let answer = send(post(
            &self.url,
            Some(&format!("Bearer {token}")),
            &call("who_am_i"),
        ))
        .await;
        let reason = match answer.status {
            200 => String::new(),
            _ => answer.json()["error_description"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        };
        (answer.status, reason)
    }
}

#[tokio::test]
async fn serves_a_caller_whose_token_it_has_verified() {
    let issuer = Issuer::start().await;
    let server = PlainServer::start(&issuer).await;
    let token = issuer.token(&server.claims());
    let answer = send(post(
        &server.url,
        Some(&format!("Bearer {token}")),
        &call("who_am_i"),
    ))
    .await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.tool_text(),
        "person user-1 client-1 [\"profile\", \"tools\"] [\"keepers, senior\"]"
    );
}

#[tokio::test]
async fn serves_its_protected_resource_metadata_without_a_token() {
    let issuer = Issuer::start().await;
    let server = PlainServer::start(&issuer).await;
    let origin = server.url.trim_end_matches("/mcp");
    let scopes = ["tools", "profile", "admin", "owner", "everything"]
        .map(|name| format!("{}/{name}", server.url));
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
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(
            answer.json(),
            json!({
                "resource": server.url,
                "authorization_servers": [server.issuer],
                "scopes_supported":
                    scopes,
                "bearer_methods_supported": ["header"],
                "resource_name": "test-server",
            })
        );
        let head = send(
            Request::head(format!("{origin}{path}"))
                .body(Full::default())
                .unwrap(),
        )
        .await;
        assert_eq!(
            (
                head.status,
                head.header("content-type"),
                head.body.is_empty()
            ),
            (200, answer.header("content-type"), true),
            "{path}"
        );
    }
    let elsewhere = send(
        Request::get(format!("{origin}/admin"))
            .body(Full::default())
            .unwrap(),
    )
    .await;
    assert_eq!(
        (elsewhere.status, elsewhere.json()["error"]["code"].as_i64()),
        (404, Some(-32000))
    );
}

#[tokio::test]
async fn asks_for_a_token_before_it_says_anything_else() {
    let issuer = Issuer::start().await;
    let server = PlainServer::start(&issuer).await;
    let token = issuer.token(&server.claims());
    let in_query = format!("{}?access_token={token}", server.url);
    let get = Request::get(&server.url).body(Full::default()).unwrap();
    for request in [
        post(&server.url, None, &call("who_am_i")),
        post(&server.url, Some("Bearer"), &call("who_am_i")),
        post(&server.url, Some("Bearer   "), &call("who_am_i")),
        post(
            &server.url,
            Some(&format!("Basic {token}")),
            &call("who_am_i"),
        ),
        post(&server.url, Some(&token), &call("who_am_i")),
        post(&in_query, None, &call("who_am_i")),
        get,
    ] {
        let answer = send(request).await;
        assert_eq!(answer.status, 401);
        let challenge = answer.header("www-authenticate").unwrap();
        assert!(
            challenge.starts_with("Bearer resource_metadata=\"http://127.0.0.1:"),
            "{challenge}"
        );
    }
    let mut twice = post(
        &server.url,
        Some(&format!("Bearer {token}")),
        &call("who_am_i"),
    );
    twice
        .headers_mut()
        .append("Authorization", "Bearer other".parse().unwrap());
    assert_eq!(send(twice).await.status, 401);
}

#[tokio::test]
async fn refuses_a_body_that_is_too_large() {
    let issuer = Issuer::start().await;
    let server = PlainServer::start(&issuer).await;
    let token = issuer.token(&server.claims());
    let message = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping", "params": { "x": "x".repeat(5 * 1024 * 1024) } });
    let answer = send(post(
        &server.url,
        Some(&format!("Bearer {token}")),
        &message,
    ))
    .await;
    assert_eq!(
        (answer.status, answer.json()["error"]["code"].as_i64()),
        (413, Some(-32000))
    );
}

#[tokio::test]
async fn says_503_and_not_401_when_the_keys_cannot_be_read() {
    let issuer = Issuer::answering(|| {
        let mut response = Response::new(Full::from("sorry"));
        *response.status_mut() = StatusCode::BAD_GATEWAY;
        response
    })
    .await;
    let server = PlainServer::start(&issuer).await;
    let token = issuer.token(&server.claims());
    let answer = send(post(
        &server.url,
        Some(&format!("Bearer {token}")),
        &call("who_am_i"),
    ))
    .await;
    assert_eq!(
        (answer.status, answer.json()["error"].as_str()),
        (503, Some("temporarily_unavailable"))
    );
}

#[tokio::test]
async fn tells_a_browser_of_its_own_origin_that_it_may_post() {
    let issuer = Issuer::start().await;
    let server = PlainServer::start(&issuer).await;
    let own = server.url.trim_end_matches("/mcp");
    let ask = |origin: &str| {
        Request::options(&server.url)
            .header("Origin", origin)
            .header("Access-Control-Request-Method", "POST")
            .header(
                "Access-Control-Request-Headers",
                "authorization,mcp-param-city",
            )
            .body(Full::default())
            .unwrap()
    };
    let answer = send(ask(own)).await;
    assert_eq!(
        (answer.status, answer.header("access-control-allow-origin")),
        (204, Some(own))
    );
    assert_eq!(answer.header("access-control-allow-methods"), Some("POST"));
    assert_eq!(
        answer.header("access-control-allow-headers"),
        Some("authorization,mcp-param-city")
    );

    let foreign = send(ask("https://evil.example")).await;
    assert_eq!(
        (
            foreign.status,
            foreign.header("access-control-allow-origin")
        ),
        (401, None)
    );
}
