//! Results that answer later calls.

use std::time::Duration;

use mcp_lambda::{Definition, ToolPolicy};
use rmcp::model::{JsonObject, Tool};
use serde_json::{Value, json};

use crate::asking_cache;
use crate::conversation::{self, ask_by, last, message, reply};
use crate::dynamodb::Table;
use crate::event_source::{self, Function, modern_event};
use crate::keeper::{self, Keeper};
use crate::sessions::{KEYS, by, call, modern, process, text};

async fn measured(function: &Function, subject: &str, tool: &str, what: Value) -> String {
    let result = modern(function, subject, tool, json!({ "what": what })).await;
    text(&result).to_owned()
}

#[tokio::test]
async fn the_same_call_runs_once_in_whichever_process() {
    let table = Table::start().await;
    let (first, second) = (process(&table).await, process(&table).await);
    let result = measured(&first, "ada", "measure", json!(1)).await;
    assert_eq!(result, "1: run 0 for ada");
    for same in [json!(1), json!(1.0)] {
        assert_eq!(measured(&second, "ada", "measure", same).await, result);
    }
    assert_eq!(
        measured(&second, "ada", "measure", json!(2)).await,
        "2: run 0 for ada"
    );
}

#[tokio::test]
async fn another_caller_scope_group_tool_or_server_version_is_another_call() {
    let table = Table::start().await;
    let function = process(&table).await;
    let own = measured(&function, "ada", "measure", json!(1)).await;
    assert_eq!(
        measured(&function, "bob", "measure", json!(1)).await,
        "1: run 1 for bob"
    );
    let everyones = measured(&function, "ada", "survey", json!(1)).await;
    assert_eq!(everyones, "1: run 2 for ada");
    assert_eq!(
        measured(&function, "bob", "survey", json!(1)).await,
        everyones
    );

    let event = by("ada", modern_event(&call("measure", json!({ "what": 1 }))));
    let with = |claim: &str, value: &str| {
        let mut event = event.clone();
        event["requestContext"]["authorizer"]["claims"][claim] = json!(value);
        event
    };
    let resource = "https://d111.cloudfront.net/mcp";
    for other in [
        with("scope", &format!("{resource}/keep {resource}/more")),
        with("cognito:groups", "admins"),
        with("client_id", "another-app"),
    ] {
        let answer = function.send(&other).await.json();
        assert_ne!(text(&answer["result"]), own);
    }
    assert_eq!(measured(&function, "ada", "measure", json!(1)).await, own);

    let mut variables = table.variables().to_vec();
    variables.push(("MCP_STATE_KEYS", KEYS));
    let next = Function::start_server(&variables, keeper::next_definition).await;
    for _ in 0..2 {
        let again = measured(&next, "ada", "measure", json!(1)).await;
        assert_eq!(again, "1: run 0 for ada", "the new version's own run");
    }
}

#[tokio::test]
async fn keeps_no_failure_and_nothing_that_has_expired() {
    let table = Table::start().await;
    let function = process(&table).await;
    for run in 0..2 {
        let failed = modern(&function, "ada", "fail", json!({})).await;
        assert_eq!(
            (&failed["isError"], text(&failed)),
            (&json!(true), format!("run {run} for ada").as_str())
        );
    }
    assert_eq!(table.keys().len(), 0);
    table.expire_on_write();
    for run in 2..4 {
        let result = measured(&function, "ada", "measure", json!(1)).await;
        assert_eq!(result, format!("1: run {run} for ada"));
    }
    assert_eq!(table.keys().len(), 1, "expiry is checked on reading");
}

