//! Asking clients of older revisions: the question in one process, the answer at another.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::HeaderValue;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use mcp_lambda::Definition;
use serde_json::{Value, json};

use crate::dynamodb::Table;
use crate::event_source::{
    self, Function, ISSUER, Invoked, RESOURCE, call, data, event, modern_event, serve,
};
use crate::issuer::Issuer;
use crate::plain_http::{PlainServer, post, send};
use crate::server::{self, TestServer};
use crate::wire::{HttpAnswer, events};

pub(crate) const KEYS: &str = "new:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU=";
const OLD_KEY: &str = "old:YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXowMTIzNDU=";
pub(crate) const ALICE: &str = "5d2f0a64-9051-70a2-a7b1-0c6f7f3f0001";

fn definition() -> Definition<TestServer> {
    server::definition().asks_clients()
}

pub(crate) async fn process(table: &Table, keys: &str) -> Function {
    let mut variables = table.variables().to_vec();
    variables.push(("MCP_STATE_KEYS", keys));
    Function::start_server(&variables, definition).await
}

/// A message of a client of 2025-11-25 with this session id, by a person of this subject.
pub(crate) fn message(message: &Value, session: &str, subject: &str) -> Value {
    let mut event = event(
        message,
        &[
            ("MCP-Protocol-Version", "2025-11-25"),
            ("Mcp-Session-Id", session),
        ],
    );
    event["requestContext"]["authorizer"]["claims"]["sub"] = json!(subject);
    event
}

async fn initialize(function: &Function, subject: &str) -> HttpAnswer {
    let mut event = event(&data("initialize-2025-11-25.json"), &[]);
    event["requestContext"]["authorizer"]["claims"]["sub"] = json!(subject);
    function.send(&event).await
}

pub(crate) async fn session(function: &Function, subject: &str) -> String {
    let answer = initialize(function, subject).await;
    answer
        .header("mcp-session-id")
        .expect("a session id")
        .to_owned()
}

/// Calls the tool that asks, and waits for its question.
async fn ask(function: &Function, session: &str, timeout: Duration) -> (Invoked, Value) {
    ask_by(function, session, ALICE, timeout).await
}

pub(crate) async fn ask_by(
    function: &Function,
    session: &str,
    subject: &str,
    timeout: Duration,
) -> (Invoked, Value) {
    let event = message(&call("asks"), session, subject);
    let mut invoked = function.invoke(&event, timeout).await;
    loop {
        assert!(invoked.more().await, "the stream goes on");
        let text = String::from_utf8_lossy(&invoked.received).into_owned();
        if text.contains("sampling/createMessage") && text.ends_with("\n\n") {
            let question = messages(&invoked.received).remove(0);
            return (invoked, question);
        }
    }
}

pub(crate) fn reply(question: &Value) -> Value {
    json!({
        "jsonrpc": "2.0", "id": question["id"],
        "result": { "role": "assistant", "model": "m", "content": { "type": "text", "text": "because" } }
    })
}

/// The messages of a streamed answer, after its head.
fn messages(answer: &[u8]) -> Vec<Value> {
    events(answer.rsplit(|byte| *byte == 0).next().unwrap_or_default())
}

/// The last message of the stream.
pub(crate) async fn last(invoked: Invoked) -> Value {
    let stream = tokio::time::timeout(Duration::from_secs(8), invoked.all());
    messages(&stream.await.expect("the stream ends"))
        .pop()
        .expect("a message")
}

#[tokio::test]
async fn hears_an_answer_that_arrives_at_another_process() {
    let table = Table::start().await;
    let (first, second, third) = (
        process(&table, KEYS).await,
        process(&table, KEYS).await,
        process(&table, KEYS).await,
    );
    let session = session(&first, ALICE).await;
    let (asking, question) = ask(&second, &session, Duration::from_secs(20)).await;
    let answer = third
        .send(&message(&reply(&question), &session, ALICE))
        .await;
    assert_eq!((answer.status, answer.body.len()), (202, 0));
    let result = last(asking).await;
    assert_eq!(result["id"], 7);
    assert_eq!(result["result"]["content"][0]["text"], "answered");
}

