//! A conversation as a file.

use mcp_lambda_agent::conversation::{End, Outcome, ResultPart, Round, Said, ToolResult};
use serde_json::{Value, json};

use crate::conversations::Document;

/// The conversation as Markdown: words as they are, calls and results as code.
pub(crate) fn as_markdown(document: &Document) -> String {
    let mut file = format!("# {}\n", document.head.title);
    let conversation = &document.conversation;
    for turn in conversation.turns() {
        question(&mut file, turn.prompt.text.as_str());
        rounds(&mut file, &turn.rounds);
        if let Some(said) = said_at_the_end(&turn.end) {
            file.push_str(&format!("\n{said}\n"));
        }
    }
    if let Some(open) = conversation.open() {
        question(&mut file, open.prompt.text.as_str());
        rounds(&mut file, &open.rounds);
        file.push_str("\n*This question is not finished.*\n");
    }
    file
}

/// The conversation as JSON, as it is kept.
pub(crate) fn as_json(document: &Document) -> Value {
    json!({
        "title": document.head.title,
        "model": document.head.model,
        "durations": document.head.durations,
        "conversation": document.conversation,
    })
}

fn question(file: &mut String, words: &str) {
    file.push_str("\n## Question\n\n");
    file.push_str(words.trim());
    file.push_str("\n\n## Reply\n");
}

fn rounds(file: &mut String, rounds: &[Round]) {
    for round in rounds {
        for said in &round.said {
            if let Said::Text(words) = said {
                file.push_str(&format!("\n{}\n", words.as_str().trim()));
            }
        }
        for finished in round.calls.iter() {
            let arguments = Value::Object(finished.call.input.clone());
            file.push_str(&format!("\n**Call** `{}`\n", finished.call.name.as_str()));
            fenced(file, &pretty(&arguments));
            let outcome = match finished.result.outcome {
                Outcome::Done => "Result",
                Outcome::Failed => "Failed",
                Outcome::NotRun => "Not run",
                Outcome::Unknown => "Result unknown: it may have run",
            };
            file.push_str(&format!("\n**{outcome}**\n"));
            fenced(file, &words_of(&finished.result));
        }
    }
}

fn words_of(result: &ToolResult) -> String {
    let parts = result.content.iter().map(|part| match part {
        ResultPart::Text(words) => words.as_str().to_owned(),
        ResultPart::Json(object) => pretty(&Value::Object(object.clone())),
        ResultPart::Image(image) => format!("({} image)", image.format.as_str()),
    });
    parts.collect::<Vec<_>>().join("\n")
}

/// A fence that the words cannot end.
fn fenced(file: &mut String, words: &str) {
    let mut fence = "```".to_owned();
    while words.contains(&fence) {
        fence.push('`');
    }
    file.push_str(&format!("\n{fence}\n{words}\n{fence}\n"));
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

fn said_at_the_end(end: &End) -> Option<String> {
    match end {
        End::Replied { text, .. } => Some(text.as_str().trim().to_owned()),
        End::Stopped { said, .. } | End::Blocked { said, .. } => {
            let said = said.as_ref().map(|said| said.as_str().trim().to_owned());
            Some(said.unwrap_or_else(|| "*There was no reply.*".to_owned()))
        }
        End::Silent { .. } => Some("*There was no reply.*".to_owned()),
    }
}
