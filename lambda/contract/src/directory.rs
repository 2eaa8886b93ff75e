//! What directories of MCP servers, and the models behind their clients, ask of a server beyond the protocol.

mod described;
mod rule;

use serde_json::{Map, Value};

use crate::{Contract, STATE_RESOURCE, Tool};
use described::described_findings;
pub use rule::{DirectoryFinding, DirectoryRule, TOOL_NAME};
use rule::{LONGEST_DESCRIPTION, is_blank};

/// Deepest nesting of objects and lists in the arguments of a tool, in levels.
const DEEPEST_SCHEMA: usize = 10;
/// What combines schemas. Models take none of it at the top of a tool's arguments.
const COMBINATIONS: [&str; 3] = ["anyOf", "oneOf", "allOf"];
/// How the names of IAM actions begin that change nothing.
const READING: [&str; 8] = [
    "BatchGet",
    "Check",
    "ConditionCheck",
    "Describe",
    "Get",
    "List",
    "Query",
    "Scan",
];

impl Contract {
    /// What the server would be refused for: tools, then prompts, resources and MCP Apps, each in their order.
    ///
    /// Does not check whether texts are true or hints are right, beyond what declared AWS actions say: what a tool does to the table
    /// of the library itself is not looked at, and a tool that calls another system declares nothing.
    #[must_use]
    pub fn directory_findings(&self) -> Vec<DirectoryFinding> {
        let findings = self.tools.iter().flat_map(|tool| {
            let findings = findings(tool).into_iter();
            findings.map(|(rule, message)| DirectoryFinding {
                rule,
                about: format!("tool {}", tool.name),
                message,
            })
        });
        findings.chain(described_findings(self)).collect()
    }
}

fn findings(tool: &Tool) -> Vec<(DirectoryRule, String)> {
    let mut found = Vec::new();
    if !TOOL_NAME.allows(&tool.name) {
        found.push((
            DirectoryRule::ToolName,
            "has a name that not every model takes: use 1 to 64 of the characters A-Z a-z 0-9 _ -"
                .to_owned(),
        ));
    }
    if is_blank(tool.title.as_ref()) {
        found.push((
            DirectoryRule::ToolTitle,
            "has no title: add one, such as title = \"Get dog facts\"".to_owned(),
        ));
    }
    if is_blank(tool.description.as_ref()) {
        found.push((
            DirectoryRule::ToolDescription,
            "has no description: say what it returns and when to call it".to_owned(),
        ));
    }
    let length = tool
        .description
        .as_ref()
        .map_or(0, |text| text.chars().count());
    if length > LONGEST_DESCRIPTION {
        found.push((
            DirectoryRule::ToolDescription,
            format!(
                "has a description of {length} characters: shorten it to {LONGEST_DESCRIPTION}"
            ),
        ));
    }
    let hints = Hints::of(tool);
    let missing = hints.missing();
    if !missing.is_empty() {
        found.push((
            DirectoryRule::ToolHints,
            format!(
                "does not say {}: add it to its annotations",
                missing.join(", ")
            ),
        ));
    }
    found.extend(
        hints
            .contradiction(tool)
            .map(|message| (DirectoryRule::ToolHintsAgree, message)),
    );
    found.extend(
        schema_problem(&tool.input_schema).map(|message| (DirectoryRule::ToolSchema, message)),
    );
    found
}

/// The hints of a tool, as far as it gives them.
struct Hints {
    read_only: Option<bool>,
    destructive: Option<bool>,
    idempotent: Option<bool>,
    open_world: Option<bool>,
}

impl Hints {
    fn of(tool: &Tool) -> Self {
        let hint = |name| tool.annotations.as_ref()?.get(name)?.as_bool();
        Self {
            read_only: hint("readOnlyHint"),
            destructive: hint("destructiveHint"),
            idempotent: hint("idempotentHint"),
            open_world: hint("openWorldHint"),
        }
    }

    /// What clients would have to guess. For a tool that only reads, MCP gives the other two no meaning.
    fn missing(&self) -> Vec<&'static str> {
        let writes = self.read_only != Some(true);
        [
            (true, self.read_only, "whether it only reads (readOnlyHint)"),
            (
                writes,
                self.destructive,
                "whether it destroys (destructiveHint)",
            ),
            (
                writes,
                self.idempotent,
                "whether it is idempotent (idempotentHint)",
            ),
            (
                true,
                self.open_world,
                "whether it reaches other systems (openWorldHint)",
            ),
        ]
        .into_iter()
        .filter(|(asked, hint, _)| *asked && hint.is_none())
        .map(|(_, _, what)| what)
        .collect()
    }

    fn contradiction(&self, tool: &Tool) -> Option<String> {
        if self.read_only != Some(true) {
            return None;
        }
        if self.destructive == Some(true) {
            return Some(
                "has readOnlyHint and destructiveHint: only one of them can be true".to_owned(),
            );
        }
        let own = tool
            .aws_actions
            .iter()
            .filter(|actions| actions.resource != STATE_RESOURCE);
        let writing = own
            .flat_map(|actions| &actions.actions)
            .find(|action| !reads(action))?;
        Some(format!(
            "has readOnlyHint and declares {writing}: take one of them back"
        ))
    }
}