#[tokio::test]
async fn a_cache_that_fails_or_hangs_fails_no_call() {
    for fault in ["AccessDeniedException", "ThrottlingException", "hangs"] {
        let table = Table::start().await;
        let function = process(&table).await;
        match fault {
            "hangs" => table.hang(),
            code => table.refuse(code),
        }
        let event = by("ada", modern_event(&call("measure", json!({ "what": 1 }))));
        let answer = function.invoke(&event, Duration::from_secs(5)).await;
        let answer = crate::wire::HttpAnswer::from_stream(&answer.all().await).json();
        assert_eq!(text(&answer["result"]), "1: run 0 for ada", "{fault}");
        let log = function.log.lock().unwrap().join("\n");
        let lines = log.matches("the result cache was not used").count();
        assert_eq!(lines, 2, "one for the look and one for keeping: {log}");
        assert!(
            log.contains(r#""tool":"measure""#) && !log.contains("arn:aws"),
            "{log}"
        );
    }
}

#[test]
fn needs_a_table_and_no_key_and_contradicts_no_session() {
    let definition = |access: ToolPolicy, schema: Value| {
        let schema: JsonObject = serde_json::from_value(schema).unwrap();
        let mut tool = Tool::new("measure", "Measures", schema);
        tool.meta = Some(access.meta());
        let tools = vec![tool];
        Definition::<Keeper>::new("keeper", "1.0.0", tools, |(), _| Ok(Keeper::default()))
            .scope("keep", "Keep")
    };
    let (access, minute) = (ToolPolicy::scopes(&["keep"]), Duration::from_secs(60));
    let contract = definition(access.clone().cached(minute), json!({ "type": "object" }))
        .contract()
        .unwrap();
    let settings: Vec<&str> = contract
        .settings
        .iter()
        .map(|setting| setting.name)
        .collect();
    assert!(settings.contains(&"MCP_STATE_TABLE") && !settings.contains(&"MCP_STATE_KEYS"));
    for (access, schema, rule) in [
        (
            access.clone().cached(minute).reads_session(),
            json!({ "type": "object" }),
            "tool measure is cached and has the value of a conversation or of its caller, which a cached result would ignore: declare one of the two",
        ),
        (
            access.clone().cached(Duration::from_millis(999)),
            json!({ "type": "object" }),
            "tool measure is cached for less than a second: use a longer time",
        ),
        (
            access.reads_session(),
            json!({ "type": "object", "properties": { "conversation": { "type": "string" } } }),
            "tool measure has a SessionState and a member conversation of its own, which is where the handle travels: rename it",
        ),
    ] {
        let problem = definition(access, schema).contract().unwrap_err();
        assert_eq!(
            problem.to_string(),
            format!("the server's definition contradicts itself: {rule}")
        );
    }
}

async fn asking(table: &Table) -> Function {
    let mut variables = table.variables().to_vec();
    variables.push(("MCP_STATE_KEYS", KEYS));
    Function::start_server(&variables, asking_cache::definition).await
}

/// A call of `chooses` as a client of 2026-07-28 sends it, with these members of `params` besides.
async fn chooses(function: &Function, subject: &str, more: Value) -> Value {
    let mut message = event_source::call("chooses");
    let params = message["params"].as_object_mut().unwrap();
    params.extend(more.as_object().unwrap().clone());
    let mut event = modern_event(&message);
    event["requestContext"]["authorizer"]["claims"]["sub"] = json!(subject);
    let answer = function.send(&event).await;
    assert_eq!(answer.status, 200, "{:?}", answer.json());
    answer.json()["result"].clone()
}

#[tokio::test]
async fn what_one_caller_answers_is_in_no_other_callers_result() {
    let table = Table::start().await;
    let function = asking(&table).await;
    let answers = |color: &str| json!({ "inputResponses": { "color": { "action": "accept", "content": { "color": color } } } });
    for (subject, color) in [("ada", "red"), ("bob", "blue")] {
        let asked = chooses(&function, subject, json!({})).await;
        assert_eq!(asked["resultType"], "input_required", "{subject}: {asked}");
        let chosen = chooses(&function, subject, answers(color)).await;
        assert_eq!(text(&chosen), format!("{subject} chose {color}"));
        let state = json!({ "requestState": "green" });
        let chosen = chooses(&function, subject, state).await;
        assert_eq!(text(&chosen), format!("{subject} chose green"));
    }
    assert_eq!(table.keys().len(), 0, "nothing of it is kept");
}

#[tokio::test]
async fn a_kept_result_is_not_for_a_call_with_answers() {
    let table = Table::start().await;
    let function = asking(&table).await;
    let decided = |more: Value| {
        let mut params = json!({ "arguments": { "decided": true } });
        let members = more.as_object().unwrap().clone();
        params.as_object_mut().unwrap().extend(members);
        params
    };
    for subject in ["ada", "bob"] {
        let kept = chooses(&function, subject, decided(json!({}))).await;
        assert_eq!(text(&kept), "ada has decided", "cached for everyone");
        let state = decided(json!({ "requestState": "green" }));
        let own = chooses(&function, subject, state).await;
        assert_eq!(text(&own), format!("{subject} chose green"));
        let answers = decided(json!({ "inputResponses": {} }));
        let own = chooses(&function, subject, answers).await;
        assert_eq!(text(&own), format!("{subject} has decided"));
    }
    assert_eq!(table.keys().len(), 1);
}

#[tokio::test]
async fn a_result_for_which_the_client_was_asked_is_not_kept() {
    let table = Table::start().await;
    let (function, other) = (asking(&table).await, asking(&table).await);
    for (index, subject) in ["ada", "bob"].into_iter().enumerate() {
        let session = conversation::session(&function, subject).await;
        let timeout = Duration::from_secs(20);
        let (asking, question) = ask_by(&function, &session, subject, timeout).await;
        let answer = message(&reply(&question), &session, subject);
        assert_eq!(other.send(&answer).await.status, 202);
        let result = last(asking).await;
        assert_eq!(text(&result["result"]), format!("{subject} was asked"));
        assert_eq!(table.keys().len(), index + 1, "the answers alone");
    }
}