#[tokio::test]
async fn asks_the_table_once_for_each_request_and_while_a_question_is_open() {
    let table = Table::start().await;
    let function = process(&table, KEYS).await;
    let other = process(&table, KEYS).await;
    let session = session(&function, ALICE).await;
    let quick = function
        .send(&message(&call("headers"), &session, ALICE))
        .await;
    assert_eq!(quick.header("content-type"), Some("application/json"));
    assert_eq!(table.operations(), ["GetItem"], "whether it has ended");
    function.call(&call("headers")).await;
    assert_eq!(table.operations().len(), 1, "without a conversation");

    let (asking, question) = ask(&function, &session, Duration::from_secs(20)).await;
    other
        .send(&message(&reply(&question), &session, ALICE))
        .await;
    last(asking).await;
    // The process goes on, so that anything left behind in it would go on, too.
    function
        .send(&message(&call("headers"), &session, ALICE))
        .await;
    let operations = table.operations().len();
    tokio::time::sleep(Duration::from_millis(600)).await;
    function
        .send(&message(&call("headers"), &session, ALICE))
        .await;
    assert_eq!(table.operations().len(), operations + 1);
}

#[tokio::test]
async fn takes_no_answer_from_another_caller_or_another_conversation() {
    let table = Table::start().await;
    let function = process(&table, KEYS).await;
    let other = process(&table, KEYS).await;
    let alice = session(&function, ALICE).await;
    let (asking, question) = ask(&function, &alice, Duration::from_millis(2500)).await;

    let stolen = other
        .send(&message(&reply(&question), &alice, "mallory"))
        .await;
    assert_eq!(stolen.status, 404, "the session id is bound to its caller");
    let mallory = session(&other, "mallory").await;
    let second = session(&other, ALICE).await;
    for (session, subject) in [(&mallory, "mallory"), (&second, ALICE)] {
        let own = other
            .send(&message(&reply(&question), session, subject))
            .await;
        assert_eq!(not_asked(&own), (400, -32600), "{subject}");
    }
    assert_eq!(table.keys().len(), 0, "nothing is kept");

    // The deadline can also meet a read of the table, on a busy machine.
    let result = last(asking).await;
    let ends = [
        "the client did not answer before the server's deadline",
        "the server's state table did not answer in time",
    ];
    assert!(
        ends.iter()
            .any(|end| result["error"]["message"] == format!("Mcp error: -32603: {end}")),
        "{result}"
    );
}

/// Status and code of the refusal of a response.
fn not_asked(answer: &HttpAnswer) -> (u16, i64) {
    let error = &answer.json()["error"];
    assert_eq!(
        error["message"],
        "the response answers no open question of this session: its id is unknown, expired or answered already"
    );
    (answer.status, error["code"].as_i64().unwrap())
}

#[tokio::test]
async fn keeps_no_response_that_answers_nothing_and_none_twice() {
    let table = Table::start().await;
    let function = process(&table, KEYS).await;
    let other = process(&table, KEYS).await;
    let session = session(&function, ALICE).await;
    let asked = |id: &Value| json!({ "id": id });
    let error = json!({ "jsonrpc": "2.0", "id": "x", "error": { "code": -1, "message": "no" } });
    for unasked in [
        reply(&asked(&json!("0123456789abcdefghijkl"))),
        reply(&asked(&json!(session))),
        reply(&asked(&json!(7))),
        error,
    ] {
        let answer = other.send(&message(&unasked, &session, ALICE)).await;
        assert_eq!(not_asked(&answer), (400, -32600), "{unasked}");
    }
    assert_eq!(table.keys().len(), 0, "before anything was asked");

    let (asking, question) = ask(&function, &session, Duration::from_secs(20)).await;
    let mut altered = question.clone();
    altered["id"] = json!(format!("{}A", question["id"].as_str().unwrap()));
    let refused = other
        .send(&message(&reply(&altered), &session, ALICE))
        .await;
    assert_eq!(not_asked(&refused), (400, -32600));
    assert_eq!(table.keys().len(), 0);
    let taken = other
        .send(&message(&reply(&question), &session, ALICE))
        .await;
    assert_eq!(taken.status, 202);
    let again = other
        .send(&message(&reply(&question), &session, ALICE))
        .await;
    assert_eq!(not_asked(&again), (400, -32600), "once");
    assert_eq!(table.keys().len(), 1);
    let result = last(asking).await;
    assert_eq!(result["result"]["content"][0]["text"], "answered");
}

