//! A conversation as the messages of a Converse request.

use super::content::{
    Image, NonBlank, Outcome, Prompt, Reasoning, ResultPart, Said, ToolCall, ToolResult,
};
use super::turn::{BlockedBy, Cut, End, OpenTurn, Round, Stop, Turn};
use crate::converse::{
    Block, ImageBlock, ImageSource, Message, ReasoningBlock, Role, ToolResultBlock,
    ToolResultContent, ToolResultStatus, ToolUseBlock,
};

/// The messages of `turns`, then of `open`.
pub(crate) fn messages(turns: &[Turn], open: &OpenTurn) -> Vec<Message> {
    let mut messages = Vec::new();
    for turn in turns {
        finished_turn(&mut messages, turn);
    }
    messages.push(prompt(&open.prompt));
    rounds(&mut messages, &open.rounds, true);
    messages
}

fn finished_turn(messages: &mut Vec<Message>, turn: &Turn) {
    if let End::Blocked { by, .. } = &turn.end {
        // What a filter blocked is not sent again: it would block every later request.
        messages.push(user(vec![Block::Text(blocked_prompt(turn))]));
        messages.push(assistant(vec![Block::Text(blocked_reply(*by))]));
        return;
    }
    messages.push(prompt(&turn.prompt));
    rounds(messages, &turn.rounds, false);
    messages.push(assistant(vec![Block::Text(end(&turn.end))]));
}

fn user(content: Vec<Block>) -> Message {
    Message {
        role: Role::User,
        content,
    }
}

fn assistant(content: Vec<Block>) -> Message {
    Message {
        role: Role::Assistant,
        content,
    }
}

fn blocked_prompt(turn: &Turn) -> String {
    let ran: Vec<&str> = turn
        .rounds
        .iter()
        .flat_map(|round| round.calls.iter())
        .map(|finished| finished.call.name.as_str())
        .collect();
    if ran.is_empty() {
        return "(This request was removed because a filter blocked it.)".into();
    }
    format!(
        "(This request was removed because a filter blocked it. These tools were called for it: {}.)",
        ran.join(", ")
    )
}

fn blocked_reply(by: BlockedBy) -> String {
    match by {
        BlockedBy::Guardrail => "(A guardrail blocked this reply.)".into(),
        BlockedBy::ContentFilter => "(The content filter blocked this reply.)".into(),
    }
}

fn prompt(prompt: &Prompt) -> Message {
    let mut content = vec![Block::Text(prompt.text.clone().into())];
    content.extend(
        prompt
            .images
            .iter()
            .map(|image| Block::Image(picture(image))),
    );
    user(content)
}

fn picture(image: &Image) -> ImageBlock {
    ImageBlock {
        format: image.format.as_str().into(),
        source: ImageSource {
            bytes: image.base64.clone().into(),
        },
    }
}

/// Reasoning goes back to the model while it works on the request, and is left out afterwards.
fn rounds(messages: &mut Vec<Message>, rounds: &[Round], with_reasoning: bool) {
    for round in rounds {
        let mut asked: Vec<Block> = round
            .said
            .iter()
            .filter_map(|said| match said {
                Said::Text(text) => Some(Block::Text(text.clone().into())),
                Said::Reasoning(reasoning) => {
                    with_reasoning.then(|| Block::ReasoningContent(reasoned(reasoning)))
                }
            })
            .collect();
        let mut results = Vec::new();
        for finished in round.calls.iter() {
            asked.push(Block::ToolUse(call(&finished.call)));
            results.push(Block::ToolResult(result(&finished.call, &finished.result)));
        }
        messages.push(assistant(asked));
        messages.push(user(results));
    }
}

fn reasoned(reasoning: &Reasoning) -> ReasoningBlock {
    match reasoning {
        Reasoning::Signed { text, signature } => ReasoningBlock::ReasoningText {
            text: text.clone().into(),
            signature: Some(signature.clone().into()),
        },
        Reasoning::Redacted(bytes) => ReasoningBlock::RedactedContent(bytes.clone().into()),
    }
}

fn call(call: &ToolCall) -> ToolUseBlock {
    ToolUseBlock {
        tool_use_id: call.id.as_str().into(),
        name: call.name.as_str().into(),
        input: call.input.clone(),
    }
}

fn result(call: &ToolCall, result: &ToolResult) -> ToolResultBlock {
    let content = result.content.iter().map(|part| match part {
        ResultPart::Text(text) => ToolResultContent::Text(text.clone().into()),
        ResultPart::Json(object) => ToolResultContent::Json(object.clone().into()),
        ResultPart::Image(image) => ToolResultContent::Image(picture(image)),
    });
    ToolResultBlock {
        tool_use_id: call.id.as_str().into(),
        content: content.collect(),
        status: Some(if result.outcome != Outcome::Done {
            ToolResultStatus::Error
        } else {
            ToolResultStatus::Success
        }),
    }
}

fn end(end: &End) -> String {
    let text = |said: &Option<NonBlank>, note: &str| match said {
        Some(said) => format!("{}\n\n({note})", said.as_str().trim_end()),
        None => format!("({note})"),
    };
    match end {
        End::Replied { text, cut: None } => text.clone().into(),
        End::Replied {
            text: said,
            cut: Some(cut),
        } => text(&Some(said.clone()), cut_note(*cut)),
        End::Silent { cut: Some(cut) } => text(&None, cut_note(*cut)),
        End::Silent { cut: None } => text(&None, "There was no reply."),
        End::Stopped { said, why } => text(
            said,
            match why {
                Stop::Person => "The user stopped this reply.",
                Stop::ModelCalls => "This turn reached its limit of model calls.",
            },
        ),
        End::Blocked { by, .. } => blocked_reply(*by),
    }
}

fn cut_note(cut: Cut) -> &'static str {
    match cut {
        Cut::MaxTokens => "This reply reached its limit of tokens.",
        Cut::ContextWindow => "The conversation is longer than the model can read.",
        Cut::Malformed => "This reply could not be read.",
    }
}
