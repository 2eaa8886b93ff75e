//! Turns of a conversation as pieces of the page.

use askama::Template;
use mcp_lambda_agent::conversation::{
    BlockedBy, Conversation, Cut, End, NonBlank, OpenTurn, Round, Said, Stop, Turn,
};

use super::call::CallView;
use super::markdown::to_html;
use crate::conversations::{Document, Head, Standing};

/// One turn.
#[derive(Template)]
#[template(path = "turn.html")]
pub(crate) struct TurnView {
    id: String,
    prompt: String,
    pieces: Vec<String>,
    note: Option<String>,
    sign_in: Option<SignInView>,
    return_to: String,
    /// The model's words arrive here.
    live: bool,
    can_continue: bool,
    can_retry: bool,
    /// The calls of the turn, which stay done when it is asked again.
    calls: usize,
}

struct SignInView {
    server: String,
    name: String,
    scopes: String,
}

/// The turns of a conversation.
pub(crate) struct Turns<'a> {
    pub(crate) document: &'a Document,
    /// A runner takes the conversation on.
    pub(crate) running: bool,
    /// The address of the conversation.
    pub(crate) path: &'a str,
}

/// The id of the turn `number`, counted from 0.
pub(crate) fn turn_id(number: usize) -> String {
    format!("turn-{number}")
}

impl Turns<'_> {
    /// Every turn.
    pub(crate) fn all(&self) -> Vec<String> {
        let conversation = &self.document.conversation;
        let count = conversation.turns().len() + usize::from(conversation.open().is_some());
        (0..count).map(|number| self.one(number)).collect()
    }

    /// The last turn, and its number.
    pub(crate) fn last(&self) -> Option<(usize, String)> {
        let conversation = &self.document.conversation;
        let count = conversation.turns().len() + usize::from(conversation.open().is_some());
        let number = count.checked_sub(1)?;
        Some((number, self.one(number)))
    }

    fn one(&self, number: usize) -> String {
        let conversation = &self.document.conversation;
        let view = match (conversation.turns().get(number), conversation.open()) {
            (Some(turn), open) => {
                let is_last = open.is_none() && number + 1 == conversation.turns().len();
                self.finished(number, turn, is_last && !self.running)
            }
            (None, Some(open)) => self.open(number, open, conversation),
            (None, None) => return String::new(),
        };
        view.render().unwrap_or_default()
    }

    fn finished(&self, number: usize, turn: &Turn, is_last: bool) -> TurnView {
        let mut pieces = rounds(&turn.rounds, &self.document.head, self.path);
        let (said, note, is_complete) = ended(&turn.end);
        pieces.extend(said.map(|said| words(said.as_str())));
        TurnView {
            pieces,
            note: note.map(str::to_owned),
            can_continue: is_last && !is_complete && !matches!(turn.end, End::Blocked { .. }),
            can_retry: is_last,
            ..self.view(number, turn.prompt.text.as_str(), &turn.rounds)
        }
    }

    fn open(&self, number: usize, open: &OpenTurn, conversation: &Conversation) -> TurnView {
        let head = &self.document.head;
        let mut pieces = rounds(&open.rounds, head, self.path);
        if let Some(pending) = &open.pending {
            pieces.extend(pending.said.iter().filter_map(said));
            let calls = pending.calls.iter();
            pieces.extend(calls.map(|call| {
                let view =
                    CallView::pending(&call.call, &call.state, self.running, head, self.path);
                view.render().unwrap_or_default()
            }));
        }
        use mcp_lambda_agent::conversation::Next;
        let waits = matches!(
            conversation.next(),
            Next::AskApproval(_) | Next::Interrupted(_)
        );
        let mut note = None;
        let mut sign_in = None;
        if !self.running {
            match &head.standing {
                Some(Standing::Model { words }) => note = Some(words.clone()),
                Some(Standing::SignIn {
                    server,
                    name,
                    scopes,
                }) => {
                    sign_in = Some(SignInView {
                        server: server.clone(),
                        name: name.clone(),
                        scopes: scopes.join(" "),
                    });
                }
                Some(Standing::Time) => {
                    note = Some(
                        "This took longer than one request may. Continue to go on from here."
                            .into(),
                    );
                }
                None if !waits => {
                    note =
                        Some("This conversation stands still. Continue to go on from here.".into());
                }
                None => {}
            }
        }
        TurnView {
            pieces,
            note,
            sign_in,
            live: self.running && open.pending.is_none(),
            can_continue: !self.running && !waits,
            can_retry: !self.running,
            ..self.view(number, open.prompt.text.as_str(), &open.rounds)
        }
    }

    fn view(&self, number: usize, prompt: &str, rounds: &[Round]) -> TurnView {
        TurnView {
            id: turn_id(number),
            prompt: prompt.to_owned(),
            pieces: Vec::new(),
            note: None,
            sign_in: None,
            return_to: self.path.to_owned(),
            live: false,
            can_continue: false,
            can_retry: false,
            calls: rounds.iter().map(|round| round.calls.iter().len()).sum(),
        }
    }
}

fn rounds(rounds: &[Round], head: &Head, path: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    for round in rounds {
        pieces.extend(round.said.iter().filter_map(said));
        pieces.extend(round.calls.iter().map(|finished| {
            let view = CallView::finished(&finished.call, &finished.result, head, path);
            view.render().unwrap_or_default()
        }));
    }
    pieces
}

fn said(said: &Said) -> Option<String> {
    match said {
        Said::Text(text) => Some(words(text.as_str())),
        Said::Reasoning(_) => None,
    }
}

fn words(markdown: &str) -> String {
    format!("<div class=\"said\">{}</div>", to_html(markdown))
}

/// What was said at the end, what is to say about it, and whether it is complete.
fn ended(end: &End) -> (Option<&NonBlank>, Option<&'static str>, bool) {
    let cut = |cut: Cut| match cut {
        Cut::MaxTokens => "The reply reached its limit of tokens.",
        Cut::ContextWindow => {
            "The conversation is longer than the model can read. Start a new one."
        }
        Cut::Malformed => "The model's reply could not be read.",
    };
    match end {
        End::Replied { text, cut: None } => (Some(text), None, true),
        End::Replied {
            text,
            cut: Some(why),
        } => (Some(text), Some(cut(*why)), false),
        End::Silent { cut: Some(why) } => (None, Some(cut(*why)), false),
        End::Silent { cut: None } => (None, Some("The model said nothing."), false),
        End::Stopped { said, why } => {
            let note = match why {
                Stop::Person => "You stopped this reply.",
                Stop::ModelCalls => "This question reached its limit of model calls.",
            };
            (said.as_ref(), Some(note), false)
        }
        End::Blocked { by, said } => {
            let note = match by {
                BlockedBy::Guardrail => "A guardrail blocked this. Ask something else.",
                BlockedBy::ContentFilter => "The content filter blocked this. Ask something else.",
            };
            (said.as_ref(), Some(note), false)
        }
    }
}
