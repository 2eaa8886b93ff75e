//! The state machine of one task.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rmcp::ErrorData;
use rmcp::model::{InputRequest, InputRequests, InputResponses};
use serde::{Deserialize, Serialize};

/// How long the work may take to begin. Lambda drops an asynchronous invocation that has waited for this long.
pub(super) const BEGINS_WITHIN: Duration = Duration::from_secs(5 * 60);
/// A look at a task that has not begun after this long sends the work again: whoever sent it may have died first.
const SENT_AGAIN_AFTER: Duration = Duration::from_secs(20);
/// A tool that answers with its state alone runs again at once; this often, so that it does not run for ever.
const MOST_UNASKED: u32 = 16;
/// How far the clocks of two processes may differ.
const CLOCKS: Duration = Duration::from_secs(2);

/// Milliseconds since 1970.
pub(super) type Time = u64;

/// What a task has come to. Every method is one step; a step that does not fit changes nothing and says so.
#[derive(Clone, Deserialize, Serialize)]
pub(super) struct Record {
    pub(super) tool: String,
    pub(super) created: Time,
    pub(super) updated: Time,
    pub(super) time_to_live: u64,
    /// What the tool said last about how far it is.
    pub(super) message: Option<String>,
    /// Every key under which the client was ever asked: none may come back.
    asked: BTreeSet<String>,
    /// How often in a row the tool asked to run again without a question.
    unasked: u32,
    /// Counts the work items: one that is not the current one is old, or delivered twice.
    pub(super) round: u32,
    pub(super) stage: Stage,
}

#[derive(Clone, Deserialize, Serialize)]
pub(super) enum Stage {
    /// A work item is under way.
    Waiting {
        since: Time,
        sent: Time,
        input: Option<Input>,
    },
    /// A worker has it, and writes until then at the latest.
    Running {
        worker: String,
        until: Time,
    },
    /// The client has been asked.
    Asking {
        /// What is not answered, by the key that the client knows.
        open: BTreeMap<String, Question>,
        input: Input,
    },
    /// The result lies under this worker's name.
    Completed {
        worker: String,
    },
    /// With the error of the protocol that ended it.
    Failed {
        error: ErrorData,
    },
    Cancelled,
}

/// What the next run of the tool gets, as a client would send it with its call.
#[derive(Clone, Default, Deserialize, Serialize)]
pub(super) struct Input {
    /// By the keys that the tool knows.
    pub(super) answers: InputResponses,
    pub(super) state: Option<String>,
}

#[derive(Clone, Deserialize, Serialize)]
pub(super) struct Question {
    /// The key that the tool knows.
    key: String,
    request: InputRequest,
}

impl Record {
    pub(super) fn new(tool: &str, now: Time, time_to_live: Duration) -> Self {
        Self {
            tool: tool.to_owned(),
            created: now,
            updated: now,
            time_to_live: milliseconds(time_to_live),
            message: None,
            asked: BTreeSet::new(),
            unasked: 0,
            round: 0,
            stage: Stage::Waiting {
                since: now,
                sent: now,
                input: None,
            },
        }
    }

    pub(super) fn expires(&self) -> Time {
        self.created.saturating_add(self.time_to_live)
    }

    /// Fails a task whose work never began, or whose worker is gone: nobody else would say so.
    pub(super) fn settle(&mut self, now: Time) {
        match &self.stage {
            Stage::Waiting { since, .. } if now >= after(*since, BEGINS_WITHIN) => {
                let late = format!(
                    "the work did not begin within {} minutes",
                    BEGINS_WITHIN.as_secs() / 60
                );
                self.fail(failure(late), now);
            }
            Stage::Running { until, .. } if now >= after(*until, CLOCKS) => {
                let gone = "the work ended without a result: its worker died, or ran out of time";
                self.fail(failure(gone), now);
            }
            Stage::Waiting { .. }
            | Stage::Running { .. }
            | Stage::Asking { .. }
            | Stage::Completed { .. }
            | Stage::Failed { .. }
            | Stage::Cancelled => {}
        }
    }

    /// Whether nothing more will happen.
    pub(super) fn is_over(&self) -> bool {
        match self.stage {
            Stage::Completed { .. } | Stage::Failed { .. } | Stage::Cancelled => true,
            Stage::Waiting { .. } | Stage::Running { .. } | Stage::Asking { .. } => false,
        }
    }

    /// Gives the work to a worker, once: the second delivery of a work item gets nothing.
    pub(super) fn claim(
        &mut self,
        round: u32,
        worker: &str,
        until: Time,
        now: Time,
    ) -> Option<Claim> {
        let Stage::Waiting { input, .. } = &mut self.stage else {
            return None;
        };
        if self.round != round {
            return None;
        }
        let input = input.take();
        self.stage = Stage::Running {
            worker: worker.to_owned(),
            until,
        };
        self.updated = now;
        Some(Claim {
            input,
            expires: self.expires(),
        })
    }

