//! Checks the arguments of a call against the input schema that the tool advertises, before the tool runs.

mod bounds;
mod check;
mod scope;
mod types;

use rmcp::model::{JsonObject, Tool};
use serde_json::Value;

use crate::guard::arguments::check::Check;
use crate::guard::arguments::scope::Scope;
use crate::tool_policy::policy_of;

/// The input schema of one tool, ready to check arguments with.
pub(crate) struct ArgumentRules {
    scope: Scope,
}

impl ArgumentRules {
    /// # Errors
    ///
    /// What is wrong with the schema, as the end of a sentence that begins with the tool.
    pub(crate) fn new(tool: &Tool) -> Result<Self, &'static str> {
        if tool.input_schema.get("type").and_then(Value::as_str) != Some("object") {
            return Err(
                "has an input schema whose type is not \"object\": make its arguments a struct",
            );
        }
        let schema = with_handle(tool);
        let scope = Scope::new(schema).map_err(|()| {
            "has an argument with a pattern that the server cannot check: use the syntax of the crate regex-lite, \
             without lookaround and \\p{…}"
        })?;
        Ok(Self { scope })
    }

    /// Every problem of the arguments, in one sentence each that begins with the argument's path.
    ///
    /// # Errors
    ///
    /// The sentences, separated by semicolons.
    pub(crate) fn check(&self, arguments: Option<&JsonObject>) -> Result<(), String> {
        let none = JsonObject::new();
        let mut check = Check::new(&self.scope);
        check.arguments(arguments.unwrap_or(&none));
        let problems = check.into_problems();
        if problems.is_empty() {
            Ok(())
        } else {
            Err(problems.join("; "))
        }
    }
}

/// The tool's input schema, which allows anything in what the library adds to it: the library reads that itself.
fn with_handle(tool: &Tool) -> JsonObject {
    let mut described = tool.clone();
    policy_of(tool).state.describe(&mut described);
    let mut schema = JsonObject::clone(&described.input_schema);
    let own = tool.input_schema.get("properties");
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        for (name, property) in properties {
            if own.and_then(|own| own.get(name)).is_none() {
                *property = Value::Bool(true);
            }
        }
    }
    schema
}

#[cfg(test)]
mod tests;
