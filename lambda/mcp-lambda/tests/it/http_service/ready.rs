//! Health checks, threads, and the headers of proxies.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::Response;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::json;

use super::{Gates, Service, call};
use crate::issuer::{Issuer, key, published};
use crate::plain_http::send;

#[tokio::test]
async fn becomes_ready_with_the_keys_of_its_issuer() {
    let is_up = Arc::new(AtomicBool::new(false));
    let answers = Arc::clone(&is_up);
    let keys = json!({ "keys": [published(&key("test-only-key-1.pk8"), "current")] });
    let issuer = Issuer::answering(move || {
        let mut response = Response::new(Full::from(keys.to_string()));
        if !answers.load(Ordering::SeqCst) {
            *response.status_mut() = http::StatusCode::BAD_GATEWAY;
        }
        response
    })
    .await;
    let gates = Gates::start().await;
    let mut service = Service::begin(&issuer, &gates, &[]).await;
    service.logged("the issuer's keys cannot be read").await;
    let health = service.health().await;
    assert_eq!(
        (health.status, health.json()),
        (
            503,
            json!({ "status": "unavailable", "reason": "the issuer's keys have not been read" })
        )
    );

    is_up.store(true, Ordering::SeqCst);
    service.becomes_ready().await;
    let health = service.health().await;
    assert_eq!(health.json(), json!({ "status": "ready" }));
    assert_eq!(
        service
            .call("echo", json!({ "text": "hi" }))
            .await
            .tool_text(),
        "hi"
    );
}

#[tokio::test]
async fn serves_connections_on_as_many_threads_as_it_is_told() {
    let issuer = Issuer::start().await;
    let gates = Gates::start().await;
    let service = Service::start(&issuer, &gates, &[("MCP_HTTP_THREADS", "3")]).await;
    let mut threads = BTreeSet::new();
    let mut open = Vec::new();
    for _ in 0..3 {
        // Each client keeps a connection of its own.
        let client = Client::builder(TokioExecutor::new()).build_http();
        let request = service.request(&call("thread", json!({})));
        let (_, body) = client.request(request).await.unwrap().into_parts();
        let body = http_body_util::BodyExt::collect(body)
            .await
            .unwrap()
            .to_bytes();
        let answer: serde_json::Value = serde_json::from_slice(&body).unwrap();
        threads.insert(answer["result"]["content"][0]["text"].to_string());
        open.push(client);
    }
    assert_eq!(threads.len(), 3, "{threads:?}");
}

#[tokio::test]
async fn shows_tools_what_a_trusted_proxy_says_and_nothing_that_a_client_says() {
    let issuer = Issuer::start().await;
    let gates = Gates::start().await;
    let from_proxy = |service: &Service| {
        let mut request = service.request(&call("forwarded", json!({})));
        for (name, value) in [
            ("host", "10.0.0.7:3000"),
            ("x-forwarded-host", "mcp.example.com"),
            ("x-forwarded-for", "203.0.113.9"),
            ("x-forwarded-proto", "https"),
            ("x-real-ip", "203.0.113.9"),
            ("forwarded", "for=203.0.113.9"),
        ] {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        request
    };
    let trusting = [("MCP_TRUSTED_PROXIES", "10.0.0.0/8, 127.0.0.1")];
    let trusting = Service::start(&issuer, &gates, &trusting).await;
    let shown = send(from_proxy(&trusting)).await.tool_text();
    assert_eq!(
        shown,
        "forwarded=for=203.0.113.9 x-forwarded-for=203.0.113.9 x-forwarded-host=mcp.example.com \
         x-forwarded-proto=https x-real-ip=203.0.113.9"
    );

    for untrusting in [vec![], vec![("MCP_TRUSTED_PROXIES", "10.0.0.0/8")]] {
        let untrusting = Service::start(&issuer, &gates, &untrusting).await;
        let refused = send(from_proxy(&untrusting)).await;
        assert_eq!(refused.status, 403, "the host is that of the request");
        let mut direct = from_proxy(&untrusting);
        let host = "mcp.example.com".parse().unwrap();
        direct.headers_mut().insert("host", host);
        assert_eq!(send(direct).await.tool_text(), "");
    }
}
