//! Prints the result of a tool.

use rmcp::model::{CallToolResult, ContentBlock};

use crate::visible::visible;

/// How a result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// The content of the result, for a person
    Text,
    /// The whole result as JSON, structured content included
    Json,
}

/// The result in this format. As text it has no control characters, which a terminal would obey.
#[must_use]
pub fn result(result: &CallToolResult, format: Format) -> String {
    if format == Format::Json {
        return serde_json::to_string_pretty(result).unwrap_or_default();
    }
    let blocks: Vec<String> = result.content.iter().map(block).collect();
    match (&result.structured_content, blocks.is_empty()) {
        (Some(structured), true) => serde_json::to_string_pretty(structured).unwrap_or_default(),
        _ => visible(&blocks.join("\n")),
    }
}

fn block(block: &ContentBlock) -> String {
    match block {
        ContentBlock::Text(text) => text.text.clone(),
        ContentBlock::Image(image) => format!("[image, {}: --output json has it]", image.mime_type),
        ContentBlock::Audio(audio) => format!("[audio, {}: --output json has it]", audio.mime_type),
        ContentBlock::ResourceLink(link) => format!("{} {}", link.name, link.uri),
        ContentBlock::Resource(_) | _ => "[resource: --output json has it]".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Format, result};
    use rmcp::model::{CallToolResult, ContentBlock};

    #[test]
    fn a_tool_s_text_has_no_control_characters_and_its_json_is_exact() {
        let called = CallToolResult::success(vec![ContentBlock::text("a\u{1b}[2J\nb")]);
        assert_eq!(result(&called, Format::Text), "a\u{fffd}[2J\nb");
        assert!(result(&called, Format::Json).contains(r"a\u001b[2J\nb"));
    }
}