    pub(super) fn is_worked_on_by(&self, name: &str) -> bool {
        matches!(&self.stage, Stage::Running { worker, .. } if worker == name)
    }

    /// Keeps what the tool says about how far it is; says whether the worker is to go on.
    pub(super) fn report(&mut self, worker: &str, message: Option<&str>, now: Time) -> bool {
        let goes_on = self.is_worked_on_by(worker);
        if goes_on && message.is_some() && self.message.as_deref() != message {
            self.message = message.map(str::to_owned);
            self.updated = now;
        }
        goes_on
    }

    /// Ends a run of the tool; says whether there is a next one to be sent for.
    pub(super) fn finish(&mut self, worker: &str, outcome: &Outcome, now: Time) -> Finished {
        if !self.is_worked_on_by(worker) {
            return Finished::TooLate;
        }
        match outcome {
            Outcome::Result => {
                let worker = worker.to_owned();
                self.end(Stage::Completed { worker }, now);
            }
            Outcome::Error(error) => self.fail(error.clone(), now),
            Outcome::Asks { requests, state } => {
                let input = Input {
                    answers: InputResponses::new(),
                    state: state.clone(),
                };
                let open = self.open(requests);
                self.updated = now;
                if open.is_empty() {
                    if self.unasked == MOST_UNASKED {
                        let idle =
                            format!("the tool asked for nothing {MOST_UNASKED} times in a row");
                        self.fail(failure(idle), now);
                        return Finished::Kept;
                    }
                    self.unasked += 1;
                    self.wait(input, now);
                    return Finished::GoesOn;
                }
                self.unasked = 0;
                self.stage = Stage::Asking { open, input };
            }
        }
        Finished::Kept
    }

    /// Takes answers to open questions and ignores all others; says whether the work goes on.
    pub(super) fn answer(&mut self, answers: &InputResponses, now: Time) -> bool {
        let Stage::Asking { open, input } = &mut self.stage else {
            return false;
        };
        for (key, answer) in answers {
            if let Some(question) = open.remove(key) {
                input.answers.insert(question.key, answer.clone());
                self.updated = now;
            }
        }
        if !open.is_empty() {
            return false;
        }
        let input = std::mem::take(input);
        self.wait(input, now);
        true
    }

    /// Ends what is not over yet.
    pub(super) fn cancel(&mut self, now: Time) {
        if !self.is_over() {
            self.end(Stage::Cancelled, now);
        }
    }

    /// Ends a task that could not be sent to a worker.
    pub(super) fn give_up(&mut self, error: ErrorData, now: Time) {
        if matches!(self.stage, Stage::Waiting { .. }) {
            self.fail(error, now);
        }
    }

    /// Whether the work item, which nobody has taken, is to be sent again.
    pub(super) fn send_again(&mut self, now: Time) -> bool {
        let Stage::Waiting { sent, .. } = &mut self.stage else {
            return false;
        };
        let is_due = now >= after(*sent, SENT_AGAIN_AFTER);
        if is_due {
            *sent = now;
        }
        is_due
    }

    /// The questions that are open, by the keys that the client knows.
    pub(super) fn questions(open: &BTreeMap<String, Question>) -> InputRequests {
        let questions = open.iter();
        questions
            .map(|(key, question)| (key.clone(), question.request.clone()))
            .collect()
    }

    /// A tool may use a key again in a later round; the client must not see it twice.
    fn open(&mut self, requests: &InputRequests) -> BTreeMap<String, Question> {
        let mut open = BTreeMap::new();
        for (key, request) in requests {
            let mut shown = key.clone();
            let mut number = 2;
            while !self.asked.insert(shown.clone()) {
                shown = format!("{key}-{number}");
                number += 1;
            }
            let question = Question {
                key: key.clone(),
                request: request.clone(),
            };
            open.insert(shown, question);
        }
        open
    }

    fn wait(&mut self, input: Input, now: Time) {
        self.round += 1;
        self.stage = Stage::Waiting {
            since: now,
            sent: now,
            input: Some(input),
        };
    }

    fn fail(&mut self, error: ErrorData, now: Time) {
        self.end(Stage::Failed { error }, now);
    }

    fn end(&mut self, stage: Stage, now: Time) {
        self.stage = stage;
        self.updated = now;
    }
}

/// What a worker gets.
pub(super) struct Claim {
    pub(super) input: Option<Input>,
    pub(super) expires: Time,
}

/// What a run of the tool has come to.
pub(super) enum Outcome {
    /// The tool answered; the answer is kept already.
    Result,
    Error(ErrorData),
    Asks {
        requests: InputRequests,
        state: Option<String>,
    },
}

/// What has become of an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finished {
    Kept,
    /// Kept, and the tool runs once more.
    GoesOn,
    /// The task was cancelled, or given up, in the meantime.
    TooLate,
}

pub(super) fn failure(message: impl Into<String>) -> ErrorData {
    ErrorData::internal_error(message.into(), None)
}

pub(super) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn after(time: Time, duration: Duration) -> Time {
    time.saturating_add(milliseconds(duration))
}
