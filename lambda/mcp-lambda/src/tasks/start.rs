//! Defines [`TaskStart`], with which a tool decides when its call becomes a task.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rmcp::ErrorData;
use rmcp::handler::server::common::{AsRequestContext, FromContextPart};
use rmcp::model::Extensions;
use tokio::sync::Notify;

/// Lets a tool say when it becomes a task. A tool asks for it by taking it as an argument, and declares
/// [`Access::as_task_begun_by_tool`](crate::Access::as_task_begun_by_tool).
///
/// Until then the tool runs in the request, so that it can refuse arguments or ask the client (with
/// `InputRequiredResult`) before there is a task.
#[derive(Clone, Debug)]
pub struct TaskStart {
    turn: Option<Turn>,
}

impl TaskStart {
    /// Goes on as a task from here.
    ///
    /// For a client that knows tasks the call is then answered with one, and the tool runs again from its start, with
    /// the same message, where this does nothing. What comes before it therefore runs twice and must not change
    /// anything. For another client this does nothing, and the tool goes on in the request.
    ///
    /// # Errors
    ///
    /// The error ends the run in the request: hand it on with `?`. The client does not see it.
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

/// Where a tool runs that may become a task. Travels with the request.
#[derive(Clone, Debug)]
pub(crate) enum Turn {
    /// In the request of a client that knows tasks.
    Request { begun: Arc<AtomicBool> },
    /// As a task; `stop` tells it that nobody wants the result any more.
    Work { stop: Arc<Notify> },
}

impl Turn {
    pub(crate) fn of(extensions: &Extensions) -> Option<&Self> {
        extensions.get::<http::request::Parts>()?.extensions.get()
    }

    /// Puts it where [`Turn::of`] finds it.
    pub(crate) fn set(self, extensions: &mut Extensions) {
        if let Some(parts) = extensions.get_mut::<http::request::Parts>() {
            parts.extensions.insert(self);
        }
    }
}

impl<C: AsRequestContext> FromContextPart<C> for TaskStart {
    fn from_context_part(context: &mut C) -> Result<Self, ErrorData> {
        Ok(Self {
            turn: Turn::of(&context.as_request_context().extensions).cloned(),
        })
    }
}
