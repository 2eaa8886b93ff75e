//! Prompts and resources that a server declares: in its contract, and what directories would refuse.

use mcp_lambda::{Definition, McpApp};
use rmcp::ServerHandler;
use rmcp::model::{Prompt, PromptArgument, Resource, ResourceTemplate};
use serde_json::{Value, json};

struct Kennel;

impl ServerHandler for Kennel {}

fn definition() -> Definition<Kennel> {
    let walk = Prompt::new(
        "walk dog",
        None::<String>,
        Some(vec![PromptArgument::new("dog").with_required(true)]),
    );
    Definition::new("kennel", "1.0.0", Vec::new(), |(), _| Ok(Kennel))
        .prompts(vec![walk])
        .resources(vec![
            Resource::new("dogs://all", "dogs").with_description("All dogs."),
        ])
        .resource_templates(vec![ResourceTemplate::new("dogs://{name}", "dog")])
}

#[test]
fn the_contract_has_prompts_and_resources_and_what_directories_miss() {
    let contract = json!(definition().contract().unwrap());
    assert_eq!(
        contract["prompts"],
        json!([{
            "name": "walk dog", "title": null, "description": null,
            "arguments": [{ "name": "dog", "description": null, "required": true }],
        }])
    );
    assert_eq!(
        contract["mcpResources"],
        json!([
            { "uri": "dogs://all", "name": "dogs", "title": null, "description": "All dogs." },
            { "uri": "dogs://{name}", "name": "dog", "title": null, "description": null },
        ])
    );
    let findings = contract["directory"].as_array().unwrap();
    let rules: Vec<(&Value, &Value)> = findings
        .iter()
        .map(|finding| (&finding["about"], &finding["rule"]))
        .collect();
    let expected = [
        ("prompt walk dog", "prompt-name"),
        ("prompt walk dog", "prompt-title"),
        ("prompt walk dog", "prompt-description"),
        ("prompt walk dog", "prompt-arguments"),
        ("MCP resource dogs://all", "resource-title"),
        ("MCP resource dogs://{name}", "resource-title"),
        ("MCP resource dogs://{name}", "resource-description"),
    ];
    let expected = expected.map(|(about, rule)| (json!(about), json!(rule)));
    let expected: Vec<_> = expected.iter().map(|(about, rule)| (about, rule)).collect();
    assert_eq!(rules, expected);
}

#[test]
fn a_prompt_or_a_uri_that_is_declared_twice_is_refused() {
    let refusal = definition()
        .prompts(vec![Prompt::new("walk dog", None::<String>, None)])
        .resources(vec![
            Resource::new("dogs://all", "again"),
            Resource::new("ui://kennel/weight", "weight"),
        ])
        .mcp_app(McpApp::html("weight", "<!doctype html>"))
        .contract()
        .unwrap_err()
        .to_string();
    for twice in [
        "prompt \"walk dog\" is declared twice",
        "MCP resource \"dogs://all\" is declared twice",
        "MCP resource \"ui://kennel/weight\" is declared twice",
    ] {
        assert!(refusal.contains(twice), "{refusal}");
    }
}
