//! What SIGTERM does to running calls.

use serde_json::json;
use tokio::net::TcpStream;

use super::{Gates, Service, call, says_that_it_was_stopped};
use crate::issuer::Issuer;
use crate::plain_http::send;

#[tokio::test]
async fn finishes_running_calls_and_accepts_no_other_connection() {
    let issuer = Issuer::start().await;
    let gates = Gates::start().await;
    let mut service = Service::start(&issuer, &gates, &[]).await;
    let running = tokio::spawn(send(
        service.request(&call("wait", json!({ "gate": "last" }))),
    ));
    gates.arrived("last", 1).await;
    service.signal("TERM");
    service.logged("shutting down").await;
    assert!(TcpStream::connect(&service.address).await.is_err());

    gates.open("last", 1);
    let answer = running.await.unwrap();
    assert_eq!(
        (answer.tool_text().as_str(), answer.header("connection")),
        ("passed", Some("close"))
    );
    assert!(service.ended().await);
}

#[tokio::test]
async fn stops_a_call_that_does_not_end_and_tells_its_client() {
    let issuer = Issuer::start().await;
    let mut gates = Gates::start().await;
    let grace = ("MCP_HTTP_SHUTDOWN_MS", "1200");
    let service = Service::start(&issuer, &gates, &[grace]).await;
    let running = tokio::spawn(send(
        service.request(&call("wait", json!({ "gate": "shut" }))),
    ));
    gates.arrived("shut", 1).await;
    service.signal("TERM");
    let late = running.await.unwrap();
    assert!(says_that_it_was_stopped(&late), "{}", late.json());
    assert_eq!(gates.left().await, "shut");
    assert!(service.ended().await);
}

#[tokio::test]
async fn ends_at_once_when_it_is_told_twice() {
    let issuer = Issuer::start().await;
    let gates = Gates::start().await;
    let mut service = Service::start(&issuer, &gates, &[]).await;
    let running = tokio::spawn(send(
        service.request(&call("wait", json!({ "gate": "shut" }))),
    ));
    gates.arrived("shut", 1).await;
    service.signal("TERM");
    service.logged("shutting down").await;
    service.signal("TERM");
    assert!(service.ended().await);
    assert!(running.await.is_err(), "its connection was closed");
}

#[tokio::test]
async fn an_idle_connection_does_not_hold_up_the_end() {
    let issuer = Issuer::start().await;
    let gates = Gates::start().await;
    let service = Service::start(&issuer, &gates, &[]).await;
    let idle = TcpStream::connect(&service.address).await.unwrap();
    // Connections are accepted in their order.
    service.health().await;
    service.signal("TERM");
    assert!(service.ended().await);
    drop(idle);
}
