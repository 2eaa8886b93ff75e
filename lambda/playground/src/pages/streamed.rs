//! What a turn changes in the page at its beginning, while it works, and at its end.

use std::time::Duration;

use askama::Template;
use mcp_lambda_agent::converse::Usage;
use mcp_lambda_agent::model::ModelError;
use mcp_lambda_agent::prices::Prices;
use mcp_lambda_agent::tools::Progress;

use super::frame::List;
use super::piece::{Swap, partial};
use super::turn::{Turns, turn_id};
use super::words::{sentence, usage_words};
use crate::conversations::{Document, Summary};
use crate::problem::Problem;

const STOP: &str = include_str!("../../templates/stop.html");
const SEND: &str = include_str!("../../templates/send.html");
const FIELD: &str = include_str!("../../templates/field.html");

/// The beginning of a turn.
pub(crate) struct TurnStart;

impl TurnStart {
    /// The pieces: all turns, because a question can have been taken back, an empty field, and a button that stops.
    pub(crate) fn pieces(document: &Document, path: &str) -> String {
        let turns = Turns {
            document,
            running: true,
            path,
        };
        [
            partial("turns", Swap::Inner, &turns.all().concat()),
            partial("buttons", Swap::Inner, STOP),
            partial("field", Swap::Inner, FIELD),
            partial("notice", Swap::Inner, ""),
            partial("status", Swap::Inner, "The reply is being written."),
        ]
        .concat()
    }
}

/// The end of a turn.
pub(crate) struct TurnEnd<'a> {
    /// The number of the turn and the turn.
    pub(crate) turn: Option<(usize, String)>,
    /// The person is needed.
    pub(crate) is_open: bool,
    pub(crate) problem: Option<&'a Problem>,
    pub(crate) usage: Usage,
    pub(crate) model: &'a str,
    pub(crate) prices: &'a Prices,
    /// The conversations, when they could be read.
    pub(crate) list: Option<Vec<Summary>>,
    pub(crate) current: &'a str,
}

impl TurnEnd<'_> {
    /// The pieces.
    pub(crate) fn pieces(self) -> String {
        let mut pieces = String::new();
        if let Some((number, html)) = &self.turn {
            pieces.push_str(&partial(&turn_id(*number), Swap::Outer, html));
        }
        pieces.push_str(&partial("buttons", Swap::Inner, SEND));
        pieces.push_str(&partial("notice", Swap::Inner, &notice(self.problem)));
        let status = if self.is_open {
            "The reply waits for you."
        } else {
            "The reply is complete."
        };
        pieces.push_str(&partial("status", Swap::Inner, status));
        let usage = usage_words(self.usage, self.model, self.prices);
        pieces.push_str(&partial("usage", Swap::Inner, &usage));
        if let Some(conversations) = self.list {
            let current = self.current.to_owned();
            let list = List {
                conversations,
                current,
            };
            let html = list.render().unwrap_or_default();
            pieces.push_str(&partial("list", Swap::Inner, &html));
        }
        pieces
    }
}

/// A problem beside the field of the question.
#[derive(Template)]
#[template(
    source = "<p class=\"note\"><strong>{{ message }}</strong> {{ fix }}</p>",
    ext = "html"
)]
struct NoticeView {
    message: String,
    fix: &'static str,
}

/// A problem as a piece of the page.
pub(crate) fn notice(problem: Option<&Problem>) -> String {
    let view = problem.map(|problem| NoticeView {
        message: sentence(&problem.to_string()),
        fix: problem.fix(),
    });
    view.and_then(|view| view.render().ok()).unwrap_or_default()
}

/// The model is asked again.
#[derive(Template)]
#[template(
    source = "<p class=\"note\">{{ words }} Asking again in {{ seconds }} s.</p>",
    ext = "html"
)]
pub(crate) struct RetryView {
    words: &'static str,
    seconds: u64,
}

impl RetryView {
    pub(crate) fn new(error: &ModelError, wait: Duration) -> Self {
        let words = match error {
            ModelError::Throttled(_) => "The model is throttled.",
            ModelError::Cut(_) => "The reply was cut in the middle; nothing of it was used.",
            ModelError::Unavailable(_)
            | ModelError::AccessDenied(_)
            | ModelError::Credentials(_)
            | ModelError::NotFound(_)
            | ModelError::TooLong(_)
            | ModelError::Refused(_) => "The model is not available right now.",
        };
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        Self { words, seconds }
    }
}

/// How far a call is.
#[derive(Template)]
#[template(
    source = "{% if let Some(total) = total %}<progress max=\"{{ total }}\" value=\"{{ done }}\" aria-label=\"Progress\"></progress> {% endif %}{{ message }}",
    ext = "html"
)]
pub(crate) struct ProgressView {
    done: f64,
    total: Option<f64>,
    message: String,
}

impl ProgressView {
    pub(crate) fn new(report: &Progress) -> Self {
        Self {
            done: report.done,
            total: report.total.filter(|total| *total > 0.0),
            message: report.message.clone().unwrap_or_default(),
        }
    }
}
