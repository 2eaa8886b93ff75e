//! The end of a conversation: DELETE at one process, and what another one says then.
#![expect(
    clippy::disallowed_methods,
    reason = "a test is a process of its own and reads its clock"
)]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderValue, Method, Request};
use http_body_util::Full;
use serde_json::{Value, json};

use crate::conversation::{ALICE, KEYS, message, process, session};
use crate::dynamodb::Table;
use crate::event_source::{Function, call, data, event};
use crate::issuer::Issuer;
use crate::plain_http::{PlainServer, post, send};
use crate::server;
use crate::sessions;

/// A request without a message, in this session.
pub(crate) fn without_message(method: &str, session: &str, subject: &str) -> Value {
    let mut event = message(&Value::Null, session, subject);
    event["httpMethod"] = json!(method);
    event["body"] = Value::Null;
    event
}

#[tokio::test]
async fn what_one_process_has_ended_is_unknown_to_another() {
    let table = Table::start().await;
    let (first, second) = (process(&table, KEYS).await, process(&table, KEYS).await);
    let (ended, other) = (session(&first, ALICE).await, session(&first, ALICE).await);
    let answer = first.send(&without_message("DELETE", &ended, ALICE)).await;
    assert_eq!((answer.status, answer.body.len()), (202, 0));

    let refused = second.send(&message(&call("headers"), &ended, ALICE)).await;
    assert_eq!((refused.status, &refused.json()["id"]), (404, &json!(7)));
    assert_eq!(
        refused.json()["error"]["message"],
        "the Mcp-Session-Id is not known for this caller: initialize again"
    );
    let cancelled = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 1 } });
    let refused = second.send(&message(&cancelled, &ended, ALICE)).await;
    assert_eq!(refused.status, 404);
    let again = second.send(&without_message("DELETE", &ended, ALICE)).await;
    assert_eq!(again.status, 404);
    let goes_on = first.send(&message(&call("headers"), &other, ALICE)).await;
    assert_eq!(
        goes_on.status, 200,
        "another conversation of the same caller"
    );
    let requests = first.requests();
    assert!(requests.iter().any(|line| line["method"] == "DELETE"));

    // As long as the session id could hold.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let week = Duration::from_secs(7 * 24 * 60 * 60);
    assert!(
        table
            .expiries()
            .iter()
            .all(|end| *end > (now + week).as_secs())
    );
}

#[tokio::test]
async fn a_session_costs_one_read_where_its_end_matters_and_nothing_elsewhere() {
    let table = Table::start().await;
    let function = process(&table, KEYS).await;
    let id = session(&function, ALICE).await;
    let ask = async |method: &str| {
        let request = json!({ "jsonrpc": "2.0", "id": 7, "method": method });
        function.send(&message(&request, &id, ALICE)).await.status
    };
    assert_eq!(ask("ping").await, 200);
    let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    let answer = function.send(&message(&initialized, &id, ALICE)).await;
    assert_eq!(answer.status, 202);
    assert_eq!(table.operations(), Vec::<String>::new());

    for (method, reads) in ["tools/list", "prompts/list", "resources/list"]
        .iter()
        .zip(1..)
    {
        assert_eq!(ask(method).await, 200, "{method}");
        assert_eq!(table.operations(), vec!["GetItem"; reads]);
    }
    function.send(&message(&call("headers"), &id, ALICE)).await;
    assert_eq!(table.operations(), ["GetItem"; 4]);
    function.send(&without_message("DELETE", &id, ALICE)).await;
    assert_eq!(table.operations()[4..], ["GetItem", "PutItem"]);
    let refused = function.send(&message(&call("headers"), &id, ALICE)).await;
    assert_eq!(refused.status, 404);
    assert_eq!(ask("tools/list").await, 404, "as the official suite asks");
    assert_eq!(ask("ping").await, 200);
}

#[tokio::test]
async fn a_call_that_uses_the_value_of_its_session_reads_the_table_once() {
    let table = Table::start().await;
    let function = sessions::process(&table).await;
    let id = sessions::session_id(&function, sessions::ADA).await;
    let count = async || {
        let counted = sessions::legacy(&function, sessions::ADA, &id, "count", json!({})).await;
        sessions::text(&counted.json()["result"]).to_owned()
    };
    for expected in ["1 for ada", "2 for ada"] {
        let before = table.operations().len();
        assert_eq!(count().await, expected);
        assert_eq!(table.operations()[before..], ["GetItem", "PutItem"]);
    }
    let before = table.operations().len();
    sessions::legacy(&function, sessions::ADA, &id, "notes", json!({})).await;
    assert_eq!(table.operations()[before..], ["GetItem"]);
}

