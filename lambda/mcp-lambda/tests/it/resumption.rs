//! Event streams that a client comes back to, at another process.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use mcp_lambda::{Definition, ResponseStream, ToolPolicy};
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::ProgressNotificationParam;
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler, schemars, tool, tool_handler, tool_router};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::conversation::{ALICE, KEYS, message, session};
use crate::dynamodb::Table;
use crate::endings::without_message;
use crate::event_source::{Function, Invoked, data, event, set_header};
use crate::issuer::Issuer;
use crate::plain_http::{PlainServer, post, send};
use crate::wire::HttpAnswer;

const LONG: Duration = Duration::from_secs(20);

/// Lets the loaf of this name be done; the test adds a permit.
fn oven(loaf: &str) -> Arc<Semaphore> {
    static OVENS: LazyLock<Mutex<HashMap<String, Arc<Semaphore>>>> = LazyLock::new(Mutex::default);
    let mut ovens = OVENS.lock().unwrap();
    let oven = ovens.entry(loaf.to_owned());
    Arc::clone(oven.or_insert_with(|| Arc::new(Semaphore::new(0))))
}

pub(crate) struct Bakery;

#[derive(Deserialize, schemars::JsonSchema)]
struct Loaf {
    name: String,
    /// Notifications before it waits.
    reports: u32,
    /// Whether the client is sent away.
    closes: bool,
    /// Length of the answer.
    size: usize,
}

#[tool_router]
impl Bakery {
    #[tool(description = "Bakes", meta = ToolPolicy::scopes(&["tools"]).meta())]
    async fn bake(
        &self,
        stream: ResponseStream,
        Parameters(loaf): Parameters<Loaf>,
        context: RequestContext<RoleServer>,
    ) -> Result<String, ErrorData> {
        for report in 1..=loaf.reports {
            let token = context.meta.get_progress_token();
            let token = token.ok_or(ErrorData::invalid_params("no progress token", None))?;
            let progress = ProgressNotificationParam::new(token, f64::from(report));
            let _ = context.peer.notify_progress(progress).await;
        }
        let was_closed = loaf.closes && stream.close();
        let _done = oven(&loaf.name).acquire_owned().await;
        let sent = if was_closed { ", you were away" } else { "" };
        Ok(format!("{}{sent}", "x".repeat(loaf.size)))
    }
}

#[tool_handler]
impl ServerHandler for Bakery {}

pub(crate) fn bakery() -> Definition<Bakery> {
    let tools = Bakery::tool_router().list_all();
    Definition::new("bakery", "1.0.0", tools, |(), _| Ok(Bakery))
        .scope("tools", "Bake")
        .resumable_streams()
}

async fn process(table: &Table) -> Function {
    let mut variables = table.variables().to_vec();
    variables.push(("MCP_STATE_KEYS", KEYS));
    Function::start_server(&variables, bakery).await
}

pub(crate) fn bake(name: &str, reports: u32, closes: bool, size: usize) -> Value {
    json!({
        "jsonrpc": "2.0", "id": 7, "method": "tools/call",
        "params": {
            "name": "bake", "_meta": { "progressToken": "p" },
            "arguments": { "name": name, "reports": reports, "closes": closes, "size": size }
        }
    })
}

/// The GET of a client that comes back.
pub(crate) fn back(session: &str, subject: &str, last: &str) -> Value {
    let mut event = without_message("GET", session, subject);
    set_header(&mut event, "Last-Event-ID", last);
    event
}

/// One event of a stream: its id, and its message.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) id: Option<String>,
    pub(crate) message: Option<Value>,
}

/// The whole events so far, after the head of the answer.
pub(crate) fn events(received: &[u8]) -> Vec<Event> {
    let text = String::from_utf8_lossy(received);
    let body = text.rsplit('\0').next().unwrap_or_default();
    let Some((whole, _)) = body.rsplit_once("\n\n") else {
        return Vec::new();
    };
    let event = |text: &str| {
        let field = |name: &str| {
            let value = text.lines().find_map(|line| line.strip_prefix(name))?;
            Some(value.trim()).filter(|value| !value.is_empty())
        };
        Event {
            id: field("id:").map(str::to_owned),
            message: field("data:").map(|data| serde_json::from_str(data).unwrap()),
        }
    };
    whole.split("\n\n").map(event).collect()
}

