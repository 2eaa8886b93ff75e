//! Values of conversations, in both eras of the protocol, over a table that is shared by processes.

use std::time::Duration;

use http::HeaderValue;
use serde_json::{Value, json};

use crate::dynamodb::Table;
use crate::event_source::{Function, data, event, modern_event};
use crate::issuer::Issuer;
use crate::keeper;
use crate::plain_http::{PlainServer, post, send};
use crate::wire::HttpAnswer;

pub(crate) const KEYS: &str =
    "one:0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ01";
pub(crate) const ADA: &str = "ada";

pub(crate) async fn process(table: &Table) -> Function {
    let mut variables = table.variables().to_vec();
    variables.push(("MCP_STATE_KEYS", KEYS));
    Function::start_server(&variables, keeper::definition).await
}

pub(crate) fn call(tool: &str, arguments: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": { "name": tool, "arguments": arguments } })
}

/// The event of a person with this subject.
pub(crate) fn by(subject: &str, mut event: Value) -> Value {
    let claims = &mut event["requestContext"]["authorizer"]["claims"];
    claims["sub"] = json!(subject);
    claims["scope"] = json!("https://d111.cloudfront.net/mcp/keep");
    event
}

/// Calls a tool as a client of 2026-07-28.
pub(crate) async fn modern(
    function: &Function,
    subject: &str,
    tool: &str,
    arguments: Value,
) -> Value {
    let event = by(subject, modern_event(&call(tool, arguments)));
    let answer = function.send(&event).await;
    assert_eq!(answer.status, 200, "{:?}", answer.json());
    answer.json()["result"].clone()
}

pub(crate) fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap_or_default()
}

fn legacy_event(subject: &str, session: &str, message: &Value) -> Value {
    let headers = [
        ("MCP-Protocol-Version", "2025-11-25"),
        ("Mcp-Session-Id", session),
    ];
    by(subject, event(message, &headers))
}

pub(crate) async fn legacy(
    function: &Function,
    subject: &str,
    session: &str,
    tool: &str,
    arguments: Value,
) -> HttpAnswer {
    function
        .send(&legacy_event(subject, session, &call(tool, arguments)))
        .await
}

pub(crate) async fn session_id(function: &Function, subject: &str) -> String {
    let answer = function
        .send(&by(
            subject,
            event(&data("initialize-2025-11-25.json"), &[]),
        ))
        .await;
    answer
        .header("mcp-session-id")
        .expect("a session id")
        .to_owned()
}

fn properties(tools: &Value, tool: &str) -> Vec<String> {
    let tools = tools["result"]["tools"].as_array().unwrap();
    let tool = tools.iter().find(|listed| listed["name"] == tool).unwrap();
    let properties = tool["inputSchema"]["properties"].as_object();
    properties.map_or_else(Vec::new, |properties| properties.keys().cloned().collect())
}

#[tokio::test]
async fn a_model_carries_the_handle_from_one_process_to_the_next() {
    let table = Table::start().await;
    let (first, second) = (process(&table).await, process(&table).await);
    let list = json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/list", "params": {} });
    let tools = first.send(&by(ADA, modern_event(&list))).await.json();
    for tool in ["note", "notes", "burn"] {
        assert!(
            properties(&tools, tool).contains(&"conversation".to_owned()),
            "{tool}"
        );
    }
    assert_eq!(properties(&tools, "measure"), ["what"]);

    let untouched = modern(&first, ADA, "notes", json!({})).await;
    assert_eq!(
        (
            text(&untouched),
            untouched["content"].as_array().unwrap().len()
        ),
        ("", 1)
    );
    let noted = modern(&first, ADA, "note", json!({ "note": "milk" })).await;
    assert_eq!(noted["structuredContent"]["notes"], json!(["milk"]));
    let handle = noted["structuredContent"]["conversation"].as_str().unwrap();
    assert_eq!(
        noted["content"][1]["text"],
        format!(
            "Pass conversation = \"{handle}\" to the next call of this server, so that it finds what belongs to this conversation."
        )
    );
    let again = modern(
        &second,
        ADA,
        "note",
        json!({ "note": "eggs", "conversation": handle }),
    )
    .await;
    assert_eq!(
        again["structuredContent"],
        json!({ "notes": ["milk", "eggs"], "conversation": handle })
    );
    assert_eq!(
        again["content"].as_array().unwrap().len(),
        1,
        "the model knows the handle already"
    );
    let read = modern(&first, ADA, "notes", json!({ "conversation": handle })).await;
    assert_eq!(text(&read), "milk, eggs");

    let burnt = modern(&second, ADA, "burn", json!({ "conversation": handle })).await;
    assert_eq!((text(&burnt), table.keys().len()), ("burnt", 0));
    let gone = modern(
        &first,
        ADA,
        "note",
        json!({ "note": "flour", "conversation": handle }),
    )
    .await;
    assert_eq!(gone["isError"], true);
    assert_eq!(
        text(&gone),
        "the conversation is not known: it has expired, has ended, or belongs to another caller; leave conversation out to begin a new one"
    );
}

