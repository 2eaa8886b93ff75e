//! A request in the types of the AWS SDK.

use aws_sdk_bedrockruntime::error::BuildError;
use aws_sdk_bedrockruntime::primitives::Blob;
use aws_sdk_bedrockruntime::types::{
    ContentBlock, ConversationRole, ImageBlock as SdkImage, ImageFormat, ImageSource,
    InferenceConfiguration, Message, ReasoningContentBlock, ReasoningTextBlock, SystemContentBlock,
    Tool, ToolConfiguration, ToolInputSchema, ToolResultBlock, ToolResultContentBlock,
    ToolResultStatus as SdkStatus, ToolSpecification, ToolUseBlock,
};
use aws_smithy_types::{Document, Number};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::converse::{
    Block, ImageBlock, ReasoningBlock, Request, Role, ToolResultContent, ToolResultStatus,
};
use crate::model::ModelError;

fn unbuilt(error: BuildError) -> ModelError {
    ModelError::Refused(error.to_string())
}

pub(super) fn messages(request: &Request) -> Result<Vec<Message>, ModelError> {
    let messages = request.messages.iter().map(|message| {
        let content: Result<Vec<ContentBlock>, ModelError> =
            message.content.iter().map(block).collect();
        Message::builder()
            .role(match message.role {
                Role::User => ConversationRole::User,
                Role::Assistant => ConversationRole::Assistant,
            })
            .set_content(Some(content?))
            .build()
            .map_err(unbuilt)
    });
    messages.collect()
}

fn block(block: &Block) -> Result<ContentBlock, ModelError> {
    Ok(match block {
        Block::Text(text) => ContentBlock::Text(text.clone()),
        Block::Image(image) => ContentBlock::Image(picture(image)?),
        Block::ReasoningContent(reasoning) => ContentBlock::ReasoningContent(match reasoning {
            ReasoningBlock::ReasoningText { text, signature } => {
                ReasoningContentBlock::ReasoningText(
                    ReasoningTextBlock::builder()
                        .text(text)
                        .set_signature(signature.clone())
                        .build()
                        .map_err(unbuilt)?,
                )
            }
            ReasoningBlock::RedactedContent(base64) => {
                ReasoningContentBlock::RedactedContent(bytes(base64)?)
            }
        }),
        Block::ToolUse(call) => ContentBlock::ToolUse(
            ToolUseBlock::builder()
                .tool_use_id(&call.tool_use_id)
                .name(&call.name)
                .input(document(&Value::Object(call.input.clone())))
                .build()
                .map_err(unbuilt)?,
        ),
        Block::ToolResult(result) => {
            let content: Result<Vec<_>, ModelError> =
                result.content.iter().map(result_content).collect();
            ContentBlock::ToolResult(
                ToolResultBlock::builder()
                    .tool_use_id(&result.tool_use_id)
                    .set_content(Some(content?))
                    .set_status(result.status.map(|status| match status {
                        ToolResultStatus::Success => SdkStatus::Success,
                        ToolResultStatus::Error => SdkStatus::Error,
                    }))
                    .build()
                    .map_err(unbuilt)?,
            )
        }
    })
}

fn result_content(content: &ToolResultContent) -> Result<ToolResultContentBlock, ModelError> {
    Ok(match content {
        ToolResultContent::Text(text) => ToolResultContentBlock::Text(text.clone()),
        ToolResultContent::Json(json) => ToolResultContentBlock::Json(document(json)),
        ToolResultContent::Image(image) => ToolResultContentBlock::Image(picture(image)?),
    })
}

fn picture(image: &ImageBlock) -> Result<SdkImage, ModelError> {
    SdkImage::builder()
        .format(ImageFormat::from(image.format.as_str()))
        .source(ImageSource::Bytes(bytes(&image.source.bytes)?))
        .build()
        .map_err(unbuilt)
}

fn bytes(base64: &str) -> Result<Blob, ModelError> {
    STANDARD
        .decode(base64)
        .map(Blob::new)
        .map_err(|error| ModelError::Refused(format!("an image is no Base64: {error}")))
}

pub(super) fn system(request: &Request) -> Option<Vec<SystemContentBlock>> {
    let blocks = request
        .system
        .iter()
        .map(|block| SystemContentBlock::Text(block.text.clone()));
    Some(blocks.collect::<Vec<_>>()).filter(|blocks| !blocks.is_empty())
}

pub(super) fn tool_config(request: &Request) -> Result<Option<ToolConfiguration>, ModelError> {
    let tools: Result<Vec<Tool>, ModelError> = request
        .tools()
        .map(|tool| {
            ToolSpecification::builder()
                .name(&tool.name)
                .set_description(tool.description.clone())
                .input_schema(ToolInputSchema::Json(document(&tool.input_schema.json)))
                .build()
                .map(Tool::ToolSpec)
                .map_err(unbuilt)
        })
        .collect();
    let tools = tools?;
    if tools.is_empty() {
        return Ok(None);
    }
    let config = ToolConfiguration::builder().set_tools(Some(tools)).build();
    config.map(Some).map_err(unbuilt)
}

pub(super) fn inference(request: &Request) -> Option<InferenceConfiguration> {
    let inference = &request.inference_config;
    if inference.is_default() {
        return None;
    }
    let stops = Some(inference.stop_sequences.clone()).filter(|stops| !stops.is_empty());
    Some(
        InferenceConfiguration::builder()
            .set_max_tokens(
                inference
                    .max_tokens
                    .and_then(|tokens| i32::try_from(tokens).ok()),
            )
            .set_temperature(inference.temperature)
            .set_stop_sequences(stops)
            .build(),
    )
}

fn document(value: &Value) -> Document {
    match value {
        Value::Null => Document::Null,
        Value::Bool(value) => Document::Bool(*value),
        Value::Number(number) => Document::Number(match (number.as_u64(), number.as_i64()) {
            (Some(value), _) => Number::PosInt(value),
            (None, Some(value)) => Number::NegInt(value),
            (None, None) => Number::Float(number.as_f64().unwrap_or_default()),
        }),
        Value::String(value) => Document::String(value.clone()),
        Value::Array(values) => Document::Array(values.iter().map(document).collect()),
        Value::Object(object) => Document::Object(
            object
                .iter()
                .map(|(key, value)| (key.clone(), document(value)))
                .collect(),
        ),
    }
}