fn reads(action: &str) -> bool {
    let name = action.split_once(':').map_or(action, |(_, name)| name);
    READING.iter().any(|verb| name.starts_with(verb))
}

/// Why models may not take the arguments that a schema describes.
fn schema_problem(schema: &Value) -> Option<String> {
    if schema.get("type").and_then(Value::as_str) != Some("object") {
        return Some(
            "has arguments that are no object: give its input schema the type object".to_owned(),
        );
    }
    if let Some(combination) = COMBINATIONS
        .iter()
        .find(|name| schema.get(**name).is_some())
    {
        return Some(format!(
            "has {combination} at the top of its input schema: put it into an argument"
        ));
    }
    match depth(schema, schema, &mut Vec::new()) {
        Err(reference) => Some(format!(
            "has the $ref {reference:?} in its input schema, which is not another schema of the same document: write the schema in its place"
        )),
        Ok(depth) if depth > DEEPEST_SCHEMA => Some(format!(
            "has arguments that are {depth} levels deep: make them at most {DEEPEST_SCHEMA}"
        )),
        Ok(_) => None,
    }
}

/// Levels of objects and lists below a schema, itself included; the `$ref` that does not lead to another schema of the document
/// as an error. `open` are the references on the way here.
fn depth<'a>(
    document: &'a Value,
    schema: &'a Value,
    open: &mut Vec<&'a str>,
) -> Result<usize, String> {
    let Value::Object(members) = schema else {
        return Ok(0);
    };
    let mut deepest = 0;
    if let Some(reference) = members.get("$ref") {
        let name = reference.as_str().unwrap_or_default();
        let target = name
            .strip_prefix('#')
            .and_then(|pointer| document.pointer(pointer));
        let target = target.filter(|_| !open.contains(&name) && name != "#");
        let target = target.ok_or_else(|| name.to_owned())?;
        open.push(name);
        deepest = depth(document, target, open)?;
        open.pop();
    }
    let levels = usize::from(
        ["properties", "items", "prefixItems", "additionalProperties"]
            .iter()
            .any(|name| {
                members
                    .get(*name)
                    .is_some_and(|member| !member.is_boolean())
            }),
    );
    for below in subschemas(members) {
        deepest = deepest.max(levels + depth(document, below, open)?);
    }
    for name in COMBINATIONS {
        for one in members
            .get(name)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            deepest = deepest.max(depth(document, one, open)?);
        }
    }
    Ok(deepest.max(levels))
}

