//! What a person sees of a chat: the model's words on standard output, everything else on standard error.

use std::io::Write;

use mcp_lambda_agent::agent::{Event, Host};
use mcp_lambda_agent::conversation::{Conversation, Outcome, ResultPart, ToolCall, ToolResult};
use mcp_lambda_agent::model::Heard;

use super::error::ChatError;
use super::file::ChatFile;
use crate::visible::visible;

/// The longest part of arguments and results that is shown on one line.
const LINE: usize = 160;

/// Shows a conversation and keeps it in its file.
#[derive(Debug)]
pub struct Screen<Out, Notes> {
    out: Out,
    notes: Notes,
    file: ChatFile,
    /// Whether the model's words are in the middle of a line.
    in_line: bool,
}

impl<Out: Write + Send, Notes: Write + Send> Screen<Out, Notes> {
    /// A screen whose model's words go to `out`, and the rest to `notes`.
    pub fn new(out: Out, notes: Notes, file: ChatFile) -> Self {
        Self {
            out,
            notes,
            file,
            in_line: false,
        }
    }

    /// Shows a line beside the model's words.
    pub fn note(&mut self, line: &str) {
        self.end_line();
        // A closed standard error does not stop the conversation.
        let _ = writeln!(self.notes, "{}", visible(line));
        let _ = self.notes.flush();
    }

    /// Ends the line of the model's words.
    pub fn end_line(&mut self) {
        if std::mem::take(&mut self.in_line) {
            let _ = writeln!(self.out);
            let _ = self.out.flush();
        }
    }

    /// Shows words of the model.
    pub fn say(&mut self, words: &str) {
        let words = visible(words);
        if words.is_empty() {
            return;
        }
        let _ = self.out.write_all(words.as_bytes());
        let _ = self.out.flush();
        self.in_line = !words.ends_with('\n');
    }

    /// Keeps `conversation` in its file.
    ///
    /// # Errors
    ///
    /// [`ChatError::File`].
    pub fn keep(&mut self, conversation: &Conversation) -> Result<(), ChatError> {
        self.file.write(conversation)
    }

    /// The file of the conversation.
    pub fn file(&self) -> &ChatFile {
        &self.file
    }
}

impl<Out: Write + Send, Notes: Write + Send> Host for Screen<Out, Notes> {
    type Error = ChatError;

    async fn save(&mut self, conversation: &Conversation) -> Result<(), ChatError> {
        self.keep(conversation)
    }

    fn show(&mut self, event: Event<'_>) {
        match event {
            Event::Heard(Heard::Text(words)) => self.say(words),
            Event::Heard(Heard::Reasoning(_)) => {}
            Event::Replied => self.end_line(),
            Event::Retry { error, wait } => self.note(&format!(
                "… {error}; asking again in {:.1} s",
                wait.as_secs_f32()
            )),
            Event::Started(call) => self.note(&format!("→ {}", call_line(call))),
            Event::Progress(call, report) => {
                let total = report
                    .total
                    .map_or_else(String::new, |total| format!(" of {total}"));
                let message = report.message.as_deref().unwrap_or_default();
                let name = call.name.as_str();
                self.note(&format!("  {name}: {}{total} {message}", report.done));
            }
            Event::Finished(call, result) => self.note(&result_line(call, result)),
        }
    }
}

/// A call with its arguments.
pub(super) fn call_line(call: &ToolCall) -> String {
    let arguments = serde_json::Value::Object(call.input.clone());
    format!("{} {arguments}", call.name.as_str())
}

fn result_line(call: &ToolCall, result: &ToolResult) -> String {
    let sign = match result.outcome {
        Outcome::Done => "✓",
        Outcome::Failed => "✗",
        Outcome::NotRun => "– not run:",
        Outcome::Unknown => "? may have run:",
    };
    let parts = result.content.iter().map(|part| match part {
        ResultPart::Text(text) => text.as_str().to_owned(),
        ResultPart::Json(object) => serde_json::Value::Object(object.clone()).to_string(),
        ResultPart::Image(image) => format!("({} image)", image.format.as_str()),
    });
    let line = parts.collect::<Vec<_>>().join(" ").replace('\n', " ");
    format!("{sign} {}: {}", call.name.as_str(), shortened(&line))
}

fn shortened(line: &str) -> String {
    match line.char_indices().nth(LINE) {
        Some((end, _)) => format!("{} …", line.get(..end).unwrap_or_default()),
        None => line.to_owned(),
    }
}
