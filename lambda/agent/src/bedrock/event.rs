//! Events of ConverseStream.

use aws_sdk_bedrockruntime::types::{
    ContentBlockDelta, ContentBlockStart, ConverseStreamOutput, ReasoningContentBlockDelta,
    StopReason as SdkStopReason, TokenUsage,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::converse::{StopReason, Usage};
use crate::model::StreamEvent;

/// What `sent` says; nothing for what this crate does not use.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the SDK gains variants, of which most are nothing to this crate"
)]
pub(super) fn events(sent: ConverseStreamOutput) -> Vec<StreamEvent> {
    match sent {
        ConverseStreamOutput::ContentBlockStart(start) => {
            let block = block(start.content_block_index);
            match start.start {
                Some(ContentBlockStart::ToolUse(call)) => vec![StreamEvent::Call {
                    block,
                    id: call.tool_use_id,
                    name: call.name,
                }],
                _ => Vec::new(),
            }
        }
        ConverseStreamOutput::ContentBlockDelta(delta) => {
            let block = block(delta.content_block_index);
            delta
                .delta
                .and_then(|piece| piece_of(block, piece))
                .into_iter()
                .collect()
        }
        ConverseStreamOutput::MessageStop(stop) => {
            vec![StreamEvent::Stop(reason(&stop.stop_reason))]
        }
        ConverseStreamOutput::Metadata(metadata) => metadata
            .usage
            .map(|usage| StreamEvent::Usage(used(&usage)))
            .into_iter()
            .collect(),
        _ => Vec::new(),
    }
}

fn block(index: i32) -> u32 {
    u32::try_from(index).unwrap_or_default()
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the SDK gains variants, of which most are nothing to this crate"
)]
fn piece_of(block: u32, piece: ContentBlockDelta) -> Option<StreamEvent> {
    match piece {
        ContentBlockDelta::Text(text) => Some(StreamEvent::Text { block, text }),
        ContentBlockDelta::ToolUse(call) => Some(StreamEvent::Arguments {
            block,
            json: call.input,
        }),
        ContentBlockDelta::ReasoningContent(reasoning) => match reasoning {
            ReasoningContentBlockDelta::Text(text) => Some(StreamEvent::Reasoning { block, text }),
            ReasoningContentBlockDelta::Signature(signature) => {
                Some(StreamEvent::Signature { block, signature })
            }
            ReasoningContentBlockDelta::RedactedContent(bytes) => Some(StreamEvent::Redacted {
                block,
                base64: STANDARD.encode(bytes),
            }),
            _ => None,
        },
        _ => None,
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the SDK gains variants, of which most are nothing to this crate"
)]
fn reason(reason: &SdkStopReason) -> StopReason {
    match reason {
        SdkStopReason::ToolUse => StopReason::ToolUse,
        SdkStopReason::MaxTokens => StopReason::MaxTokens,
        SdkStopReason::StopSequence => StopReason::StopSequence,
        SdkStopReason::GuardrailIntervened => StopReason::GuardrailIntervened,
        SdkStopReason::ContentFiltered => StopReason::ContentFiltered,
        SdkStopReason::MalformedModelOutput => StopReason::MalformedModelOutput,
        SdkStopReason::MalformedToolUse => StopReason::MalformedToolUse,
        SdkStopReason::ModelContextWindowExceeded => StopReason::ModelContextWindowExceeded,
        // A reason that the SDK does not know ends the turn; a call that comes with it is still run.
        _ => StopReason::EndTurn,
    }
}

fn used(usage: &TokenUsage) -> Usage {
    let count = |tokens: i32| u64::try_from(tokens).unwrap_or_default();
    Usage {
        input_tokens: count(usage.input_tokens),
        output_tokens: count(usage.output_tokens),
        cache_read_input_tokens: count(usage.cache_read_input_tokens.unwrap_or_default()),
        cache_write_input_tokens: count(usage.cache_write_input_tokens.unwrap_or_default()),
    }
}
