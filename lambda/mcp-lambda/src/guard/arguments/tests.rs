use std::collections::BTreeMap;

use rmcp::model::Tool;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::ArgumentRules;
use crate::tool_parts::input;

#[derive(JsonSchema, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only its schema is used")]
struct Order {
    #[schemars(range(min = 1, max = 10))]
    limit: i64,
    #[schemars(length(min = 2, max = 5), regex(pattern = r"^[A-Z]-\d+$"))]
    sku: Option<String>,
    #[schemars(length(min = 1, max = 3))]
    tags: Option<Vec<String>>,
    #[schemars(extend("exclusiveMinimum" = 0.0, "exclusiveMaximum" = 1.0))]
    share: Option<f64>,
    #[serde(default)]
    bags: u8,
    #[serde(default)]
    total: u32,
    size: Option<Size>,
    owner: Option<Owner>,
    shape: Option<Shape>,
    #[serde(default)]
    bowls: BTreeMap<String, Owner>,
    pair: Option<(u8, String)>,
    id: Option<Id>,
}

#[derive(JsonSchema, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(dead_code, reason = "only its schema is used")]
enum Size {
    /// A small one.
    Small,
    /// A large one.
    Large,
}

#[derive(JsonSchema, Deserialize)]
#[allow(dead_code, reason = "only its schema is used")]
struct Owner {
    #[schemars(length(max = 4))]
    name: String,
    #[serde(default)]
    friends: Vec<Owner>,
}

#[derive(JsonSchema, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[allow(dead_code, reason = "only its schema is used")]
enum Shape {
    Grid { size: u8 },
    Circle { radius: f64 },
}

#[derive(JsonSchema, Deserialize)]
#[serde(untagged)]
#[allow(dead_code, reason = "only its schema is used")]
enum Id {
    Number(u32),
    Name(String),
}

fn rules() -> ArgumentRules {
    ArgumentRules::new(&Tool::new("order", "Orders", input::<Order>())).unwrap()
}

fn check(rules: &ArgumentRules, arguments: &Value) -> Result<(), String> {
    rules.check(arguments.as_object())
}

#[test]
fn arguments_within_their_bounds_pass() {
    let rules = rules();
    for arguments in [
        json!({ "limit": 1 }),
        json!({ "limit": 10.0, "bags": 255, "total": u32::MAX }),
        json!({ "limit": 5, "sku": "A-1", "tags": ["a"], "share": 0.5 }),
        json!({ "limit": 5, "sku": null, "tags": null, "size": null, "owner": null, "shape": null }),
        json!({ "limit": 5, "size": "small" }),
        json!({ "limit": 5, "owner": { "name": "ada", "friends": [{ "name": "bob" }], "since": 1980 } }),
        json!({ "limit": 5, "shape": { "kind": "grid", "size": 3 } }),
        json!({ "limit": 5, "shape": { "kind": "circle", "radius": 0.5 } }),
        json!({ "limit": 5, "bowls": { "red": { "name": "ada" } }, "pair": [1, "b"] }),
        json!({ "limit": 5, "id": 7 }),
        json!({ "limit": 5, "id": "seven" }),
    ] {
        assert_eq!(check(&rules, &arguments), Ok(()), "{arguments}");
    }
}

