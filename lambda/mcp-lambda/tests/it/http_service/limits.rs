//! The limits of the HTTP service, and clients that go away.

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Gates, HOST, PATIENCE, Service, call, says_that_it_was_stopped};
use crate::issuer::Issuer;
use crate::plain_http::send;

/// Needs neither an access token nor the issuer's keys.
const METADATA: &str = "/.well-known/oauth-protected-resource";

/// Reads until the server closes the connection.
async fn rest(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    let reading = stream.read_to_string(&mut text);
    let read = tokio::time::timeout(PATIENCE, reading).await;
    read.expect("the server closes the connection").unwrap();
    text.to_ascii_lowercase()
}

#[tokio::test]
async fn refuses_one_request_too_many_until_another_one_has_ended() {
    let issuer = Issuer::start().await;
    let gates = Gates::start().await;
    let service = Service::start(&issuer, &gates, &[("MCP_HTTP_REQUESTS", "1")]).await;
    let waiting = tokio::spawn(send(
        service.request(&call("wait", json!({ "gate": "one" }))),
    ));
    gates.arrived("one", 1).await;
    let refused = service.call("echo", json!({ "text": "hi" })).await;
    assert_eq!(
        (refused.status, refused.header("retry-after")),
        (503, Some("1"))
    );
    assert_eq!(
        refused.json()["error"]["message"],
        "the server has as many requests as it takes, try again in a moment"
    );
    assert_eq!(
        service.health().await.status,
        200,
        "a busy server is healthy"
    );

    gates.open("one", 1);
    assert_eq!(waiting.await.unwrap().tool_text(), "passed");
    assert_eq!(
        service
            .call("echo", json!({ "text": "hi" }))
            .await
            .tool_text(),
        "hi"
    );
}

#[tokio::test]
async fn tools_that_wait_keep_no_other_call_from_running() {
    let issuer = Issuer::start().await;
    let gates = Gates::start().await;
    let service = Service::start(&issuer, &gates, &[("MCP_HTTP_THREADS", "1")]).await;
    // More than one thread works on at one moment.
    let waiting: Vec<_> = (0..40)
        .map(|_| {
            tokio::spawn(send(
                service.request(&call("wait", json!({ "gate": "all" }))),
            ))
        })
        .collect();
    gates.arrived("all", 40).await;
    assert_eq!(
        service
            .call("echo", json!({ "text": "hi" }))
            .await
            .tool_text(),
        "hi"
    );
    gates.open("all", 40);
    for call in waiting {
        assert_eq!(call.await.unwrap().tool_text(), "passed");
    }
}

#[tokio::test]
async fn refuses_one_connection_too_many_until_another_one_is_closed() {
    let issuer = Issuer::start().await;
    let gates = Gates::start().await;
    // Waiting until the process is ready would take the connection.
    let service = Service::begin(&issuer, &gates, &[("MCP_HTTP_CONNECTIONS", "1")]).await;
    let request = format!("GET {METADATA} HTTP/1.1\r\nHost: {HOST}\r\n\r\n");
    let mut first = TcpStream::connect(&service.address).await.unwrap();
    first.write_all(request.as_bytes()).await.unwrap();
    assert!(first.read(&mut [0; 64]).await.unwrap() > 0);

    assert_ne!(
        service.health().await.json()["status"],
        json!(null),
        "a health check is no connection too many"
    );

    let mut second = TcpStream::connect(&service.address).await.unwrap();
    second.write_all(request.as_bytes()).await.unwrap();
    let refused = rest(&mut second).await;
    assert!(refused.starts_with("http/1.1 503 "), "{refused}");
    for header in ["retry-after: 1\r\n", "connection: close\r\n"] {
        assert!(refused.contains(header), "{refused}");
    }
    drop(first);
    let served = async {
        loop {
            let mut third = TcpStream::connect(&service.address).await.unwrap();
            third.write_all(request.as_bytes()).await.unwrap();
            let mut head = [0; 12];
            third.read_exact(&mut head).await.unwrap();
            if head == *b"HTTP/1.1 200" {
                break;
            }
        }
    };
    let served = tokio::time::timeout(PATIENCE, served).await;
    served.expect("there is room for another connection");
}

#[tokio::test]
async fn refuses_a_body_that_does_not_arrive_and_closes_the_connection() {
    let issuer = Issuer::start().await;
    let gates = Gates::start().await;
    let service = Service::start(&issuer, &gates, &[("MCP_HTTP_BODY_MS", "50")]).await;
    let mut stream = TcpStream::connect(&service.address).await.unwrap();
    let head = format!(
        "POST /mcp HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: {}\r\nContent-Length: 100\r\n\r\n{{",
        service.bearer
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let refused = rest(&mut stream).await;
    assert!(refused.starts_with("http/1.1 408 "), "{refused}");
    assert!(
        refused.contains("did not arrive within 50 milliseconds"),
        "{refused}"
    );
}

#[tokio::test]
async fn closes_a_connection_that_has_been_idle() {
    let issuer = Issuer::start().await;
    let gates = Gates::start().await;
    let keep_alive = ("MCP_HTTP_KEEP_ALIVE_MS", "50");
    let service = Service::start(&issuer, &gates, &[keep_alive]).await;
    let mut stream = TcpStream::connect(&service.address).await.unwrap();
    let request = format!("GET {METADATA} HTTP/1.1\r\nHost: {HOST}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let served = rest(&mut stream).await;
    assert_eq!(served.matches("http/1.1 200").count(), 1, "{served}");
}

#[tokio::test]
async fn a_client_that_goes_away_cancels_its_tool() {
    let issuer = Issuer::start().await;
    let mut gates = Gates::start().await;
    let mut service = Service::start(&issuer, &gates, &[]).await;
    for gate in ["first", "second"] {
        let request = service.request(&call("wait", json!({ "gate": gate })));
        let call = tokio::spawn(send(request));
        gates.arrived(gate, 1).await;
        call.abort();
        assert_eq!(gates.left().await, gate);
    }
    let line = service.logged("\"cancelled\"").await;
    assert!(line.contains("\"tool\":\"wait\""), "{line}");
}

#[tokio::test]
async fn a_call_ends_at_its_deadline() {
    let issuer = Issuer::start().await;
    let gates = Gates::start().await;
    let service = Service::start(&issuer, &gates, &[("MCP_HTTP_CALL_MS", "500")]).await;
    let late = service.call("wait", json!({ "gate": "shut" })).await;
    assert!(says_that_it_was_stopped(&late), "{}", late.json());
}
