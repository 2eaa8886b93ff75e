//! The offline planner: no model, but a reader of words and schemas, so that a chat works without one.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::deeds::{Deed, deed, done, sentences, wanted};
use super::language::{Kind, Word, description_stems, name_stems, name_words, words};
use super::slots::{Filled, Offer, fill};
use crate::converse::{
    Block, Message, Request, Role, ToolResultBlock, ToolResultContent, ToolResultStatus, ToolSpec,
};

/// What the planner says of itself at the beginning of each conversation.
pub const NOTICE: &str = "I am the offline planner of mcp-lambda, not a language model: I pick tools by the words of a \
    sentence and the tools' schemas.";

/// What the planner replies: words, and calls.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reply {
    /// The words.
    pub text: String,
    /// The calls: the tool's name and the arguments.
    pub calls: Vec<(String, Map<String, Value>)>,
}

/// The worst score at which a tool is called.
const THRESHOLD: f64 = 2.5;

/// A tool that fits so much better is not passed over for want of an argument: the planner asks for it.
const CLEARLY: f64 = 3.0;

/// Replies to the last message of `request`.
#[must_use]
pub fn plan(request: &Request) -> Reply {
    let mut reply = match request.messages.last() {
        Some(last) if results(last).next().is_some() => Reply {
            text: reported(request, last),
            calls: Vec::new(),
        },
        Some(last) => asked(request, &said(last)),
        None => Reply::default(),
    };
    if request.messages.len() == 1 {
        reply.text = format!("{NOTICE}\n\n{}", reply.text);
    }
    reply
}

fn said(message: &Message) -> String {
    let texts = message.content.iter().filter_map(|block| match block {
        Block::Text(text) => Some(text.as_str()),
        Block::Image(_) | Block::ReasoningContent(_) | Block::ToolUse(_) | Block::ToolResult(_) => {
            None
        }
    });
    texts.collect::<Vec<_>>().join("\n")
}

fn results(message: &Message) -> impl Iterator<Item = &ToolResultBlock> {
    message.content.iter().filter_map(|block| match block {
        Block::ToolResult(result) => Some(result),
        Block::Text(_) | Block::Image(_) | Block::ReasoningContent(_) | Block::ToolUse(_) => None,
    })
}

/// A tool with the arguments that a sentence gives it.
struct Candidate<'a> {
    tool: &'a ToolSpec,
    score: f64,
    filled: Filled,
}

fn asked(request: &Request, text: &str) -> Reply {
    let known = earlier(request);
    let mut reply = Reply::default();
    let mut lines = Vec::new();
    for sentence in sentences(text) {
        let words = words(&sentence);
        let mut candidates: Vec<Candidate<'_>> = request
            .tools()
            .map(|tool| candidate(tool, &words, &known))
            .collect();
        // The first of equal tools stays first.
        candidates.sort_by(|one, other| other.score.total_cmp(&one.score));
        let best = candidates.first().filter(|best| best.score >= THRESHOLD);
        let complete = candidates.iter().find(|candidate| {
            let clearly_worse = best.is_some_and(|best| best.score - candidate.score > CLEARLY);
            candidate.filled.missing.is_empty() && candidate.score >= THRESHOLD && !clearly_worse
        });
        match (complete, best) {
            (Some(found), _) => {
                lines.push(format!(
                    "`{}` fits \"{}\".",
                    found.tool.name,
                    sentence.trim()
                ));
                reply
                    .calls
                    .push((found.tool.name.clone(), found.filled.arguments.clone()));
            }
            (None, Some(best)) => lines.push(format!(
                "`{}` fits \"{}\", but I do not find {} in it.",
                best.tool.name,
                sentence.trim(),
                best.filled.missing.join(", ")
            )),
            (None, None) => {}
        }
    }
    if lines.is_empty() {
        lines.push("No tool fits these words.".into());
        lines.extend(help(request));
    }
    reply.text = lines.join("\n");
    reply
}

fn help(request: &Request) -> Vec<String> {
    let mut lines: Vec<String> = request
        .tools()
        .map(|tool| {
            let first = tool.description.as_deref().unwrap_or_default();
            let first = first.split(['\n', '.']).next().unwrap_or_default();
            format!("- `{}`: {first}", tool.name)
        })
        .collect();
    if lines.is_empty() {
        lines.push("There are no tools.".into());
    }
    lines
}

