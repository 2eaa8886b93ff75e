//! Results of MCP tools as results of a conversation.

use rmcp::model::{CallToolResult, ContentBlock, ResourceContents};
use serde_json::Value;

use crate::conversation::{
    Image, ImageFormat, NonBlank, NonEmpty, Outcome, ResultPart, ToolResult,
};

/// What the model reads of `result`: structured content, words and pictures; a note for what no model reads.
pub(super) fn converted(result: CallToolResult) -> ToolResult {
    let structured = match result.structured_content {
        Some(Value::Object(object)) => Some(object),
        // Converse takes objects alone.
        Some(value) if !value.is_null() => {
            Some([("result".to_owned(), value)].into_iter().collect())
        }
        Some(_) | None => None,
    };
    let mut parts: Vec<ResultPart> = Vec::new();
    for block in result.content {
        // Servers repeat structured content as words for older clients: the model reads it once.
        let repeated = match (&block, &structured) {
            (ContentBlock::Text(text), Some(object)) => repeats(&text.text, object),
            _ => false,
        };
        if !repeated {
            parts.extend(part(block));
        }
    }
    parts.extend(structured.map(ResultPart::Json));
    ToolResult {
        content: NonEmpty::new(parts).unwrap_or_else(|| ToolResult::text(String::new()).content),
        outcome: match result.is_error {
            Some(true) => Outcome::Failed,
            Some(false) | None => Outcome::Done,
        },
    }
}

fn repeats(text: &str, structured: &serde_json::Map<String, Value>) -> bool {
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(object)) => object == *structured,
        Ok(value) => structured.len() == 1 && structured.get("result") == Some(&value),
        Err(_) => false,
    }
}

fn part(block: ContentBlock) -> Option<ResultPart> {
    match block {
        ContentBlock::Text(text) => NonBlank::new(text.text).map(ResultPart::Text),
        ContentBlock::Image(image) => Some(picture(&image.mime_type, image.data)),
        ContentBlock::Audio(audio) => Some(note(format!(
            "[Audio of the type {} was left out: the model does not hear.]",
            audio.mime_type
        ))),
        ContentBlock::ResourceLink(link) => Some(note(match link.description {
            Some(description) => format!("[Resource {}: {description} ({})]", link.name, link.uri),
            None => format!("[Resource {} ({})]", link.name, link.uri),
        })),
        ContentBlock::Resource(embedded) => match embedded.resource {
            ResourceContents::TextResourceContents { text, .. } => {
                NonBlank::new(text).map(ResultPart::Text)
            }
            ResourceContents::BlobResourceContents {
                uri,
                mime_type,
                blob,
                ..
            } => Some(match mime_type {
                Some(media_type) if media_type.starts_with("image/") => picture(&media_type, blob),
                _ => note(format!("[The binary resource {uri} was left out.]")),
            }),
            _ => Some(note("[A resource of an unknown type was left out.]".into())),
        },
        _ => Some(note(
            "[Content of a type that this program does not know was left out.]".into(),
        )),
    }
}

fn picture(media_type: &str, base64: String) -> ResultPart {
    match (
        ImageFormat::of_media_type(media_type),
        NonBlank::new(base64),
    ) {
        (Some(format), Some(base64)) => ResultPart::Image(Image { format, base64 }),
        _ => note(format!(
            "[An image of the type {media_type} was left out: the model reads PNG, JPEG, GIF and WebP.]"
        )),
    }
}

fn note(note: String) -> ResultPart {
    ResultPart::Text(NonBlank::or(note, "-"))
}
