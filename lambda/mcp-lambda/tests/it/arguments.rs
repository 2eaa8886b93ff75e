//! Arguments of a tool, as its schema advertises them.

use std::collections::BTreeMap;

use mcp_lambda::{Definition, ToolPolicy};
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::Tool;
use rmcp::{ServerHandler, schemars, tool, tool_handler, tool_router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::event_source::{Function, call, modern_event};

struct Kennel;

#[derive(Default, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(default)]
struct Wishes {
    limit: u32,
    by: Option<i64>,
    ages: Vec<u8>,
    weight: f64,
    bowls: BTreeMap<String, i32>,
    places: BTreeMap<u16, u8>,
    owner: Option<Owner>,
    litter: Vec<Owner>,
    shape: Option<Shape>,
}

#[derive(Deserialize, Serialize, schemars::JsonSchema)]
struct Owner {
    dogs: u64,
    #[serde(default)]
    friends: Vec<Owner>,
}

#[derive(Deserialize, Serialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Shape {
    Grid { size: u8 },
    Circle { size: f64 },
}

#[tool_router(vis = "pub(crate)")]
impl Kennel {
    #[tool(description = "Repeats its arguments", meta = ToolPolicy::scopes(&["tools"]).meta())]
    async fn repeat(&self, Parameters(wishes): Parameters<Wishes>) -> String {
        json!(wishes).to_string()
    }
}

#[tool_handler]
impl ServerHandler for Kennel {}

fn definition() -> Definition<Kennel> {
    Definition::new(
        "kennel",
        "1.0.0",
        Kennel::tool_router().list_all(),
        |(), _| Ok(Kennel),
    )
    .scope("tools", "Use the tools")
}

/// Calls the tool with arguments as they are written.
async fn repeat(function: &Function, arguments: &str) -> Value {
    let mut event = modern_event(&call("repeat"));
    let body = event["body"].as_str().unwrap();
    let written = body.replace("\"arguments\":{}", &format!("\"arguments\":{arguments}"));
    assert_ne!(body, written);
    event["body"] = json!(written);
    function.send(&event).await.json()["result"].clone()
}

#[tokio::test]
async fn integers_may_be_written_with_a_fraction_or_an_exponent_wherever_the_schema_has_them() {
    let function = Function::start_server(&[], definition).await;
    for (written, member, taken) in [
        (r#"{"limit":2.0}"#, "limit", json!(2)),
        (r#"{"limit":1e1}"#, "limit", json!(10)),
        (r#"{"by":-2.0}"#, "by", json!(-2)),
        (r#"{"by":null}"#, "by", json!(null)),
        (r#"{"ages":[1,2.0,3e0]}"#, "ages", json!([1, 2, 3])),
        (r#"{"weight":2.0}"#, "weight", json!(2.0)),
        (r#"{"weight":2}"#, "weight", json!(2.0)),
        (r#"{"bowls":{"a":1.0}}"#, "bowls", json!({ "a": 1 })),
        (r#"{"places":{"7":1.0}}"#, "places", json!({ "7": 1 })),
        (
            r#"{"owner":{"dogs":3.0,"friends":[{"dogs":4.0}]}}"#,
            "owner",
            json!({ "dogs": 3, "friends": [{ "dogs": 4, "friends": [] }] }),
        ),
        (
            r#"{"litter":[{"dogs":3.0}]}"#,
            "litter",
            json!([{ "dogs": 3, "friends": [] }]),
        ),
        (
            r#"{"shape":{"kind":"grid","size":3.0}}"#,
            "shape",
            json!({ "kind": "grid", "size": 3 }),
        ),
        (
            r#"{"shape":{"kind":"circle","size":3.0}}"#,
            "shape",
            json!({ "kind": "circle", "size": 3.0 }),
        ),
    ] {
        let result = repeat(&function, written).await;
        assert_eq!(result["isError"], false, "{written}: {result}");
        let text = result["content"][0]["text"].as_str().unwrap();
        let repeated: Value = serde_json::from_str(text).unwrap();
        assert_eq!(repeated[member], taken, "{written}");
    }
}

#[tokio::test]
async fn a_number_that_is_no_integer_is_a_tool_error_that_names_the_argument() {
    let function = Function::start_server(&[], definition).await;
    for (written, sentence) in [
        (r#"{"limit":2.5}"#, "limit: must be an integer, got 2.5"),
        (r#"{"limit":1e30}"#, "limit: must be an integer, got 1e+30"),
        (
            r#"{"ages":[1,0.5]}"#,
            "ages[1]: must be an integer, got 0.5",
        ),
        (
            r#"{"owner":{"dogs":1,"friends":[{"dogs":1.5}]}}"#,
            "owner.friends[0].dogs: must be an integer, got 1.5",
        ),
    ] {
        let result = repeat(&function, written).await;
        assert_eq!(
            (&result["isError"], &result["content"][0]["text"]),
            (&json!(true), &json!(sentence)),
            "{written}"
        );
    }
}

#[test]
fn the_contract_names_the_headers_that_arguments_travel_in() {
    let contract = |property: Value| {
        let schema = json!({ "type": "object", "properties": { "region": property } });
        let mut tool = Tool::new("query", "Queries", schema.as_object().unwrap().clone());
        tool.meta = Some(ToolPolicy::scopes(&["tools"]).meta());
        Definition::new("kennel", "1.0.0", vec![tool], |(), _| Ok(Kennel))
            .scope("tools", "Use the tools")
            .contract()
    };
    let mirrored = contract(json!({ "type": "string", "x-mcp-header": "Region" })).unwrap();
    assert_eq!(
        json!(mirrored)["requestHeaders"],
        json!(["Mcp-Param-Region"])
    );
    let plain = contract(json!({ "type": "string" })).unwrap();
    assert_eq!(json!(plain).get("requestHeaders"), None);
    let refused = contract(json!({ "type": "number", "x-mcp-header": "Region" })).unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("tool query has an x-mcp-header"),
        "{refused}"
    );
}
