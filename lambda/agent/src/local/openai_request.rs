//! A Converse request as a request of OpenAI's chat completions.

use serde_json::{Value, json};

use crate::converse::{
    Block, ImageBlock, Message, Request, Role, ToolResultBlock, ToolResultContent, ToolResultStatus,
};

/// The body of `POST /chat/completions`.
pub(super) fn chat_completion(model: &str, request: &Request) -> Value {
    let mut messages: Vec<Value> = Vec::new();
    for block in &request.system {
        messages.push(json!({ "role": "system", "content": block.text }));
    }
    for message in &request.messages {
        match message.role {
            Role::User => user(message, &mut messages),
            Role::Assistant => messages.push(assistant(message)),
        }
    }
    let mut body = json!({
        "model": model,
        "messages": messages,
        "stream": true,
        "stream_options": { "include_usage": true },
    });
    let tools: Vec<Value> = request
        .tools()
        .map(|tool| {
            json!({
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description.as_deref().unwrap_or_default(),
                    "parameters": tool.input_schema.json,
                },
            })
        })
        .collect();
    if !tools.is_empty() {
        body["tools"] = tools.into();
    }
    let inference = &request.inference_config;
    if let Some(tokens) = inference.max_tokens {
        body["max_tokens"] = tokens.into();
    }
    if let Some(temperature) = inference.temperature {
        body["temperature"] = temperature.into();
    }
    if !inference.stop_sequences.is_empty() {
        body["stop"] = inference.stop_sequences.clone().into();
    }
    body
}

/// Results are messages of their own, and their pictures follow in a user message: a `tool` message has words alone.
fn user(message: &Message, messages: &mut Vec<Value>) {
    let mut parts = Vec::new();
    for block in &message.content {
        match block {
            Block::Text(text) => parts.push(json!({ "type": "text", "text": text })),
            Block::Image(image) => parts.push(picture(image)),
            Block::ToolResult(result) => {
                messages.push(tool(result));
                parts.extend(result.content.iter().filter_map(|content| match content {
                    ToolResultContent::Image(image) => Some(picture(image)),
                    ToolResultContent::Text(_) | ToolResultContent::Json(_) => None,
                }));
            }
            Block::ReasoningContent(_) | Block::ToolUse(_) => {}
        }
    }
    match parts.as_slice() {
        [] => {}
        // Small servers know plain strings alone.
        [Value::Object(part)] if part.contains_key("text") => {
            messages.push(json!({ "role": "user", "content": part.get("text") }));
        }
        _ => messages.push(json!({ "role": "user", "content": parts })),
    }
}

fn tool(result: &ToolResultBlock) -> Value {
    let content: Vec<String> = result
        .content
        .iter()
        .map(|content| match content {
            ToolResultContent::Text(text) => text.clone(),
            ToolResultContent::Json(json) => json.to_string(),
            ToolResultContent::Image(_) => "(the image follows)".into(),
        })
        .collect();
    let failed = if result.status == Some(ToolResultStatus::Error) {
        "Error: "
    } else {
        ""
    };
    json!({
        "role": "tool",
        "tool_call_id": result.tool_use_id,
        "content": format!("{failed}{}", content.join("\n")),
    })
}

fn picture(image: &ImageBlock) -> Value {
    let url = format!("data:image/{};base64,{}", image.format, image.source.bytes);
    json!({ "type": "image_url", "image_url": { "url": url } })
}

fn assistant(message: &Message) -> Value {
    let mut text = Vec::new();
    let mut calls = Vec::new();
    for block in &message.content {
        match block {
            Block::Text(words) => text.push(words.as_str()),
            Block::ToolUse(call) => calls.push(json!({
                "id": call.tool_use_id,
                "type": "function",
                "function": { "name": call.name, "arguments": Value::Object(call.input.clone()).to_string() },
            })),
            Block::ReasoningContent(_) | Block::Image(_) | Block::ToolResult(_) => {}
        }
    }
    let mut assistant = json!({ "role": "assistant", "content": text.join("\n") });
    if !calls.is_empty() {
        assistant["tool_calls"] = calls.into();
    }
    assistant
}
