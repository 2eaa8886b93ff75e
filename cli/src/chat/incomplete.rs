//! Replies that are not complete.

use mcp_lambda_agent::conversation::{BlockedBy, Cut, End, Stop};

/// Why the reply is not complete.
pub(super) fn incomplete(end: &End) -> Option<String> {
    let cut = |cut: Cut| match cut {
        Cut::MaxTokens => "the reply reached its limit of tokens (--max-tokens)",
        Cut::ContextWindow => "the conversation is longer than the model can read: start a new one",
        Cut::Malformed => "the model's reply could not be read",
    };
    match end {
        End::Replied { cut: None, .. } => None,
        End::Replied { cut: Some(why), .. } | End::Silent { cut: Some(why) } => {
            Some(cut(*why).to_owned())
        }
        End::Silent { cut: None } => Some("the model said nothing".into()),
        End::Stopped { why, .. } => Some(match why {
            Stop::Person => "the reply was stopped".into(),
            Stop::ModelCalls => {
                "the turn reached its limit of model calls (--max-model-calls)".into()
            }
        }),
        End::Blocked { by, said } => {
            let by = match by {
                BlockedBy::Guardrail => "a guardrail",
                BlockedBy::ContentFilter => "the content filter",
            };
            let said = said.as_ref().map_or("", |said| said.as_str());
            Some(
                format!("{by} blocked this turn {said}")
                    .trim_end()
                    .to_owned(),
            )
        }
    }
}
