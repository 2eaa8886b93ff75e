//! Checks of `toolConfig`.

use std::collections::HashSet;

use serde_json::Value;

use super::words::{Checked, Invalid, pattern, refuse};

/// The names of the tools; `None` without a `toolConfig`.
pub(super) fn tool_config(config: Option<&Value>) -> Result<Option<HashSet<&str>>, Invalid> {
    let config = match config {
        None | Some(Value::Null) => return Ok(None),
        Some(config) => config,
    };
    let tools = config.get("tools").and_then(Value::as_array);
    let Some(tools) = tools.filter(|tools| !tools.is_empty()) else {
        refuse(
            "1 validation error detected: Value '[]' at 'toolConfig.tools' failed to satisfy constraint: Member must have length greater than or equal to 1",
        )?;
        return Ok(None);
    };
    let mut names = HashSet::new();
    for (index, tool) in tools.iter().enumerate() {
        let Some(spec) = tool.get("toolSpec") else {
            if tool.get("cachePoint").is_some() {
                continue;
            }
            refuse(format!(
                "The value at toolConfig.tools.{index} must have a toolSpec."
            ))?;
            continue;
        };
        let name = spec.get("name").and_then(Value::as_str).unwrap_or_default();
        pattern(
            name,
            &format!("toolConfig.tools.{}.member.toolSpec.name", index + 1),
        )?;
        if !names.insert(name) {
            refuse(format!(
                "The toolConfig.tools.{index}.toolSpec.name {name} is a duplicate: tool names must be unique."
            ))?;
        }
        if spec
            .get("description")
            .is_some_and(|words| words.as_str() == Some(""))
        {
            refuse(format!(
                "1 validation error detected: Value '' at 'toolConfig.tools.{}.member.toolSpec.description' failed to satisfy constraint: Member must have length greater than or equal to 1",
                index + 1
            ))?;
        }
        schema(spec.pointer("/inputSchema/json"), index)?;
    }
    Ok(Some(names))
}

fn schema(schema: Option<&Value>, index: usize) -> Checked {
    let Some(Value::Object(schema)) = schema else {
        return refuse(format!(
            "The format of the value at toolConfig.tools.{index}.toolSpec.inputSchema.json is invalid. Provide a json object for the field and try again."
        ));
    };
    if schema.get("type").and_then(Value::as_str) != Some("object") {
        return refuse(format!(
            "The value at toolConfig.tools.{index}.toolSpec.inputSchema.json.type must be one of the following: object."
        ));
    }
    if ["oneOf", "allOf", "anyOf"]
        .iter()
        .any(|key| schema.contains_key(*key))
    {
        return refuse(format!(
            "The model returned the following errors: tools.{index}.custom.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level"
        ));
    }
    let properties = schema.get("properties").and_then(Value::as_object);
    let fits = |name: &String| {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
        (1..=64).contains(&name.len()) && name.bytes().all(legal)
    };
    if properties.is_some_and(|properties| !properties.keys().all(fits)) {
        return refuse(format!(
            "The model returned the following errors: tools.{index}.custom.input_schema.properties: Property keys should match pattern '^[a-zA-Z0-9_.-]{{1,64}}$'"
        ));
    }
    Ok(())
}
