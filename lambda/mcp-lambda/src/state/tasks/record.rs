//! The state machine of one task.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rmcp::ErrorData;
use rmcp::model::{InputRequest, InputRequests, InputResponses};
use serde::{Deserialize, Serialize};

/// How long the work may take to begin. Lambda drops an asynchronous invocation that has waited for this long.
pub(super) const BEGINS_WITHIN: Duration = Duration::from_secs(5 * 60);
/// Reading a task that has not begun after this long resends the work: the sending process may have died first.
const SENT_AGAIN_AFTER: Duration = Duration::from_secs(20);
/// A tool that returns only its state runs again at once, at most this often in a row.
const MOST_UNASKED: u32 = 16;
/// Allowance for clock skew between two processes.
const CLOCKS: Duration = Duration::from_secs(2);

/// Milliseconds since 1970.
pub(super) type Time = u64;

/// The state of a task. Every method is one step; a step that does not apply changes nothing and returns so.
#[derive(Clone, Deserialize, Serialize)]
pub(super) struct Record {
    pub(super) tool: String,
    pub(super) created: Time,
    pub(super) updated: Time,
    pub(super) time_to_live: u64,
    /// The tool's last progress message.
    pub(super) message: Option<String>,
    /// Every key of an input request so far: none may be reused.
    asked: BTreeSet<String>,
    /// How often in a row the tool returned only its state.
    unasked: u32,
    /// Number of the current work item: another one is old or a duplicate delivery.
    pub(super) round: u32,
    pub(super) stage: Stage,
}

#[derive(Clone, Deserialize, Serialize)]
pub(super) enum Stage {
    /// A work item has been sent.
    Waiting {
        since: Time,
        sent: Time,
        input: Option<Input>,
    },
    /// A worker runs it, and writes until then at the latest.
    Running {
        worker: String,
        until: Time,
    },
    /// The client has open input requests.
    Asking {
        /// Input requests without a response, by the client's key.
        open: BTreeMap<String, Question>,
        input: Input,
    },
    /// The result is stored under this worker's name.
    Completed {
        worker: String,
    },
    /// The protocol error that ended it.
    Failed {
        error: ErrorData,
    },
    Cancelled,
}

/// The input of the tool's next run, as a client would send it with its call.
#[derive(Clone, Default, Deserialize, Serialize)]
pub(super) struct Input {
    /// Responses by the tool's keys.
    pub(super) answers: InputResponses,
    pub(super) state: Option<String>,
}

#[derive(Clone, Deserialize, Serialize)]
pub(super) struct Question {
    /// The tool's key.
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

    /// Fails a task whose work never began, or whose worker is gone: no other process would record that.
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

    /// Whether the task is in a final state.
    pub(super) fn is_over(&self) -> bool {
        match self.stage {
            Stage::Completed { .. } | Stage::Failed { .. } | Stage::Cancelled => true,
            Stage::Waiting { .. } | Stage::Running { .. } | Stage::Asking { .. } => false,
        }
    }

    /// Assigns the work to one worker: the second delivery of a work item gets nothing.
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

    /// Records the tool's progress; returns whether the worker should continue.
    pub(super) fn report(&mut self, worker: &str, message: Option<&str>, now: Time) -> bool {
        let goes_on = self.is_worked_on_by(worker);
        if goes_on && message.is_some() && self.message.as_deref() != message {
            self.message = message.map(str::to_owned);
            self.updated = now;
        }
        goes_on
    }

    /// Ends a run of the tool; returns whether another run is necessary.
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

    /// Records responses to open input requests and ignores all others; returns whether the work continues.
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

    /// Cancels the task unless it is in a final state.
    pub(super) fn cancel(&mut self, now: Time) {
        if !self.is_over() {
            self.end(Stage::Cancelled, now);
        }
    }

    /// Fails a task that could not be sent to a worker.
    pub(super) fn give_up(&mut self, error: ErrorData, now: Time) {
        if matches!(self.stage, Stage::Waiting { .. }) {
            self.fail(error, now);
        }
    }

    /// Whether the work item, which no worker has claimed, must be resent.
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

    /// The open input requests, by the client's keys.
    pub(super) fn questions(open: &BTreeMap<String, Question>) -> InputRequests {
        let questions = open.iter();
        questions
            .map(|(key, question)| (key.clone(), question.request.clone()))
            .collect()
    }

    /// Opens input requests. A tool may reuse a key in a later round; the client must not see it twice.
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

/// The work that a worker has claimed.
pub(super) struct Claim {
    pub(super) input: Option<Input>,
    pub(super) expires: Time,
}

/// The outcome of a run of the tool.
pub(super) enum Outcome {
    /// The tool returned a result, which is already stored.
    Result,
    Error(ErrorData),
    Asks {
        requests: InputRequests,
        state: Option<String>,
    },
}

/// The effect of an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finished {
    Kept,
    /// Recorded, and the tool runs again.
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