/// The schemas of members and items.
fn subschemas(members: &Map<String, Value>) -> impl Iterator<Item = &Value> {
    let properties = members.get("properties").and_then(Value::as_object);
    let items = members.get("prefixItems").and_then(Value::as_array);
    let single = ["items", "additionalProperties"]
        .into_iter()
        .filter_map(|name| members.get(name));
    let properties = properties.into_iter().flat_map(Map::values);
    properties.chain(items.into_iter().flatten()).chain(single)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{DirectoryRule, findings, schema_problem};
    use crate::{AwsActions, STATE_RESOURCE, Tool};

    /// A tool that keeps every rule.
    fn tool() -> Tool {
        Tool {
            name: "getDogFacts".to_owned(),
            title: Some("Get dog facts".to_owned()),
            description: Some("Returns facts about dogs.".to_owned()),
            icons: Vec::new(),
            input_schema: json!({ "type": "object", "properties": { "limit": { "type": "integer" } } }),
            output_schema: None,
            annotations: Some(json!({ "readOnlyHint": true, "openWorldHint": true })),
            scopes: Vec::new(),
            aws_actions: Vec::new(),
            needs_mcp_client: None,
            app: None,
            visibility: Vec::new(),
        }
    }

    fn rules(change: impl FnOnce(&mut Tool)) -> Vec<DirectoryRule> {
        let mut tool = tool();
        change(&mut tool);
        findings(&tool).into_iter().map(|(rule, _)| rule).collect()
    }

    #[test]
    fn finds_nothing_in_a_tool_that_says_what_it_does() {
        assert_eq!(rules(|_| {}), []);
    }

    #[test]
    fn finds_names_and_texts_that_a_directory_refuses() {
        for name in ["get.facts", "gets facts", "", &"a".repeat(65)] {
            assert_eq!(
                rules(|tool| tool.name = name.to_owned()),
                [DirectoryRule::ToolName],
                "{name:?}"
            );
        }
        for title in [None, Some(" ".to_owned())] {
            assert_eq!(rules(|tool| tool.title = title), [DirectoryRule::ToolTitle]);
        }
        for description in [None, Some("é".repeat(1025))] {
            assert_eq!(
                rules(|tool| tool.description = description),
                [DirectoryRule::ToolDescription]
            );
        }
        assert_eq!(rules(|tool| tool.description = Some("é".repeat(1024))), []);
    }

    #[test]
    fn names_every_hint_that_a_client_would_have_to_guess() {
        let missing = |annotations: Value| {
            let mut tool = tool();
            tool.annotations = Some(annotations);
            let found = findings(&tool)
                .into_iter()
                .find(|(rule, _)| *rule == DirectoryRule::ToolHints);
            let message = found.map(|(_, message)| message).unwrap_or_default();
            ["readOnly", "destructive", "idempotent", "openWorld"]
                .into_iter()
                .filter(|hint| message.contains(&format!("({hint}Hint)")))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            missing(json!({})),
            ["readOnly", "destructive", "idempotent", "openWorld"]
        );
        assert_eq!(missing(json!({ "readOnlyHint": true })), ["openWorld"]);
        assert_eq!(
            missing(json!({ "readOnlyHint": false, "openWorldHint": false })),
            ["destructive", "idempotent"]
        );
        assert_eq!(
            rules(|tool| tool.annotations = None),
            [DirectoryRule::ToolHints]
        );
    }

    #[test]
    fn finds_hints_that_contradict_each_other_or_the_declared_aws_actions() {
        let actions = |action: &str, resource: &str| {
            vec![AwsActions {
                actions: vec!["dynamodb:GetItem".to_owned(), action.to_owned()],
                resource: resource.to_owned(),
            }]
        };
        let read_and_destroy =
            json!({ "readOnlyHint": true, "openWorldHint": false, "destructiveHint": true });
        assert_eq!(
            rules(|tool| tool.annotations = Some(read_and_destroy)),
            [DirectoryRule::ToolHintsAgree]
        );
        for (action, resource, expected) in [
            (
                "dynamodb:PutItem",
                "dogs",
                vec![DirectoryRule::ToolHintsAgree],
            ),
            ("dynamodb:Query", "dogs", vec![]),
            (
                "dynamodb:BatchWriteItem",
                "dogs",
                vec![DirectoryRule::ToolHintsAgree],
            ),
            // The library writes there for every tool that reads a session's value.
            ("dynamodb:PutItem", STATE_RESOURCE, vec![]),
        ] {
            assert_eq!(
                rules(|tool| tool.aws_actions = actions(action, resource)),
                expected,
                "{action} on {resource}"
            );
        }
    }

    #[test]
    fn finds_schemas_that_a_model_does_not_take() {
        let nested = |levels: usize| {
            (0..levels).fold(
                json!({ "type": "string" }),
                |inner, _| json!({ "type": "object", "properties": { "a": inner } }),
            )
        };
        let with = |argument: Value| {
            json!({ "type": "object", "properties": { "a": argument },
                    "$defs": { "Name": { "type": "string" }, "Tree": { "type": "object", "properties": { "left": { "$ref": "#/$defs/Tree" } } } } })
        };
        for good in [
            json!({ "type": "object" }),
            nested(10),
            with(json!({ "$ref": "#/$defs/Name" })),
            with(
                json!({ "anyOf": [{ "$ref": "#/$defs/Name" }, { "type": "array", "items": { "$ref": "#/$defs/Name" } }] }),
            ),
        ] {
            assert_eq!(schema_problem(&good), None, "{good}");
        }
        for (bad, message) in [
            (json!({ "type": "string" }), "no object"),
            (json!({ "type": "object", "oneOf": [] }), "oneOf at the top"),
            (nested(11), "11 levels deep"),
            (
                with(json!({ "type": "array", "items": nested(9) })),
                "11 levels deep",
            ),
            (with(json!({ "$ref": "#/$defs/Tree" })), "#/$defs/Tree"),
            (with(json!({ "$ref": "#" })), "$ref \"#\""),
            (
                with(json!({ "$ref": "https://example.com/schema" })),
                "https://example.com/schema",
            ),
            (
                with(json!({ "anyOf": [{ "$ref": "#/$defs/Nothing" }] })),
                "#/$defs/Nothing",
            ),
        ] {
            let problem = schema_problem(&bad).unwrap_or_default();
            assert!(problem.contains(message), "{bad}: {problem}");
        }
    }
}