#[tokio::test]
async fn an_older_client_has_its_session_id_and_nothing_else_to_do() {
    let table = Table::start().await;
    let (first, second) = (process(&table).await, process(&table).await);
    let session = session_id(&first, ADA).await;
    let list = json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/list", "params": {} });
    let tools = first.send(&legacy_event(ADA, &session, &list)).await.json();
    assert_eq!(properties(&tools, "note"), ["note"]);

    for (function, note) in [(&first, "milk"), (&second, "eggs")] {
        let noted = legacy(function, ADA, &session, "note", json!({ "note": note }))
            .await
            .json();
        let structured = &noted["result"]["structuredContent"];
        assert_eq!(
            structured["notes"].as_array().unwrap().last().unwrap(),
            note
        );
        assert_eq!(structured["conversation"], Value::Null);
        assert_eq!(noted["result"]["content"].as_array().unwrap().len(), 1);
    }
    let other = session_id(&first, ADA).await;
    // So it is beside questions to the client.
    let mut variables = table.variables().to_vec();
    variables.push(("MCP_STATE_KEYS", KEYS));
    let asking = Function::start_server(&variables, keeper::asking_definition).await;
    let read = legacy(&asking, ADA, &session, "notes", json!({})).await;
    assert_eq!(text(&read.json()["result"]), "milk, eggs");
    for (session, notes) in [(&session, "milk, eggs"), (&other, "")] {
        let read = legacy(&second, ADA, session, "notes", json!({}))
            .await
            .json();
        assert_eq!(text(&read["result"]), notes);
    }
    // Without a session id the handle does for an older client, too.
    let without = event(
        &call("note", json!({ "note": "salt" })),
        &[("MCP-Protocol-Version", "2025-11-25")],
    );
    let noted = first.send(&by(ADA, without)).await.json();
    let handle = noted["result"]["structuredContent"]["conversation"].clone();
    let read = modern(&second, ADA, "notes", json!({ "conversation": handle })).await;
    assert_eq!(text(&read), "salt");
    let altered = legacy(&first, ADA, &format!("{session}A"), "notes", json!({})).await;
    assert_eq!(altered.status, 404);
    assert_eq!(
        altered.json()["error"]["message"],
        "the Mcp-Session-Id is not known for this caller: initialize again"
    );
}

#[tokio::test]
async fn is_kept_where_answers_are_buffered_and_where_there_is_no_lambda() {
    let table = Table::start().await;
    let mut variables = table.variables().to_vec();
    variables.extend([("MCP_STATE_KEYS", KEYS), ("MCP_RESPONSE_MODE", "buffered")]);
    let buffered = Function::start_server(&variables, keeper::definition).await;
    let answered = async |event: Value| {
        let invoked = buffered.invoke(&event, Duration::from_secs(10)).await;
        HttpAnswer::from_proxy_response(&invoked.all().await)
    };
    let begun = answered(by(ADA, event(&data("initialize-2025-11-25.json"), &[]))).await;
    let session = begun
        .header("mcp-session-id")
        .expect("a session id")
        .to_owned();
    for count in ["1 for ada", "2 for ada"] {
        let counted = answered(legacy_event(ADA, &session, &call("count", json!({})))).await;
        assert_eq!(text(&counted.json()["result"]), count);
    }

    let issuer = Issuer::start().await;
    let server = PlainServer::start_server(&issuer, keeper::definition).await;
    let mut claims = server.claims();
    claims["scope"] = json!(format!("{}/keep", server.url));
    let bearer = format!("Bearer {}", issuer.token(&claims));
    let begun = send(post(
        &server.url,
        Some(&bearer),
        &data("initialize-2025-11-25.json"),
    ))
    .await;
    let session = HeaderValue::from_str(begun.header("mcp-session-id").unwrap()).unwrap();
    for count in ["1", "2"] {
        let mut request = post(&server.url, Some(&bearer), &call("count", json!({})));
        request
            .headers_mut()
            .insert("mcp-session-id", session.clone());
        let counted = send(request).await.json();
        assert!(
            text(&counted["result"]).starts_with(&format!("{count} for ")),
            "{counted}"
        );
    }
}

