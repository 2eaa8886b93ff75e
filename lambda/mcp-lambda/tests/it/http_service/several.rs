//! Several processes with one table, one of which goes away.

use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

use super::{Gates, PATIENCE, Service, call};
use crate::dynamodb::Table;
use crate::event_source::data;
use crate::issuer::Issuer;
use crate::plain_http::send;
use crate::wire::HttpAnswer;

const KEYS: &str = "one:0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ01";

async fn start(issuer: &Issuer, gates: &Gates, table: &Table, more: &[(&str, &str)]) -> Service {
    let mut variables = table.variables().to_vec();
    variables.push(("MCP_STATE_KEYS", KEYS));
    variables.extend(more);
    Service::start(issuer, gates, &variables).await
}

async fn initialize(service: &Service) -> String {
    let answer = send(service.request(&data("initialize-2025-11-25.json"))).await;
    answer.header("mcp-session-id").unwrap().to_owned()
}

fn in_session(service: &Service, session: &str, message: &Value) -> Request<Full<Bytes>> {
    let mut request = service.request(message);
    let session = session.parse().unwrap();
    request.headers_mut().insert("mcp-session-id", session);
    request
}

/// A message of 2026-07-28 from a client that knows tasks.
fn modern(service: &Service, name: &str, mut message: Value) -> Request<Full<Bytes>> {
    message["params"]["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": { "extensions": { "io.modelcontextprotocol/tasks": {} } },
    });
    let mut request = service.request(&message);
    let headers = request.headers_mut();
    headers.insert("mcp-protocol-version", "2026-07-28".parse().unwrap());
    let method = message["method"].as_str().unwrap().parse().unwrap();
    headers.insert("mcp-method", method);
    headers.insert("mcp-name", name.parse().unwrap());
    request
}

/// The start of an event stream: the id of its last event so far, and the rest.
struct Stream {
    headers: HeaderMap,
    body: Incoming,
    text: String,
}

impl Stream {
    async fn open(request: Request<Full<Bytes>>) -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        let (head, body) = client.request(request).await.unwrap().into_parts();
        assert_eq!(head.status, 200);
        Self {
            headers: head.headers,
            body,
            text: String::new(),
        }
    }

    /// Reads until the text is there, or to the end of the stream.
    async fn read(&mut self, text: Option<&str>) -> &str {
        let reading = async {
            while text.is_none_or(|text| !self.text.contains(text)) {
                // A process that was killed ends its streams with an error.
                let Some(Ok(frame)) = self.body.frame().await else {
                    break;
                };
                let data = frame.into_data().unwrap_or_default();
                self.text.push_str(&String::from_utf8_lossy(&data));
            }
        };
        let read = tokio::time::timeout(PATIENCE, reading).await;
        read.expect("the stream goes on");
        &self.text
    }

    fn last_id(&self) -> String {
        let mut lines = self.text.lines().rev();
        let id = lines.find_map(|line| line.strip_prefix("id: "));
        id.expect("an event with an id").to_owned()
    }
}

/// The text of a tool's result, which is an event of a stream when it takes longer than a second.
fn text_of(answer: &HttpAnswer) -> String {
    let body = String::from_utf8_lossy(&answer.body);
    let json = body
        .lines()
        .map(|line| line.trim_start_matches("data:").trim())
        .find(|line| line.starts_with('{'));
    let message: Value = serde_json::from_str(json.unwrap()).unwrap();
    let text = message["result"]["content"][0]["text"].as_str();
    text.unwrap().to_owned()
}

/// The GET of a client that reconnects.
async fn reconnect(service: &Service, session: &str, last_id: &str) -> Stream {
    let mut request = in_session(service, session, &Value::Null);
    *request.method_mut() = Method::GET;
    *request.body_mut() = Full::default();
    let last_id = last_id.parse().unwrap();
    request.headers_mut().insert("last-event-id", last_id);
    Stream::open(request).await
}

#[tokio::test]
async fn a_session_and_a_task_go_on_at_another_process_when_theirs_is_killed() {
    let (issuer, table) = (Issuer::start().await, Table::start().await);
    let gates = Gates::start().await;
    let first = start(&issuer, &gates, &table, &[]).await;
    let second = start(&issuer, &gates, &table, &[]).await;
    let session = initialize(&first).await;
    let count = async |service: &Service| {
        let message = call("count", json!({}));
        text_of(&send(in_session(service, &session, &message)).await)
    };
    assert_eq!(count(&first).await, "1");

    let created = send(modern(
        &first,
        "pass",
        call("pass", json!({ "gate": "task" })),
    ))
    .await;
    let task = created.json()["result"]["taskId"]
        .as_str()
        .unwrap()
        .to_owned();
    let look = async || -> HttpAnswer {
        let get = json!({ "jsonrpc": "2.0", "id": 8, "method": "tasks/get", "params": { "taskId": task } });
        send(modern(&second, &task, get)).await
    };
    gates.arrived("task", 1).await;
    assert_eq!(look().await.json()["result"]["status"], "working");
    gates.open("task", 1);
    let done = async {
        while look().await.json()["result"]["status"] == "working" {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, done).await.unwrap();
    first.signal("KILL");
    assert!(!first.ended().await);

    assert_eq!(count(&second).await, "2");
    let result = look().await.json()["result"].clone();
    assert_eq!(result["result"]["content"][0]["text"], "passed", "{result}");
}

#[tokio::test]
async fn a_stream_goes_on_at_another_process_while_its_own_shuts_down() {
    let (issuer, table) = (Issuer::start().await, Table::start().await);
    let gates = Gates::start().await;
    let first = start(&issuer, &gates, &table, &[]).await;
    let second = start(&issuer, &gates, &table, &[]).await;
    let session = initialize(&first).await;
    let message = call("pass", json!({ "gate": "long" }));
    let mut stream = Stream::open(in_session(&first, &session, &message)).await;
    assert_eq!(stream.headers["content-type"], "text/event-stream");
    stream.read(Some("at the gate")).await;
    gates.arrived("long", 1).await;
    first.signal("TERM");
    let sent = stream.read(None).await;
    assert!(
        sent.contains("retry: 1000") && !sent.contains("passed"),
        "{sent}"
    );

    let mut resumed = reconnect(&second, &session, &stream.last_id()).await;
    gates.open("long", 1);
    let sent = resumed.read(None).await;
    assert!(
        sent.contains("passed") && !sent.contains("at the gate"),
        "{sent}"
    );
    assert!(first.ended().await);
}

#[tokio::test]
async fn a_client_that_reconnects_for_a_killed_call_learns_that_it_is_lost() {
    let (issuer, table) = (Issuer::start().await, Table::start().await);
    let gates = Gates::start().await;
    let call_time = [("MCP_HTTP_CALL_MS", "120000")];
    let first = start(&issuer, &gates, &table, &call_time).await;
    // The time for the call is over there when it begins here.
    let later = [("CLOCK_AHEAD_SECONDS", "150")];
    let second = start(&issuer, &gates, &table, &later).await;
    let session = initialize(&first).await;
    let message = call("pass", json!({ "gate": "lost" }));
    let mut stream = Stream::open(in_session(&first, &session, &message)).await;
    stream.read(Some("at the gate")).await;
    first.signal("KILL");
    stream.read(None).await;

    let mut resumed = reconnect(&second, &session, &stream.last_id()).await;
    let sent = resumed.read(None).await;
    assert!(
        sent.contains("the server ended before it had answered: call again"),
        "{sent}"
    );
}
