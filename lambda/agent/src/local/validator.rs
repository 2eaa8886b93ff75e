//! Refuses what Bedrock refuses in a Converse request, with Bedrock's words.
//!
//! It is as strict as the strictest model that people use (Claude): what passes here passes for every model of Bedrock that
//! knows tools. The sentences are those of Bedrock's ValidationException as people report them.

mod blocks;
mod tools;
mod words;

use std::collections::HashSet;

use serde_json::Value;

pub use words::Invalid;

use blocks::content;
use tools::tool_config;
use words::{Checked, blank, refuse, role};

/// Checks the body of `POST /model/{id}/converse` and `/converse-stream`.
///
/// # Errors
///
/// The sentence of Bedrock's ValidationException.
pub fn validate(request: &Value) -> Result<(), Invalid> {
    let Some(request) = request.as_object() else {
        return refuse("The request body must be a JSON object.");
    };
    let messages = match request.get("messages") {
        Some(Value::Array(messages)) => messages,
        None | Some(Value::Null) => {
            return refuse(
                "A conversation must start with a user message. Try again with a conversation that starts with a user message.",
            );
        }
        Some(_) => return refuse("The value at messages must be a list."),
    };
    system(request.get("system"))?;
    inference(request.get("inferenceConfig"))?;
    let tools = tool_config(request.get("toolConfig"))?;
    roles(messages)?;
    let mut uses_tools = false;
    for (index, message) in messages.iter().enumerate() {
        uses_tools |= content(message, &format!("messages.{index}"))?;
    }
    if uses_tools && tools.is_none() {
        return refuse(
            "The toolConfig field must be defined when using toolUse and toolResult content blocks.",
        );
    }
    pairs(messages)
}

fn system(system: Option<&Value>) -> Checked {
    let blocks = match system {
        None | Some(Value::Null) => return Ok(()),
        Some(Value::Array(blocks)) => blocks,
        Some(_) => return refuse("The value at system must be a list."),
    };
    for (index, block) in blocks.iter().enumerate() {
        if block.get("text").is_some_and(blank) {
            return refuse(format!(
                "The text field in the SystemContentBlock object at system.{index} is blank. Add text to the text field, and try again."
            ));
        }
    }
    Ok(())
}

fn inference(config: Option<&Value>) -> Checked {
    let Some(config) = config else { return Ok(()) };
    let number = |name: &str| config.get(name).and_then(Value::as_f64);
    for name in ["temperature", "topP"] {
        if let Some(value) = number(name)
            && !(0.0..=1.0).contains(&value)
        {
            let bound = if value < 0.0 {
                "greater than or equal to 0"
            } else {
                "less than or equal to 1"
            };
            return refuse(format!(
                "1 validation error detected: Value '{value}' at 'inferenceConfig.{name}' failed to satisfy constraint: Member must have value {bound}"
            ));
        }
    }
    if number("maxTokens").is_some_and(|tokens| tokens < 1.0) {
        return refuse(
            "1 validation error detected: Value at 'inferenceConfig.maxTokens' failed to satisfy constraint: Member must have value greater than or equal to 1",
        );
    }
    let stops = config.get("stopSequences").and_then(Value::as_array);
    if let Some(stops) = stops
        && stops.iter().any(blank)
    {
        return refuse(
            "The model returned the following errors: stop_sequences: each stop sequence must contain non-whitespace",
        );
    }
    Ok(())
}

fn roles(messages: &[Value]) -> Checked {
    if messages.first().is_none_or(|first| role(first) != "user") {
        return refuse(
            "A conversation must start with a user message. Try again with a conversation that starts with a user message.",
        );
    }
    for (index, message) in messages.iter().enumerate() {
        let role = role(message);
        if !matches!(role, "user" | "assistant") {
            return refuse(format!(
                "1 validation error detected: Value '{role}' at 'messages.{}.member.role' failed to satisfy constraint: Member must satisfy enum value set: [user, assistant]",
                index + 1
            ));
        }
    }
    if messages
        .windows(2)
        .any(|pair| role(&pair[0]) == role(&pair[1]))
    {
        return refuse(
            "A conversation must alternate between user and assistant roles. Make sure the conversation alternates between user and assistant roles and try again.",
        );
    }
    if messages
        .last()
        .is_some_and(|last| role(last) == "assistant")
    {
        return refuse(
            "This model does not support assistant message prefill. The conversation must end with a user message.",
        );
    }
    Ok(())
}

/// Every call has its result in the next message, and every result its call in the message before.
fn pairs(messages: &[Value]) -> Checked {
    let mut asked: Vec<&str> = Vec::new();
    let mut all = HashSet::new();
    for (index, message) in messages.iter().enumerate() {
        let results = ids(message, "toolResult");
        if results.len() > asked.len() {
            return refuse(format!(
                "The number of toolResult blocks at messages.{index}.content exceeds the number of toolUse blocks of previous turn."
            ));
        }
        let missing: Vec<&str> = asked
            .iter()
            .copied()
            .filter(|id| !results.contains(id))
            .collect();
        if !missing.is_empty() {
            return refuse(format!(
                "Expected toolResult blocks at messages.{index}.content for the following Ids: {}",
                missing.join(", ")
            ));
        }
        asked = ids(message, "toolUse");
        if let Some(id) = asked.iter().find(|id| !all.insert(**id)) {
            return refuse(format!(
                "The model returned the following errors: messages.{index}: `tool_use` ids must be unique: {id}"
            ));
        }
    }
    Ok(())
}

fn ids<'a>(message: &'a Value, kind: &str) -> Vec<&'a str> {
    let blocks = message.get("content").and_then(Value::as_array);
    blocks
        .into_iter()
        .flatten()
        .filter_map(|block| block.get(kind)?.get("toolUseId")?.as_str())
        .collect()
}