#[tokio::test]
#[expect(
    clippy::disallowed_methods,
    reason = "a test is a process of its own and reads its clock"
)]
async fn keeps_no_response_after_the_invocation_that_asked() {
    let table = Table::start().await;
    let function = process(&table, KEYS).await;
    let session = session(&function, ALICE).await;
    let (asking, question) = ask(&function, &session, Duration::from_secs(20)).await;
    let mut variables = table.variables().to_vec();
    variables.push(("MCP_STATE_KEYS", KEYS));
    let later = || SystemTime::now() + Duration::from_secs(60);
    let later = Function::start_server_at(later, &variables, definition).await;
    let late = message(&reply(&question), &session, ALICE);
    // By its clock, too, the invocation has time.
    let refused = later.invoke(&late, Duration::from_secs(120)).await;
    let refused = HttpAnswer::from_stream(&refused.all().await);
    assert_eq!(not_asked(&refused), (400, -32600));
    assert_eq!(table.keys().len(), 0);
    drop(asking);
}

#[tokio::test]
async fn keeps_little_of_a_cancellation() {
    let table = Table::start().await;
    let function = process(&table, KEYS).await;
    let session = session(&function, ALICE).await;
    let cancelled = json!({
        "jsonrpc": "2.0", "method": "notifications/cancelled",
        "params": { "requestId": "x".repeat(10_000), "reason": "y".repeat(10_000), "_meta": { "z": "z".repeat(10_000) } }
    });
    let accepted = function.send(&message(&cancelled, &session, ALICE)).await;
    assert_eq!(accepted.status, 202);
    let kept = table.largest();
    assert!((1..1000).contains(&kept), "{kept} bytes");
}

#[tokio::test]
async fn refuses_a_session_id_that_is_altered_foreign_or_made_up() {
    let table = Table::start().await;
    let function = process(&table, KEYS).await;
    let genuine = session(&function, ALICE).await;
    let mut altered = genuine.clone();
    let flipped = if altered.ends_with('A') { "B" } else { "A" };
    altered.replace_range(30..31, if &genuine[30..31] == "A" { "B" } else { "A" });
    let cut = genuine[..genuine.len() - 4].to_owned() + flipped;
    let foreign_key = process(&table, OLD_KEY).await;
    let foreign = session(&foreign_key, ALICE).await;
    for id in [
        altered,
        cut,
        foreign,
        genuine.replace("new.", "old."),
        "x".to_owned(),
    ] {
        let answer = function.send(&message(&call("headers"), &id, ALICE)).await;
        assert_eq!(answer.status, 404, "{id}");
        assert_eq!(answer.json()["id"], 7);
        assert_eq!(
            answer.json()["error"]["message"],
            "the Mcp-Session-Id is not known for this caller: initialize again"
        );
    }
    let mut elsewhere = message(&call("headers"), &genuine, ALICE);
    elsewhere["requestContext"]["authorizer"]["claims"]["client_id"] = json!("another-app");
    assert_eq!(function.send(&elsewhere).await.status, 404);
    let answer = function
        .send(&message(&call("headers"), &genuine, ALICE))
        .await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn opens_what_a_previous_key_has_sealed() {
    let table = Table::start().await;
    let before = process(&table, OLD_KEY).await;
    let after = process(&table, &format!("{KEYS},{OLD_KEY}")).await;
    let session = session(&before, ALICE).await;
    let answer = after
        .send(&message(&call("headers"), &session, ALICE))
        .await;
    assert_eq!(answer.status, 200);
    assert!(self::session(&after, ALICE).await.starts_with("new."));
}

#[tokio::test]
async fn a_table_that_refuses_is_a_clear_error_inside_the_deadline() {
    for (code, status, reason) in [
        (
            "AccessDeniedException",
            500,
            "the server is not allowed to use its state table (AccessDenied: dynamodb:GetItem)",
        ),
        (
            "ProvisionedThroughputExceededException",
            503,
            "the server's state table is busy, try again in a moment (throttled)",
        ),
    ] {
        let table = Table::start().await;
        let function = process(&table, KEYS).await;
        let other = process(&table, KEYS).await;
        let session = session(&function, ALICE).await;
        let (asking, question) = ask(&function, &session, Duration::from_secs(5)).await;
        table.refuse(code);
        let answer = other
            .send(&message(&reply(&question), &session, ALICE))
            .await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.json()["error"]["message"], reason);
        assert!(
            !String::from_utf8_lossy(&answer.body).contains("arn:aws"),
            "the caller does not read the inside"
        );
        let result = last(asking).await;
        let told = result["error"]["message"].as_str().unwrap();
        assert!(told.ends_with(reason), "{result}");
    }
}

