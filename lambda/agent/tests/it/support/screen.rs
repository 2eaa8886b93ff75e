//! Shows and saves what happens, for a test to look at.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use mcp_lambda_agent::agent::{Event, Host};
use mcp_lambda_agent::conversation::{Conversation, Outcome};

/// Saves every state, and notes what is shown.
#[derive(Clone, Default)]
pub(crate) struct Screen {
    pub(crate) saved: Arc<Mutex<Vec<String>>>,
    pub(crate) shown: Arc<Mutex<Vec<String>>>,
}

impl Screen {
    pub(crate) fn text(&self) -> String {
        self.shown.lock().unwrap().join("")
    }

    pub(crate) fn saved(&self) -> Vec<String> {
        self.saved.lock().unwrap().clone()
    }
}

impl Host for Screen {
    type Error = Infallible;

    async fn save(&mut self, conversation: &Conversation) -> Result<(), Infallible> {
        let saved = serde_json::to_string(conversation).unwrap();
        self.saved.lock().unwrap().push(saved);
        Ok(())
    }

    fn show(&mut self, event: Event<'_>) {
        use mcp_lambda_agent::model::Heard;
        let shown = match event {
            Event::Heard(Heard::Text(text)) => text.to_owned(),
            Event::Heard(Heard::Reasoning(_)) | Event::Replied => return,
            Event::Retry { error, .. } => format!("<retry {error}>"),
            Event::Started(call) => format!("<started {}>", call.name.as_str()),
            Event::Progress(call, report) => format!("<{} {}>", call.name.as_str(), report.done),
            Event::Finished(call, result) if result.outcome == Outcome::Unknown => {
                format!("<{} may have run>", call.name.as_str())
            }
            Event::Finished(call, result) if result.outcome == Outcome::Failed => {
                format!("<{} failed>", call.name.as_str())
            }
            Event::Finished(call, _) => format!("<{} done>", call.name.as_str()),
        };
        self.shown.lock().unwrap().push(shown);
    }
}