fn candidate<'a>(tool: &'a ToolSpec, words: &[Word], known: &[Value]) -> Candidate<'a> {
    // The part before `__` is a server's name.
    let own_name = tool.name.rsplit("__").next().unwrap_or(&tool.name);
    let name = name_stems(own_name);
    let exact = name_words(own_name);
    let description = description_stems(tool.description.as_deref().unwrap_or_default());
    let described: HashSet<&String> = description.iter().collect();

    let mut score = 0.0;
    let mut spoken_for = HashSet::new();
    for (at, word) in words.iter().enumerate() {
        let verb = deed(&word.raw).is_some();
        if name.contains(&word.stem) {
            score += 3.0;
            // "My orders" are a matter of `list-orders` rather than of `check-order-status`.
            let said = word.raw.to_lowercase();
            if said != word.stem && exact.contains(&said) {
                score += 1.0;
            }
            spoken_for.insert(at);
        } else if word.kind == Kind::Word && described.contains(&word.stem) {
            score += 1.0;
            spoken_for.insert(at);
        } else if verb {
            spoken_for.insert(at);
        }
    }
    let unsaid = name
        .iter()
        .filter(|stem| deed(stem).is_none() && !words.iter().any(|word| word.stem == **stem));
    score -= 0.5 * count(unsaid);

    let done = done(&name, tool.description.as_deref().unwrap_or_default());
    score += match wanted(words) {
        Some(wanted) if wanted == done => 3.0,
        None if done == Deed::Read => 2.0,
        // Nothing is written when something is to be read.
        None | Some(Deed::Read) => -4.0,
        Some(_) => -3.5,
    };

    let offer = Offer {
        words,
        spoken_for: spoken_for.clone(),
        results: known,
    };
    let filled = fill(&tool.input_schema.json, &offer);
    score += 1.5 * count(0..filled.certain);
    if filled.used.len() > filled.certain {
        score += 0.5;
    }
    score -= 4.0 * count(0..filled.remembered);
    for (at, word) in words.iter().enumerate() {
        if filled.used.contains(&at) || spoken_for.contains(&at) {
            continue;
        }
        score -= match word.kind {
            Kind::Number(_) | Kind::Identifier | Kind::Quoted => 2.0,
            Kind::Word => 0.5,
            Kind::Filler => 0.0,
        };
    }
    Candidate {
        tool,
        score,
        filled,
    }
}

fn count<T>(things: impl Iterator<Item = T>) -> f64 {
    things.fold(0.0, |sum, _| sum + 1.0)
}

/// The objects of all results, the newest first.
fn earlier(request: &Request) -> Vec<Value> {
    let contents = request
        .messages
        .iter()
        .rev()
        .flat_map(results)
        .flat_map(|result| &result.content);
    contents
        .filter_map(|content| match content {
            ToolResultContent::Json(json) => Some(json.clone()),
            ToolResultContent::Text(text) => serde_json::from_str(text).ok(),
            ToolResultContent::Image(_) => None,
        })
        .collect()
}

/// The results of the last calls, as words.
fn reported(request: &Request, last: &Message) -> String {
    let names: Vec<(&str, &str)> = request
        .messages
        .iter()
        .filter(|message| message.role == Role::Assistant)
        .flat_map(|message| &message.content)
        .filter_map(|block| match block {
            Block::ToolUse(call) => Some((call.tool_use_id.as_str(), call.name.as_str())),
            Block::Text(_)
            | Block::Image(_)
            | Block::ReasoningContent(_)
            | Block::ToolResult(_) => None,
        })
        .collect();
    let reports = results(last).map(|result| {
        let name = names.iter().find(|(id, _)| *id == result.tool_use_id);
        let name = name.map_or("the tool", |(_, name)| name);
        let content: Vec<String> = result.content.iter().map(shown).collect();
        let verb = if result.status == Some(ToolResultStatus::Error) {
            "failed"
        } else {
            "returned"
        };
        format!("`{name}` {verb}:\n{}", content.join("\n"))
    });
    reports.collect::<Vec<_>>().join("\n\n")
}

fn shown(content: &ToolResultContent) -> String {
    match content {
        ToolResultContent::Text(text) => match serde_json::from_str::<Value>(text) {
            Ok(value @ (Value::Object(_) | Value::Array(_))) => outline(&value, 0),
            _ => text.clone(),
        },
        ToolResultContent::Json(json) => outline(json, 0),
        ToolResultContent::Image(image) => format!("(an image, {})", image.format),
    }
}

/// JSON as an outline: a line for each value, objects of plain values on one line.
fn outline(value: &Value, depth: usize) -> String {
    let indent = "  ".repeat(depth);
    let plain = |value: &Value| !value.is_object() && !value.is_array();
    match value {
        Value::Object(object) if depth > 0 && object.values().all(plain) => object
            .iter()
            .map(|(key, value)| format!("{key}: {}", word(value)))
            .collect::<Vec<_>>()
            .join(", "),
        Value::Object(object) => object
            .iter()
            .map(|(key, value)| match value {
                value if plain(value) => format!("{indent}{key}: {}", word(value)),
                value => format!("{indent}{key}:\n{}", outline(value, depth + 1)),
            })
            .collect::<Vec<_>>()
            .join("\n"),
        Value::Array(elements) if elements.is_empty() => format!("{indent}(none)"),
        Value::Array(elements) => elements
            .iter()
            .map(|element| format!("{indent}- {}", outline(element, depth + 1).trim_start()))
            .collect::<Vec<_>>()
            .join("\n"),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => word(value),
    }
}

fn word(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            value.to_string()
        }
    }
}