#[tokio::test]
async fn a_table_that_is_down_is_a_clear_error_inside_the_deadline() {
    let mut table = Table::start().await;
    // Nobody listens on the port of a listener that is gone.
    let gone = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    table.endpoint = format!("http://{gone}");
    let function = process(&table, KEYS).await;
    let session = session(&function, ALICE).await;
    let event = message(&call("headers"), &session, ALICE);
    let invoked = function.invoke(&event, Duration::from_secs(3)).await;
    let answer = HttpAnswer::from_stream(&invoked.all().await);
    let told = answer.json()["error"]["message"].clone();
    assert_eq!(
        (answer.status, told),
        (503, json!("the server's state table cannot be reached")),
        "nobody knows whether the conversation has ended"
    );
}

#[tokio::test]
async fn does_not_hear_an_answer_that_has_expired_and_is_still_in_the_table() {
    let table = Table::start().await;
    let function = process(&table, KEYS).await;
    let other = process(&table, KEYS).await;
    let session = session(&function, ALICE).await;
    let (asking, question) = ask(&function, &session, Duration::from_secs(2)).await;
    table.expire_on_write();
    let accepted = other
        .send(&message(&reply(&question), &session, ALICE))
        .await;
    assert_eq!((accepted.status, table.keys().len()), (202, 1));
    let told = last(asking).await["error"]["message"].to_string();
    assert!(told.contains("the client did not answer"), "{told}");
}

#[tokio::test]
async fn a_cancelled_call_ends_without_an_answer() {
    let table = Table::start().await;
    let function = process(&table, KEYS).await;
    let other = process(&table, KEYS).await;
    let session = session(&function, ALICE).await;
    let (asking, _) = ask(&function, &session, Duration::from_secs(20)).await;
    let cancelled = json!({
        "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 7, "reason": "enough" }
    });
    let accepted = other.send(&message(&cancelled, &session, ALICE)).await;
    assert_eq!(accepted.status, 202);
    let messages = messages(&asking.all().await);
    assert_eq!(messages.len(), 1, "the question alone: {messages:?}");
}

#[tokio::test]
async fn promises_an_older_client_no_notification_that_cannot_reach_it() {
    let table = Table::start().await;
    let function = process(&table, KEYS).await;
    let answer = initialize(&function, ALICE).await;
    let capabilities = &answer.json()["result"]["capabilities"];
    assert_eq!(
        *capabilities,
        json!({ "prompts": {}, "resources": {}, "tools": {} })
    );
    let discovered = function.call(&data("discover-2026-07-28.json")).await;
    assert_eq!(
        discovered.json()["result"]["capabilities"]["tools"],
        json!({ "listChanged": true })
    );
}

#[tokio::test]
async fn gives_a_session_id_to_older_clients_only_and_none_where_answers_are_buffered() {
    let table = Table::start().await;
    let function = process(&table, KEYS).await;
    let modern = function.send(&modern_event(&call("headers"))).await;
    assert_eq!(modern.header("mcp-session-id"), None);
    let without = function
        .send(&event(
            &call("asks"),
            &[("MCP-Protocol-Version", "2025-11-25")],
        ))
        .await;
    assert_eq!(
        without.events()[0]["error"]["message"],
        "the server needs to ask the client something: send the Mcp-Session-Id that initialize was answered with"
    );

    let mut variables = table.variables().to_vec();
    variables.extend([("MCP_STATE_KEYS", KEYS), ("MCP_RESPONSE_MODE", "buffered")]);
    let buffered = Function::start_server(&variables, definition).await;
    let event = event(&data("initialize-2025-11-25.json"), &[]);
    let invoked = buffered.invoke(&event, Duration::from_secs(10)).await;
    let answer = HttpAnswer::from_proxy_response(&invoked.all().await);
    assert_eq!(
        (answer.status, answer.header("mcp-session-id")),
        (200, None)
    );
}