pub(crate) fn messages(received: &[u8]) -> Vec<Value> {
    events(received)
        .into_iter()
        .filter_map(|event| event.message)
        .collect()
}

/// Reads until there are this many messages.
async fn until(invoked: &mut Invoked, count: usize) -> Vec<Event> {
    let reading = async {
        while messages(&invoked.received).len() < count {
            assert!(invoked.more().await, "the stream goes on");
        }
        events(&invoked.received)
    };
    tokio::time::timeout(Duration::from_secs(10), reading)
        .await
        .expect("messages arrive")
}

async fn rest(invoked: Invoked) -> Vec<Value> {
    let all = tokio::time::timeout(LONG, invoked.all()).await;
    messages(&all.expect("the stream ends"))
}

/// Waits until the table has this many items: events are kept beside their way to the client.
async fn kept(table: &Table, count: usize) {
    let kept = async {
        while table.keys().len() < count {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let kept = tokio::time::timeout(LONG, kept).await;
    assert_eq!(kept, Ok(()), "{:?}", table.keys());
}

#[tokio::test]
async fn a_client_that_comes_back_hears_the_rest_and_nothing_twice() {
    let table = Table::start().await;
    let (first, second) = (process(&table).await, process(&table).await);
    let id = session(&first, ALICE).await;
    let event = message(&bake("rye", 3, false, 4), &id, ALICE);
    let mut baking = first.invoke(&event, LONG).await;
    let seen = until(&mut baking, 3).await;
    assert_eq!(
        seen[0].message, None,
        "the stream begins with an empty event"
    );
    let ids: Vec<&str> = seen
        .iter()
        .map(|event| event.id.as_deref().unwrap())
        .collect();
    assert!(String::from_utf8_lossy(&baking.received).contains("retry: 1000"));
    kept(&table, 3).await;

    // After each event that the client may have seen last, while the call goes on.
    let mut resumed = Vec::new();
    for (seen, last) in ids.iter().enumerate() {
        let other = process(&table).await;
        let mut answer = other.invoke(&back(&id, ALICE, last), LONG).await;
        until(&mut answer, 3 - seen).await;
        resumed.push(answer);
    }
    oven("rye").add_permits(1);
    let whole = rest(baking).await;
    assert_eq!(whole.len(), 4);
    assert_eq!(whole[3]["result"]["content"][0]["text"], "xxxx");
    for (seen, answer) in resumed.into_iter().enumerate() {
        assert_eq!(rest(answer).await, whole[seen..]);
    }

    // And when it is over.
    let mut again = second.invoke(&back(&id, ALICE, ids[1]), LONG).await;
    let heard = until(&mut again, 3).await;
    assert_eq!(rest(again).await, whole[1..]);
    let last = heard.last().unwrap().id.as_deref().unwrap();
    let nothing = second.invoke(&back(&id, ALICE, last), LONG).await;
    assert_eq!(rest(nothing).await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_client_that_listens_for_longer_than_an_invocation_comes_back_again() {
    let table = Table::start().await;
    let (first, second) = (process(&table).await, process(&table).await);
    let id = session(&first, ALICE).await;
    let event = message(&bake("pumpernickel", 1, true, 4), &id, ALICE);
    let seen = events(&first.invoke(&event, LONG).await.all().await);
    let last = seen[1].id.clone().unwrap();
    let short = Duration::from_secs(1);
    let listening = second.invoke(&back(&id, ALICE, &last), short).await;
    let heard = events(&listening.all().await);
    assert_eq!((heard.len(), &heard[0].message), (1, &None), "{heard:?}");
    let place = heard[0].id.as_deref().unwrap();
    let again = second.invoke(&back(&id, ALICE, place), LONG).await;
    oven("pumpernickel").add_permits(1);
    assert_eq!(rest(again).await.len(), 1);
}

#[tokio::test]
async fn a_tool_goes_on_after_it_has_sent_its_client_away() {
    let table = Table::start().await;
    let (first, second) = (process(&table).await, process(&table).await);
    let id = session(&first, ALICE).await;
    let event = message(&bake("spelt", 1, true, 4), &id, ALICE);
    let baking = first.invoke(&event, LONG).await;
    let seen = events(&baking.all().await);
    assert_eq!(
        seen.len(),
        2,
        "an empty event and the notification: {seen:?}"
    );
    let last = seen[1].id.clone().unwrap();
    let resumed = second.invoke(&back(&id, ALICE, &last), LONG).await;
    oven("spelt").add_permits(1);
    let heard = rest(resumed).await;
    assert_eq!(heard.len(), 1);
    let text = &heard[0]["result"]["content"][0]["text"];
    assert_eq!(text, "xxxx, you were away");
    let ping = message(
        &json!({ "jsonrpc": "2.0", "id": 8, "method": "ping" }),
        &id,
        ALICE,
    );
    let next = first.send(&ping).await;
    assert_eq!(next.status, 200, "the process takes its next invocation");
}

#[tokio::test]
async fn a_quick_answer_is_one_document_and_keeps_nothing() {
    let table = Table::start().await;
    let function = process(&table).await;
    let id = session(&function, ALICE).await;
    oven("roll").add_permits(10);
    let quick = bake("roll", 0, false, 4);
    let answer = function.send(&message(&quick, &id, ALICE)).await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.json()["result"]["content"][0]["text"], "xxxx");
    assert!(table.keys().is_empty());

    let mut preferring = message(&quick, &id, ALICE);
    set_header(
        &mut preferring,
        "Accept",
        "text/event-stream, application/json",
    );
    let streamed = function.invoke(&preferring, LONG).await;
    let seen = events(&streamed.all().await);
    assert_eq!((seen.len(), &seen[0].message), (2, &None));
    kept(&table, 1).await;

    // A client that cannot come back is not sent away, and gets no ids.
    let mut older = data("initialize-2025-11-25.json");
    older["params"]["protocolVersion"] = json!("2025-06-18");
    let begun = function.send(&event(&older, &[])).await;
    let id = begun.header("mcp-session-id").unwrap();
    let mut event = message(&bake("roll", 1, true, 4), id, &subject());
    set_header(&mut event, "MCP-Protocol-Version", "2025-06-18");
    let answer = function.invoke(&event, LONG).await.all().await;
    let seen = events(&answer);
    assert!(seen.iter().all(|event| event.id.is_none()), "{seen:?}");
    let result = &seen.last().unwrap().message.as_ref().unwrap()["result"];
    assert_eq!(result["content"][0]["text"], "xxxx");
    assert_eq!(table.keys().len(), 1);
}

/// Whose event the file holds.
fn subject() -> String {
    let claims = &data("event-person.json")["requestContext"]["authorizer"]["claims"];
    claims["sub"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_answer_begins_as_a_stream_when_it_takes_longer_than_a_second() {
    let table = Table::start().await;
    let (first, second) = (process(&table).await, process(&table).await);
    let id = session(&first, ALICE).await;
    let event = message(&bake("sourdough", 0, false, 600_000), &id, ALICE);
    let mut baking = first.invoke(&event, LONG).await;
    while events(&baking.received).is_empty() {
        assert!(baking.more().await);
    }
    let beginning = events(&baking.received).remove(0);
    assert_eq!(beginning.message, None);
    let resumed = second
        .invoke(&back(&id, ALICE, &beginning.id.unwrap()), LONG)
        .await;
    oven("sourdough").add_permits(1);
    let heard = rest(resumed).await;
    let text = heard[0]["result"]["content"][0]["text"].as_str().unwrap();
    assert_eq!(
        (heard.len(), text.len()),
        (1, 600_000),
        "longer than an item"
    );
    assert_eq!(rest(baking).await, heard);
}

#[tokio::test]
async fn nobody_reads_the_stream_of_another_caller_or_conversation() {
    let table = Table::start().await;
    let function = process(&table).await;
    let id = session(&function, ALICE).await;
    oven("bagel").add_permits(1);
    let event = message(&bake("bagel", 1, false, 4), &id, ALICE);
    let seen = events(&function.invoke(&event, LONG).await.all().await);
    let first = seen[0].id.clone().unwrap();

    let mallorys = session(&function, "mallory").await;
    let another = session(&function, ALICE).await;
    let mut altered = first.clone();
    altered.replace_range(30..31, if &first[30..31] == "A" { "B" } else { "A" });
    for (session, subject, last, status) in [
        (&id, "mallory", &first, 404),
        (&mallorys, "mallory", &first, 400),
        (&another, ALICE, &first, 400),
        (&id, ALICE, &altered, 400),
        (&id, ALICE, &"0".to_owned(), 400),
        // A session id is sealed with the same key.
        (&id, ALICE, &id, 400),
    ] {
        let answer = function.send(&back(session, subject, last)).await;
        assert_eq!(answer.status, status, "{:?}", answer.json());
        assert!(!String::from_utf8_lossy(&answer.body).contains("xxxx"));
    }
    let answer = function.send(&without_message("GET", &id, ALICE)).await;
    let allowed = answer.header("allow");
    assert_eq!((answer.status, allowed), (405, Some("POST, GET, DELETE")));
    assert_eq!(
        answer.json()["error"]["message"],
        "this endpoint has no event stream outside of answers: send the Last-Event-ID to resume one"
    );

    let mut without_scope = back(&id, ALICE, &first);
    without_scope["requestContext"]["authorizer"]["claims"]["scope"] =
        json!("https://d111.cloudfront.net/mcp/profile");
    let answer = function.send(&without_scope).await;
    assert_eq!(answer.status, 403, "{:?}", answer.json());

    let own = function.invoke(&back(&id, ALICE, &first), LONG).await;
    assert_eq!(rest(own).await.len(), 2);
    function.send(&without_message("DELETE", &id, ALICE)).await;
    let ended = function.send(&back(&id, ALICE, &first)).await;
    assert_eq!(ended.status, 404);
}

#[tokio::test]
async fn a_table_that_fails_delays_a_client_or_tells_it_why() {
    let table = Table::start().await;
    let (first, second) = (process(&table).await, process(&table).await);
    let id = session(&first, ALICE).await;
    let event = message(&bake("brioche", 2, false, 4), &id, ALICE);
    // While the events are written.
    table.throttle(4);
    let mut baking = first.invoke(&event, LONG).await;
    let begin = until(&mut baking, 2).await[0].id.clone().unwrap();
    kept(&table, 2).await;

    // While they are read.
    table.throttle(4);
    let mut resumed = second.invoke(&back(&id, ALICE, &begin), LONG).await;
    until(&mut resumed, 2).await;
    table.throttle(3);
    oven("brioche").add_permits(1);
    let whole = rest(baking).await;
    assert_eq!(whole.len(), 3);
    assert_eq!(rest(resumed).await, whole);

    for (fault, status, told) in [
        (
            "ThrottlingException",
            503,
            "the server's state table is busy, try again in a moment (throttled)",
        ),
        (
            "AccessDeniedException",
            500,
            "the server is not allowed to use its state table (AccessDenied: dynamodb:GetItem)",
        ),
    ] {
        table.refuse(fault);
        let timeout = Duration::from_secs(2);
        let answer = second.invoke(&back(&id, ALICE, &begin), timeout).await;
        let answer = HttpAnswer::from_stream(&answer.all().await);
        assert_eq!(answer.status, status);
        assert_eq!(answer.json()["error"]["message"], told);
    }
}

#[tokio::test]
async fn what_no_process_can_answer_any_more_ends_with_an_error() {
    let table = Table::start().await;
    let (first, second) = (process(&table).await, process(&table).await);
    let id = session(&first, ALICE).await;
    let event = message(&bake("burnt", 1, true, 4), &id, ALICE);
    // Nothing that this process says is kept, as if it had been killed.
    let mut baking = first.invoke(&event, Duration::from_secs(4)).await;
    while events(&baking.received).is_empty() {
        assert!(baking.more().await);
    }
    let begin = events(&baking.received).remove(0).id.unwrap();
    table.refuse("AccessDeniedException");
    let _ = baking.all().await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    table.recover();
    let resumed = second.invoke(&back(&id, ALICE, &begin), LONG).await;
    let heard = rest(resumed).await;
    let last = heard.last().unwrap();
    assert_eq!(last["id"], 7);
    assert_eq!(
        last["error"]["message"],
        "the server ended before it had answered: call again"
    );
}

#[tokio::test]
async fn a_tool_out_of_time_is_heard_by_a_client_that_comes_back() {
    let table = Table::start().await;
    let (first, second) = (process(&table).await, process(&table).await);
    let id = session(&first, ALICE).await;
    let event = message(&bake("stone", 1, true, 4), &id, ALICE);
    let baking = first.invoke(&event, Duration::from_secs(2)).await;
    let begin = events(&baking.all().await).remove(0).id.unwrap();
    let resumed = second.invoke(&back(&id, ALICE, &begin), LONG).await;
    let heard = rest(resumed).await;
    assert_eq!(heard.len(), 2);
    assert_eq!(
        heard[1]["result"]["content"][0]["text"],
        "tool bake did not finish before the server's deadline"
    );
}

#[tokio::test]
async fn a_client_that_is_away_can_cancel() {
    let table = Table::start().await;
    let (first, second) = (process(&table).await, process(&table).await);
    let id = session(&first, ALICE).await;
    let event = message(&bake("cold", 1, true, 4), &id, ALICE);
    let baking = first.invoke(&event, LONG).await;
    let begin = events(&baking.all().await).remove(0).id.unwrap();
    let cancelled = json!({
        "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 7 }
    });
    let accepted = second.send(&message(&cancelled, &id, ALICE)).await;
    assert_eq!(accepted.status, 202);
    let resumed = second.invoke(&back(&id, ALICE, &begin), LONG).await;
    let heard = rest(resumed).await;
    assert_eq!(heard.len(), 1, "the notification, and no answer: {heard:?}");
}

#[tokio::test]
async fn a_client_that_hangs_up_does_not_stop_the_tool() {
    let issuer = Issuer::start().await;
    let server = PlainServer::start_server(&issuer, bakery).await;
    let bearer = format!("Bearer {}", issuer.token(&server.claims()));
    let initialize = data("initialize-2025-11-25.json");
    let begun = send(post(&server.url, Some(&bearer), &initialize)).await;
    let id = begun.headers["mcp-session-id"].clone();
    let client = Client::builder(TokioExecutor::new()).build_http();
    let mut request = post(&server.url, Some(&bearer), &bake("flat", 1, false, 4));
    request.headers_mut().insert("mcp-session-id", id.clone());
    let mut body = client.request(request).await.unwrap().into_body();
    let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
    let begin = events(&first).remove(0).id.unwrap();
    drop((body, client));
    let preflight = Request::options(&server.url)
        .header("Origin", server.url.trim_end_matches("/mcp"))
        .header("Access-Control-Request-Method", "GET")
        .header(
            "Access-Control-Request-Headers",
            "last-event-id, mcp-session-id",
        )
        .body(Full::<Bytes>::default())
        .unwrap();
    let allowed = send(preflight).await;
    assert_eq!(
        allowed.header("access-control-allow-methods"),
        Some("POST, GET, DELETE")
    );
    assert_eq!(
        allowed.header("access-control-allow-headers"),
        Some("last-event-id, mcp-session-id")
    );

    let back = Request::get(&server.url)
        .header("Authorization", &bearer)
        .header("Accept", "text/event-stream")
        .header("MCP-Protocol-Version", "2025-11-25")
        .header("Mcp-Session-Id", id)
        .header("Last-Event-ID", begin)
        .body(Full::<Bytes>::default())
        .unwrap();
    oven("flat").add_permits(1);
    let heard = messages(&send(back).await.body);
    assert_eq!(heard.len(), 2);
    assert_eq!(heard[1]["result"]["content"][0]["text"], "xxxx");
}

#[test]
fn says_in_its_contract_which_methods_it_needs() {
    let contract = json!(bakery().contract().unwrap());
    assert_eq!(contract["contractVersion"], 3);
    assert_eq!(contract["endpointMethods"], json!(["DELETE", "GET"]));
    let actions = &contract["tools"][0]["awsActions"][0]["actions"];
    assert_eq!(*actions, json!(["dynamodb:GetItem", "dynamodb:PutItem"]));
}
