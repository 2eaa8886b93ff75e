//! The tools as plain REST, in the HTTP service: its limits and its end apply to them as to MCP.

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Gates, HOST, PATIENCE, Service};
use crate::issuer::Issuer;
use crate::plain_http::send;
use crate::wire::HttpAnswer;

const TOOLS_URL: (&str, &str) = ("MCP_TOOLS_URL", "https://mcp.example.com/rest");

async fn start(issuer: &Issuer, gates: &Gates, more: (&str, &str)) -> Service {
    Service::start(issuer, gates, &[TOOLS_URL, more]).await
}

/// A call of the tool `wait`.
fn wait(service: &Service, gate: &str) -> Request<Full<Bytes>> {
    Request::post(format!("http://{}/rest/functions/wait", service.address))
        .header("host", HOST)
        .header("authorization", &service.bearer)
        .header("content-type", "application/json")
        .body(Full::from(json!({ "gate": gate }).to_string()))
        .unwrap()
}

fn text(answer: &HttpAnswer) -> String {
    let body = answer.json();
    let text = body["content"][0]["text"].as_str();
    text.unwrap_or_else(|| panic!("{body}")).to_owned()
}

/// The status and the kind of the problem.
fn problem(answer: &HttpAnswer) -> (u16, Value) {
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json")
    );
    (answer.status, answer.json()["type"].clone())
}

fn kind(name: &str) -> Value {
    json!(format!("urn:mcp-lambda:problem:{name}"))
}

#[tokio::test]
async fn functions_that_wait_keep_no_other_call_from_running() {
    let issuer = Issuer::start().await;
    let gates = Gates::start().await;
    let service = start(&issuer, &gates, ("MCP_HTTP_THREADS", "1")).await;
    // More than one thread works on at one moment.
    let waiting: Vec<_> = (0..40)
        .map(|_| tokio::spawn(send(wait(&service, "all"))))
        .collect();
    gates.arrived("all", 40).await;
    gates.open("one", 1);
    assert_eq!(text(&send(wait(&service, "one")).await), "passed");
    gates.open("all", 40);
    for call in waiting {
        assert_eq!(text(&call.await.unwrap()), "passed");
    }
}

#[tokio::test]
async fn refuses_one_call_too_many_with_problem_details() {
    let issuer = Issuer::start().await;
    let gates = Gates::start().await;
    let service = start(&issuer, &gates, ("MCP_HTTP_REQUESTS", "1")).await;
    let waiting = tokio::spawn(send(wait(&service, "one")));
    gates.arrived("one", 1).await;
    let refused = send(wait(&service, "one")).await;
    assert_eq!(problem(&refused), (503, kind("overloaded")));
    assert_eq!(refused.header("retry-after"), Some("1"));
    gates.open("one", 1);
    assert_eq!(text(&waiting.await.unwrap()), "passed");
}

#[tokio::test]
async fn refuses_a_body_that_does_not_arrive_with_problem_details() {
    let issuer = Issuer::start().await;
    let gates = Gates::start().await;
    let service = start(&issuer, &gates, ("MCP_HTTP_BODY_MS", "50")).await;
    let mut stream = TcpStream::connect(&service.address).await.unwrap();
    let head = format!(
        "POST /rest/functions/wait HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: {}\r\nContent-Length: 100\r\n\r\n{{",
        service.bearer
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut refused = String::new();
    let reading = stream.read_to_string(&mut refused);
    let read = tokio::time::timeout(PATIENCE, reading).await;
    read.expect("the server closes the connection").unwrap();
    assert!(refused.starts_with("HTTP/1.1 408 "), "{refused}");
    assert!(
        refused.contains("urn:mcp-lambda:problem:body-too-slow"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_client_that_goes_away_cancels_its_function() {
    let issuer = Issuer::start().await;
    let mut gates = Gates::start().await;
    let service = start(&issuer, &gates, ("MCP_HTTP_THREADS", "1")).await;
    let call = tokio::spawn(send(wait(&service, "shut")));
    gates.arrived("shut", 1).await;
    call.abort();
    assert_eq!(gates.left().await, "shut");
}

#[tokio::test]
async fn a_call_ends_at_its_deadline() {
    let issuer = Issuer::start().await;
    let gates = Gates::start().await;
    let service = start(&issuer, &gates, ("MCP_HTTP_CALL_MS", "500")).await;
    let late = send(wait(&service, "shut")).await;
    assert_eq!(problem(&late), (504, kind("too-late")));
}

#[tokio::test]
async fn a_shutdown_finishes_running_calls_and_stops_those_that_do_not_end() {
    let issuer = Issuer::start().await;
    let mut gates = Gates::start().await;
    let mut service = start(&issuer, &gates, ("MCP_HTTP_SHUTDOWN_MS", "3000")).await;
    let [finished, stopped] = ["open", "shut"].map(|gate| tokio::spawn(send(wait(&service, gate))));
    gates.arrived("open", 1).await;
    gates.arrived("shut", 1).await;
    service.signal("TERM");
    service.logged("shutting down").await;
    gates.open("open", 1);
    assert_eq!(text(&finished.await.unwrap()), "passed");
    let stopped = stopped.await.unwrap();
    assert_eq!(problem(&stopped), (504, kind("too-late")));
    assert_eq!(gates.left().await, "shut");
    assert!(service.ended().await);
}
