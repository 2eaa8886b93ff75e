//! Checks of the content blocks of one message.

use serde_json::Value;

use super::words::{Checked, Invalid, blank, pattern, refuse, role};

/// Whether the message has calls or results.
pub(super) fn content(message: &Value, at: &str) -> Result<bool, Invalid> {
    let blocks = message.get("content").and_then(Value::as_array);
    let Some(blocks) = blocks.filter(|blocks| !blocks.is_empty()) else {
        refuse(format!(
            "The content field in the Message object at {at} is empty. Add a ContentBlock object to the content field and try again."
        ))?;
        return Ok(false);
    };
    let user = role(message) == "user";
    let (mut calls, mut results, mut others) = (false, false, false);
    for (index, block) in blocks.iter().enumerate() {
        let at = format!("{at}.content.{index}");
        if let Some(text) = block.get("text") {
            if blank(text) {
                refuse(format!(
                    "The text field in the ContentBlock object at {at} is blank. Add text to the text field, and try again."
                ))?;
            }
            others = true;
        } else if let Some(call) = block.get("toolUse") {
            if user {
                refuse(format!(
                    "{at}: toolUse blocks can only be provided in assistant messages."
                ))?;
            }
            tool_use(call, &at)?;
            calls = true;
        } else if let Some(result) = block.get("toolResult") {
            if !user {
                refuse(format!(
                    "{at}: toolResult blocks can only be provided in user messages."
                ))?;
            }
            tool_result(result, &at)?;
            results = true;
        } else if let Some(image) = block.get("image") {
            if !user {
                refuse(format!(
                    "{at}: image blocks can only be provided in user messages."
                ))?;
            }
            picture(image, &at)?;
            others = true;
        } else if let Some(reasoning) = block.get("reasoningContent") {
            if user {
                refuse(format!(
                    "{at}: reasoningContent blocks can only be provided in assistant messages."
                ))?;
            }
            reasoned(reasoning, &at)?;
        } else {
            refuse(format!(
                "The ContentBlock object at {at} must set one of the following keys: text, image, toolUse, toolResult, reasoningContent."
            ))?;
        }
    }
    if results && others {
        refuse(format!(
            "{at}.content: Conversation blocks and tool result blocks cannot be provided in the same turn."
        ))?;
    }
    Ok(calls || results)
}

fn tool_use(call: &Value, at: &str) -> Checked {
    identifier(call, at, "toolUse")?;
    let name = call.get("name").and_then(Value::as_str).unwrap_or_default();
    pattern(name, &format!("{at}.toolUse.name"))?;
    if !call.get("input").is_some_and(Value::is_object) {
        return refuse(format!(
            "The format of the value at {at}.toolUse.input is invalid. Provide a json object for the field and try again."
        ));
    }
    Ok(())
}

fn identifier(block: &Value, at: &str, kind: &str) -> Checked {
    let id = block
        .get("toolUseId")
        .and_then(Value::as_str)
        .unwrap_or_default();
    pattern(id, &format!("{at}.{kind}.toolUseId"))
}

fn tool_result(result: &Value, at: &str) -> Checked {
    identifier(result, at, "toolResult")?;
    let status = result.get("status").and_then(Value::as_str);
    if !matches!(status, None | Some("success" | "error")) {
        return refuse(format!(
            "1 validation error detected: Value at '{at}.toolResult.status' failed to satisfy constraint: Member must satisfy enum value set: [success, error]"
        ));
    }
    let content = result.get("content").and_then(Value::as_array);
    let Some(content) = content else {
        return refuse(format!("The content field at {at}.toolResult is required."));
    };
    if content.is_empty() && status == Some("error") {
        return refuse(format!(
            "The content field at {at}.toolResult cannot be empty when status value is error."
        ));
    }
    for (index, block) in content.iter().enumerate() {
        let at = format!("{at}.toolResult.content.{index}");
        if let Some(text) = block.get("text") {
            if blank(text) {
                return refuse(format!(
                    "The text field in the ToolResultContentBlock object at {at} is blank. Add text to the text field, and try again."
                ));
            }
        } else if let Some(json) = block.get("json") {
            if !json.is_object() {
                return refuse(format!(
                    "The format of the value at {at}.json is invalid. Provide a json object for the field and try again."
                ));
            }
        } else if let Some(image) = block.get("image") {
            picture(image, &at)?;
        } else {
            return refuse(format!(
                "The ToolResultContentBlock object at {at} must set one of the following keys: text, json, image."
            ));
        }
    }
    Ok(())
}

fn picture(image: &Value, at: &str) -> Checked {
    let format = image
        .get("format")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if !matches!(format, "png" | "jpeg" | "gif" | "webp") {
        return refuse(format!(
            "1 validation error detected: Value '{format}' at '{at}.image.format' failed to satisfy constraint: Member must satisfy enum value set: [png, jpeg, gif, webp]"
        ));
    }
    if image.pointer("/source/bytes").is_none_or(blank) {
        return refuse(format!("The image at {at} has no bytes."));
    }
    Ok(())
}

fn reasoned(reasoning: &Value, at: &str) -> Checked {
    let signed = |text: &Value| {
        !text.get("text").is_none_or(blank) && !text.get("signature").is_none_or(blank)
    };
    let sound = match (
        reasoning.get("reasoningText"),
        reasoning.get("redactedContent"),
    ) {
        (Some(text), None) => signed(text),
        (None, Some(bytes)) => !blank(bytes),
        _ => false,
    };
    if sound {
        return Ok(());
    }
    refuse(format!(
        "The model returned the following errors: {at}: thinking blocks must have text and a signature"
    ))
}
