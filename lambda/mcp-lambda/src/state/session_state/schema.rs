//! Adds the `conversation` argument and result member to the schemas of tools with a session.

use std::sync::Arc;

use rmcp::model::{JsonObject, Tool};
use serde_json::{Value, json};

use crate::state::requirements::StateUse;

/// Name of the argument and of the structured content member for the handle.
pub(crate) const ARGUMENT: &str = "conversation";

impl StateUse {
    /// Adds the handle to the input and output schemas of a tool that has a `SessionState`.
    pub(crate) fn describe(&self, tool: &mut Tool) {
        if !self.session.is_any() {
            return;
        }
        add_property(
            &mut tool.input_schema,
            "Where this server keeps what belongs to this conversation: the text that an earlier result named. Leave it out \
             the first time.",
        );
        if let Some(schema) = &mut tool.output_schema
            && schema.get("type").is_some_and(|kind| kind == "object")
        {
            add_property(
                schema,
                "Pass it as the argument conversation to the next call.",
            );
        }
    }
}

/// Whether a tool has an argument of its own with the name of the handle.
pub(crate) fn takes_the_argument(tool: &Tool) -> bool {
    let schemas = [Some(&tool.input_schema), tool.output_schema.as_ref()];
    schemas.into_iter().flatten().any(|schema| {
        schema
            .get("properties")
            .and_then(|properties| properties.get(ARGUMENT))
            .is_some()
    })
}

fn add_property(schema: &mut Arc<JsonObject>, description: &str) {
    let properties = Arc::make_mut(schema)
        .entry("properties")
        .or_insert_with(|| Value::Object(JsonObject::new()));
    if let Value::Object(properties) = properties {
        let property = json!({ "type": "string", "description": description });
        properties.insert(ARGUMENT.to_owned(), property);
    }
}