#[tokio::test]
async fn a_value_that_has_expired_and_is_still_in_the_table_is_gone() {
    let table = Table::start().await;
    let function = process(&table).await;
    table.expire_on_write();
    let noted = modern(&function, ADA, "note", json!({ "note": "milk" })).await;
    let handle = &noted["structuredContent"]["conversation"];
    assert_eq!(table.keys().len(), 1);
    let gone = modern(&function, ADA, "notes", json!({ "conversation": handle })).await;
    assert!(
        text(&gone).starts_with("the conversation is not known"),
        "{gone}"
    );
}

#[tokio::test]
#[expect(
    clippy::disallowed_methods,
    reason = "a test is a process of its own and reads its clock"
)]
async fn a_value_is_kept_for_seven_days_or_as_long_as_the_server_says() {
    let seconds = || {
        let now = std::time::SystemTime::now();
        now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
    };
    let definitions: [(fn() -> _, u64); 2] = [
        (keeper::definition, 7 * 24 * 60 * 60),
        (keeper::forgetful_definition, 60),
    ];
    for (definition, time_to_live) in definitions {
        let table = Table::start().await;
        let mut variables = table.variables().to_vec();
        variables.push(("MCP_STATE_KEYS", KEYS));
        let function = Function::start_server(&variables, definition).await;
        let before = seconds();
        // A model that fills every argument in means none by an empty one.
        let arguments = json!({ "note": "milk", "conversation": "" });
        let noted = modern(&function, ADA, "note", arguments).await;
        assert_eq!(noted["structuredContent"]["notes"], json!(["milk"]));
        let written = before..=seconds();
        assert!(written.contains(&(table.expiries()[0] - time_to_live)));
    }
    let problem = keeper::definition()
        .session_time_to_live(Duration::ZERO)
        .contract();
    assert!(problem.unwrap_err().to_string().ends_with(
        "has a SessionState that is kept for less than a second: use a longer session_time_to_live"
    ));
}

#[tokio::test]
async fn the_contract_asks_for_exactly_what_each_tool_does() {
    let contract = keeper::definition().contract().unwrap();
    let actions = |tool: &str| {
        let tool = contract
            .tools
            .iter()
            .find(|declared| declared.name == tool)
            .unwrap();
        let actions = tool.aws_actions.iter().flat_map(|on| &on.actions);
        actions
            .map(|action| action.trim_start_matches("dynamodb:"))
            .collect::<Vec<_>>()
    };
    assert_eq!(actions("note"), ["GetItem", "PutItem"]);
    assert_eq!(actions("notes"), ["GetItem", "PutItem"]);
    assert_eq!(actions("burn"), ["DeleteItem", "GetItem", "PutItem"]);
    assert_eq!(actions("measure"), ["GetItem", "PutItem"]);
    assert_eq!(actions("undeclared"), Vec::<&str>::new());
    assert_eq!(
        (
            contract.resources.len(),
            contract.resources[0].name.as_str()
        ),
        (1, "state")
    );
    let note = &contract
        .tools
        .iter()
        .find(|declared| declared.name == "note")
        .unwrap();
    for schema in [&note.input_schema, note.output_schema.as_ref().unwrap()] {
        assert_eq!(schema["properties"]["conversation"]["type"], "string");
        assert_eq!(
            schema["required"].as_array().unwrap().len(),
            1,
            "it is optional"
        );
    }

    let table = Table::start().await;
    let function = process(&table).await;
    let event = by(ADA, modern_event(&call("undeclared", json!({}))));
    let refused = function.send(&event).await.json();
    assert_eq!(
        refused["error"]["message"],
        "the tool has a SessionState and does not say so: add reads_session(), writes_session() or ends_session() to its ToolPolicy"
    );
}
