//! Event streams whose last event does not come from the tool: it follows the record of the call as well.

use std::sync::Arc;
use std::time::Duration;

use mcp_lambda::Definition;
use mcp_lambda_testing::LogGroup;
use rmcp::ServerHandler;
use serde_json::{Value, json};

use super::{GROUP, records};
use crate::conversation::{ALICE, KEYS, message, session};
use crate::dynamodb::Table;
use crate::event_source::{Function, call, event, set_header};
use crate::resumption::{back, bake, bakery, events, messages};
use crate::server::TestServer;

const LONG: Duration = Duration::from_secs(60);

fn asking() -> Definition<TestServer> {
    crate::server::definition().asks_clients().audit_trail()
}

fn resumable() -> Definition<crate::resumption::Bakery> {
    bakery().audit_trail()
}

async fn start<S: ServerHandler>(
    table: &Table,
    definition: fn() -> Definition<S>,
) -> (Function, Arc<LogGroup>) {
    let (group, endpoint) = LogGroup::serve(GROUP).await.unwrap();
    let mut variables = table.variables().to_vec();
    variables.extend([
        ("MCP_STATE_KEYS", KEYS),
        ("MCP_AUDIT_LOG_GROUP", GROUP),
        ("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", endpoint.as_str()),
    ]);
    let function = Function::start_server(&variables, definition).await;
    (function, group)
}

fn is_withheld(error: &Value) -> bool {
    let message = error["error"]["message"].as_str().unwrap_or_default();
    error["error"]["code"] == -32603 && message.starts_with("the response is withheld")
}

/// A call of this name by a client of 2025-11-25 that prefers a stream.
fn preferring_a_stream(name: &Value, session: &str) -> Value {
    let mut call = bake("none", 0, false, 0);
    call["params"]["name"] = name.clone();
    let mut event = message(&call, session, ALICE);
    set_header(&mut event, "Accept", "text/event-stream, application/json");
    event
}

#[tokio::test]
async fn a_stream_that_ends_because_the_server_asks_has_its_record_first() {
    let table = Table::start().await;
    let (function, group) = start(&table, asking).await;
    let asks = event(&call("asks"), &[("MCP-Protocol-Version", "2025-11-25")]);
    let mut invoked = function.invoke(&asks, LONG).await;
    while !String::from_utf8_lossy(&invoked.received).contains("needs to ask the client") {
        assert!(invoked.more().await);
    }
    assert_eq!(records(&group).len(), 1);
    assert_eq!(records(&group)[0]["outcome"], "failed");
    assert_eq!(records(&group)[0]["tool"], "asks");
    function.settled().await;
    assert_eq!(group.lines().len(), 1, "the guard writes no second one");

    group.refuse(Some("AccessDeniedException"));
    let withheld = function.send(&asks).await;
    let last = withheld.events().pop().unwrap();
    assert!(is_withheld(&last), "{last}");
    assert_eq!(last["id"], 7);
}

#[tokio::test]
async fn a_refused_call_in_a_resumable_stream_has_its_record_first_also_for_a_client_that_reconnects()
 {
    let table = Table::start().await;
    let (function, group) = start(&table, resumable).await;
    let id = session(&function, ALICE).await;
    for name in [json!(5), json!(["a secret"])] {
        let before = group.lines().len();
        let invoked = function
            .invoke(&preferring_a_stream(&name, &id), LONG)
            .await;
        let all = invoked.all().await;
        assert!(messages(&all)[0]["error"].is_object(), "{all:?}");
        assert_eq!(group.lines().len(), before + 1);
        let record = records(&group).pop().unwrap();
        assert_eq!(
            (&record["outcome"], &record["reason"], &record["tool"]),
            (&json!("refused"), &json!("ParamsMalformed"), &Value::Null)
        );
    }

    group.refuse(Some("AccessDeniedException"));
    let invoked = function
        .invoke(&preferring_a_stream(&json!(5), &id), LONG)
        .await;
    let seen = events(&invoked.all().await);
    assert!(is_withheld(seen[1].message.as_ref().unwrap()), "{seen:?}");
    let first = seen[0].id.as_deref().unwrap();
    let again = function.invoke(&back(&id, ALICE, first), LONG).await;
    let replayed = messages(&again.all().await);
    assert!(is_withheld(&replayed[0]), "{replayed:?}");
}
