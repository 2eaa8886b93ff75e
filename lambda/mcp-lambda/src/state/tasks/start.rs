//! Defines [`TaskStart`], with which a tool decides when its call becomes a task.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rmcp::ErrorData;
use tokio::sync::Notify;

/// Lets a tool decide when its call becomes a task. A tool takes it as an argument, and declares
/// [`ToolPolicy::as_task_begun_by_tool`](crate::ToolPolicy::as_task_begun_by_tool).
///
/// Until then the tool runs in the request, so that it can refuse arguments or ask the client (with
/// `InputRequiredResult`) before there is a task.
#[derive(Clone, Debug)]
pub struct TaskStart {
    turn: Option<Turn>,
}

impl TaskStart {
    pub(crate) fn new(turn: Option<Turn>) -> Self {
        Self { turn }
    }

    /// Continues as a task from here.
    ///
    /// For a client that supports tasks the response to the call is then a task, and the tool runs again from its start
    /// with the same message, where this call has no effect. The code before it therefore runs twice and must not
    /// change anything. For other clients this has no effect, and the tool continues in the request.
    ///
    /// # Errors
    ///
    /// The error ends the run in the request: return it with `?`. The client does not see it.
    pub fn begin(&self) -> Result<(), ErrorData> {
        match &self.turn {
            Some(Turn::Request { begun }) => {
                begun.store(true, Ordering::Relaxed);
                Err(ErrorData::internal_error(
                    "the call goes on as a task",
                    None,
                ))
            }
            Some(Turn::Work { .. }) | None => Ok(()),
        }
    }
}

/// Where a tool that may become a task runs.
#[derive(Clone, Debug)]
pub(crate) enum Turn {
    /// In the request of a client that supports tasks.
    Request { begun: Arc<AtomicBool> },
    /// As a task; `stop` signals that the task was cancelled.
    Work { stop: Arc<Notify> },
}
