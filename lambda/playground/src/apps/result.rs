//! Makes the result of a tool out of what the conversation keeps of it.

use mcp_lambda_agent::conversation::{Outcome, ResultPart, ToolResult};
use serde_json::{Value, json};

/// The result as an MCP App gets it: what the model read. Metadata of the server's response is not kept.
pub(crate) fn shown_to_app(result: &ToolResult) -> Value {
    let mut structured = None;
    let mut content = Vec::new();
    for part in result.content.iter() {
        match part {
            ResultPart::Text(words) => content.push(json!({ "type": "text", "text": words.as_str() })),
            ResultPart::Json(object) => structured = Some(json!(object)),
            ResultPart::Image(image) => content.push(json!({
                "type": "image", "mimeType": format!("image/{}", image.format.as_str()), "data": image.base64.as_str(),
            })),
        }
    }
    if content.is_empty()
        && let Some(object) = &structured
    {
        content.push(json!({ "type": "text", "text": object.to_string() }));
    }
    let mut shown = json!({ "content": content });
    if let Some(object) = structured {
        shown["structuredContent"] = object;
    }
    if result.outcome == Outcome::Failed {
        shown["isError"] = json!(true);
    }
    shown
}