#[tokio::test]
async fn nobody_ends_the_conversation_of_another_caller() {
    let table = Table::start().await;
    let function = process(&table, KEYS).await;
    let alices = session(&function, ALICE).await;
    let answer = function
        .send(&without_message("DELETE", &alices, "mallory"))
        .await;
    assert_eq!(answer.status, 404);
    let made_up = function.send(&without_message("DELETE", "x", ALICE)).await;
    assert_eq!(made_up.status, 404);
    assert!(table.keys().is_empty());
    let mut nameless = without_message("DELETE", "", ALICE);
    nameless["headers"]["Mcp-Session-Id"] = Value::Null;
    nameless["multiValueHeaders"]["Mcp-Session-Id"] = Value::Null;
    assert_eq!(function.send(&nameless).await.status, 400);
    let goes_on = function
        .send(&message(&call("headers"), &alices, ALICE))
        .await;
    assert_eq!(goes_on.status, 200);
}

#[tokio::test]
async fn a_table_that_fails_is_no_end() {
    let table = Table::start().await;
    let function = process(&table, KEYS).await;
    let id = session(&function, ALICE).await;
    table.throttle(2);
    let ended = function.send(&without_message("DELETE", &id, ALICE)).await;
    assert_eq!(ended.status, 202, "a moment's failure is not seen");

    let id = session(&function, ALICE).await;
    table.refuse("ThrottlingException");
    let answer = function.send(&without_message("DELETE", &id, ALICE)).await;
    assert_eq!(answer.status, 503);
    assert_eq!(
        answer.json()["error"]["message"],
        "the server's state table is busy, try again in a moment (throttled)"
    );
    table.recover();
    let goes_on = function.send(&message(&call("headers"), &id, ALICE)).await;
    assert_eq!(goes_on.status, 200);
}

#[tokio::test]
async fn the_value_of_an_ended_conversation_is_out_of_reach() {
    let table = Table::start().await;
    let function = sessions::process(&table).await;
    let id = sessions::session_id(&function, sessions::ADA).await;
    let counted = sessions::legacy(&function, sessions::ADA, &id, "count", json!({})).await;
    assert_eq!(sessions::text(&counted.json()["result"]), "1 for ada");
    let end = sessions::by(sessions::ADA, without_message("DELETE", &id, sessions::ADA));
    assert_eq!(function.send(&end).await.status, 202);
    let refused = sessions::legacy(&function, sessions::ADA, &id, "count", json!({})).await;
    assert_eq!(refused.status, 404);
    let id = sessions::session_id(&function, sessions::ADA).await;
    let anew = sessions::legacy(&function, sessions::ADA, &id, "count", json!({})).await;
    assert_eq!(sessions::text(&anew.json()["result"]), "1 for ada");
}

#[tokio::test]
async fn a_server_without_conversations_takes_post_only() {
    let function = Function::start(&[]).await;
    for method in ["GET", "DELETE", "PUT"] {
        let answer = function.send(&without_message(method, "x", ALICE)).await;
        assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
        let told = &answer.json()["error"]["message"];
        assert_eq!(told, "this endpoint accepts POST only");
    }
    let table = Table::start().await;
    let asking = process(&table, KEYS).await;
    let id = session(&asking, ALICE).await;
    for method in ["GET", "PUT"] {
        let answer = asking.send(&without_message(method, &id, ALICE)).await;
        let allowed = answer.header("allow");
        assert_eq!((answer.status, allowed), (405, Some("POST, DELETE")));
    }
    let mut modern = event(&Value::Null, &[("MCP-Protocol-Version", "2026-07-28")]);
    modern["httpMethod"] = json!("DELETE");
    let answer = asking.send(&modern).await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
    assert!(table.keys().is_empty());
}

#[tokio::test]
async fn ends_without_a_table_in_plain_http_mode() {
    let issuer = Issuer::start().await;
    let server = PlainServer::start_server(&issuer, || server::definition().asks_clients()).await;
    let bearer = format!("Bearer {}", issuer.token(&server.claims()));
    let initialize = data("initialize-2025-11-25.json");
    let begun = send(post(&server.url, Some(&bearer), &initialize)).await;
    let id = begun.header("mcp-session-id").unwrap().to_owned();
    let end = Request::builder()
        .method(Method::DELETE)
        .uri(&server.url)
        .header("Authorization", &bearer)
        .header("Mcp-Session-Id", &id)
        .body(Full::default())
        .unwrap();
    assert_eq!(send(end).await.status, 202);
    let mut request = post(&server.url, Some(&bearer), &call("headers"));
    let id = HeaderValue::from_str(&id).unwrap();
    request.headers_mut().insert("mcp-session-id", id);
    assert_eq!(send(request).await.status, 404);
}