#[test]
fn a_problem_names_the_argument_the_rule_and_the_value() {
    let rules = rules();
    for (argument, problem) in [
        (json!({ "limit": 50 }), "limit: must be at most 10, got 50"),
        (json!({ "limit": 0 }), "limit: must be at least 1, got 0"),
        (
            json!({ "limit": "5" }),
            "limit: must be an integer, got \"5\"",
        ),
        (
            json!({ "limit": 2.5 }),
            "limit: must be an integer, got 2.5",
        ),
        (
            json!({ "limit": 1e30 }),
            "limit: must be an integer, got 1e+30",
        ),
        (
            json!({ "limit": null }),
            "limit: must be an integer, got null",
        ),
        (
            json!({ "sku": "A-12345" }),
            "sku: must have at most 5 characters, got 7",
        ),
        (
            json!({ "sku": "a-1" }),
            "sku: must match ^[A-Z]-\\d+$, got \"a-1\"",
        ),
        (json!({ "sku": 5 }), "sku: must be a string or null, got 5"),
        (
            json!({ "tags": [] }),
            "tags: must have at least 1 item, got 0",
        ),
        (
            json!({ "tags": ["a", 1] }),
            "tags[1]: must be a string, got 1",
        ),
        (
            json!({ "share": 0 }),
            "share: must be greater than 0.0, got 0",
        ),
        (
            json!({ "share": 1.0 }),
            "share: must be less than 1.0, got 1.0",
        ),
        (json!({ "bags": 256 }), "bags: must be at most 255, got 256"),
        (
            json!({ "total": 4_294_967_296_u64 }),
            "total: must be at most 4294967295, got 4294967296",
        ),
        (
            json!({ "size": "huge" }),
            "size: must be one of \"small\", \"large\", got \"huge\"",
        ),
        (
            json!({ "owner": { "name": "augusta" } }),
            "owner.name: must have at most 4 characters, got 7",
        ),
        (json!({ "owner": {} }), "owner.name: is required"),
        (
            json!({ "owner": { "name": "ada", "friends": [{ "name": "bob" }, { "name": 1 }] } }),
            "owner.friends[1].name: must be a string, got 1",
        ),
        (
            json!({ "shape": { "kind": "grid", "size": 300 } }),
            "shape.size: must be at most 255, got 300",
        ),
        (
            json!({ "shape": { "kind": "circle" } }),
            "shape.radius: is required",
        ),
        (
            json!({ "bowls": { "red": {} } }),
            "bowls.red.name: is required",
        ),
        (
            json!({ "pair": [1] }),
            "pair: must have at least 2 items, got 1",
        ),
        (
            json!({ "id": true }),
            "id: must be one of an integer, a string, got true",
        ),
        (json!({ "colour": "red" }), "colour: is not known"),
    ] {
        let mut arguments = json!({ "limit": 5 });
        for (name, value) in argument.as_object().unwrap() {
            arguments[name] = value.clone();
        }
        assert_eq!(
            check(&rules, &arguments),
            Err(problem.to_owned()),
            "{argument}"
        );
    }
}

#[test]
fn every_problem_of_a_call_is_in_one_message() {
    let arguments = json!({ "sku": "A", "bags": -1, "colour": "red" });
    assert_eq!(
        check(&rules(), &arguments).unwrap_err(),
        "limit: is required; bags: must be at least 0, got -1; colour: is not known; \
         sku: must have at least 2 characters, got 1; sku: must match ^[A-Z]-\\d+$, got \"A\""
    );
    assert_eq!(rules().check(None), Err("limit: is required".to_owned()));
}

#[test]
fn a_long_value_is_cut_off() {
    let long = "a".repeat(10_000);
    let problem = check(&rules(), &json!({ "limit": long })).unwrap_err();
    assert!(problem.len() < 120 && problem.ends_with('…'), "{problem}");
}

#[test]
fn a_schema_that_refers_to_itself_without_end_is_checked_to_its_end() {
    let schema = json!({
        "type": "object",
        "properties": { "a": { "$ref": "#/$defs/A" } },
        "$defs": { "A": { "allOf": [{ "$ref": "#/$defs/A" }] } },
    });
    let tool = Tool::new("t", "", schema.as_object().unwrap().clone());
    let rules = ArgumentRules::new(&tool).unwrap();
    assert_eq!(check(&rules, &json!({ "a": 1 })), Ok(()));
}

#[test]
fn a_schema_that_cannot_be_enforced_is_refused() {
    for schema in [
        json!({ "type": "array" }),
        json!({ "type": "object", "properties": { "a": { "type": "string", "pattern": "(?=a)" } } }),
    ] {
        let tool = Tool::new("t", "", schema.as_object().unwrap().clone());
        assert!(ArgumentRules::new(&tool).is_err(), "{schema}");
    }
}