#[tokio::test]
async fn needs_neither_table_nor_key_in_plain_http_mode() {
    let issuer = Issuer::start().await;
    let server = PlainServer::start_server(&issuer, definition).await;
    let bearer = format!("Bearer {}", issuer.token(&server.claims()));
    let begun = send(post(
        &server.url,
        Some(&bearer),
        &data("initialize-2025-11-25.json"),
    ))
    .await;
    let session = HeaderValue::from_str(begun.header("mcp-session-id").unwrap()).unwrap();
    let in_session = |message: &Value| {
        let mut request = post(&server.url, Some(&bearer), message);
        request
            .headers_mut()
            .insert("mcp-session-id", session.clone());
        request
    };
    let client = Client::builder(TokioExecutor::new()).build_http();
    let mut body = client
        .request(in_session(&call("asks")))
        .await
        .unwrap()
        .into_body();
    let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
    let question = events(&first).remove(0);
    let accepted = send(in_session(&reply(&question))).await;
    assert_eq!(accepted.status, 202);
    let rest = body.collect().await.unwrap().to_bytes();
    let result = events(&rest).pop().unwrap();
    assert_eq!(result["result"]["content"][0]["text"], "answered");
}

#[tokio::test]
async fn does_not_start_on_lambda_without_table_and_keys() {
    // The function says why to the Lambda Runtime API, and ends.
    let (sender, mut reported) = tokio::sync::mpsc::channel(1);
    let address = serve(move |request| {
        let sender = sender.clone();
        async move {
            let body = request.into_body().collect().await.unwrap().to_bytes();
            sender.send(body).await.unwrap();
            http::Response::new(Full::new(bytes::Bytes::new()))
        }
    })
    .await;
    for (keys, reason) in [
        (
            "",
            "environment variables cannot be used: MCP_STATE_TABLE, MCP_STATE_KEYS not set; a server that keeps state \
             needs them on Lambda",
        ),
        (
            "new:hunter2",
            "environment variables cannot be used: MCP_STATE_KEYS must be a comma-separated list of id:secret, each id \
             of letters, digits, - and _, each secret of 43 to 256 random letters, digits, +, /, =, - and _ (openssl \
             rand -base64 32)",
        ),
    ] {
        let variables = BTreeMap::from([
            ("AWS_LAMBDA_RUNTIME_API", address.to_string()),
            ("MCP_RESOURCE", RESOURCE.to_owned()),
            ("MCP_ISSUER", ISSUER.to_owned()),
            ("MCP_STATE_KEYS", keys.to_owned()),
        ]);
        let process = event_source::process(&[], &variables, &Arc::default());
        std::thread::spawn(move || mcp_lambda::run(process, definition()));
        let body: Value = serde_json::from_slice(&reported.recv().await.unwrap()).unwrap();
        assert_eq!(body["errorMessage"], reason);
    }
}

#[tokio::test]
async fn the_contract_asks_for_the_table_and_what_is_done_to_it() {
    let contract = definition().contract().unwrap();
    let resource = &contract.resources[0];
    assert_eq!(
        (resource.name.as_str(), resource.setting.as_str()),
        ("state", "MCP_STATE_TABLE")
    );
    for tool in &contract.tools {
        let actions = &tool.aws_actions[0];
        assert_eq!(actions.resource, "state");
        assert_eq!(actions.actions, ["dynamodb:GetItem", "dynamodb:PutItem"]);
    }
    let required: Vec<&str> = contract
        .settings
        .iter()
        .filter(|setting| setting.required)
        .map(|setting| setting.name)
        .collect();
    assert_eq!(
        required,
        [
            "MCP_RESOURCE",
            "MCP_ISSUER",
            "MCP_STATE_TABLE",
            "MCP_STATE_KEYS"
        ]
    );
    let printed = json!(contract);
    assert_eq!(printed["contractVersion"], 3);
    assert_eq!(printed["endpointMethods"], json!(["DELETE"]));
    let plain = server::definition().contract().unwrap();
    assert!(plain.resources.is_empty(), "opt-in");
    assert!(json!(plain).get("endpointMethods").is_none());
}
