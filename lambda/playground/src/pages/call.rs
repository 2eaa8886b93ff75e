//! A tool call as a card.

use askama::Template;
use mcp_lambda_agent::conversation::{CallState, Outcome, ResultPart, ToolCall, ToolResult};
use serde_json::Value;

use super::app::AppView;
use crate::conversations::Head;

/// The longest result that a page shows; the export has all of it.
const LONGEST: usize = 20_000;

/// A card.
#[derive(Template)]
#[template(path = "call.html")]
pub(crate) struct CallView {
    id: String,
    name: String,
    server: Option<String>,
    arguments: String,
    class: &'static str,
    state: &'static str,
    duration: Option<String>,
    result: Option<ResultView>,
    /// The person decides whether it runs.
    asks: bool,
    /// It may have run before a cut: the person decides whether it runs again.
    interrupted: bool,
    running: bool,
    /// The MCP App that shows the result.
    app: Option<AppView>,
}

struct ResultView {
    text: String,
    images: Vec<String>,
    cut: bool,
}

impl CallView {
    /// A call that has its result.
    pub(super) fn finished(call: &ToolCall, result: &ToolResult, head: &Head, path: &str) -> Self {
        let (class, state) = match result.outcome {
            Outcome::Done => ("done", "done"),
            Outcome::Failed => ("failed", "failed"),
            Outcome::NotRun => ("not-run", "not run"),
            Outcome::Unknown => ("unknown", "may have run"),
        };
        let id = call.id.as_str();
        let app = head.apps.get(id);
        let app = app.filter(|_| result.outcome == Outcome::Done);
        Self {
            app: app.map(|app| AppView::new(app, id, path)),
            result: Some(ResultView::new(result)),
            ..Self::new(call, head, class, state)
        }
    }

    /// A call of the current round. `running`: a runner takes the conversation on.
    pub(super) fn pending(
        call: &ToolCall,
        state: &CallState,
        running: bool,
        head: &Head,
        path: &str,
    ) -> Self {
        match state {
            CallState::AwaitingApproval => Self {
                asks: !running,
                ..Self::new(call, head, "asks", "waits for your approval")
            },
            CallState::Ready if running => Self::new(call, head, "ready", "runs next"),
            CallState::Ready => Self::new(call, head, "ready", "approved, not run yet"),
            CallState::Started if running => Self {
                running: true,
                ..Self::new(call, head, "running", "is running")
            },
            CallState::Started => Self {
                interrupted: true,
                ..Self::new(call, head, "unknown", "was interrupted, may have run")
            },
            CallState::Finished(result) => Self::finished(call, result, head, path),
        }
    }

    fn new(call: &ToolCall, head: &Head, class: &'static str, state: &'static str) -> Self {
        let whole = call.name.as_str();
        let (server, name) = match whole.split_once("__") {
            Some((server, name)) => (Some(server.to_owned()), name),
            None => (None, whole),
        };
        let id = call.id.as_str().to_owned();
        let duration = head
            .durations
            .get(&id)
            .map(|milliseconds| duration(*milliseconds));
        Self {
            name: name.to_owned(),
            server,
            arguments: pretty(&Value::Object(call.input.clone())),
            class,
            state,
            duration,
            result: None,
            asks: false,
            interrupted: false,
            running: false,
            app: None,
            id,
        }
    }
}

impl ResultView {
    fn new(result: &ToolResult) -> Self {
        let mut text = String::new();
        let mut images = Vec::new();
        for part in result.content.iter() {
            let words = match part {
                ResultPart::Text(words) => words.as_str().to_owned(),
                ResultPart::Json(object) => pretty(&Value::Object(object.clone())),
                ResultPart::Image(image) => {
                    let format = image.format.as_str();
                    let bytes = image.base64.as_str();
                    images.push(format!("data:image/{format};base64,{bytes}"));
                    continue;
                }
            };
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&words);
        }
        let cut = text.len() > LONGEST;
        if cut {
            let mut end = LONGEST;
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            text.truncate(end);
        }
        Self { text, images, cut }
    }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

fn duration(milliseconds: u64) -> String {
    if milliseconds < 1000 {
        format!("{milliseconds} ms")
    } else {
        format!(
            "{:.1} s",
            std::time::Duration::from_millis(milliseconds).as_secs_f64()
        )
    }
}
