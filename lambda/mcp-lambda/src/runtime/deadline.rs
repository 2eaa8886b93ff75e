//! Defines [`Deadline`], the time by which a tool call and its response must end.

use std::time::Duration;

use rmcp::ErrorData;
use rmcp::handler::server::common::{AsRequestContext, FromContextPart};
use tokio::time::Instant;

/// Reserved for a late response: a tool is stopped this long before the invocation ends.
const TOOL_MARGIN: Duration = Duration::from_millis(250);
/// Reserved for posting the response.
const ANSWER_MARGIN: Duration = Duration::from_millis(100);

/// The time by which a tool must have returned. A tool can take it as an argument.
///
/// On Lambda it is shortly before the end of the invocation; in plain HTTP mode there is none.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    invocation_end: Option<Instant>,
}

impl Deadline {
    /// No deadline.
    pub(crate) fn none() -> Self {
        Self {
            invocation_end: None,
        }
    }

    /// The invocation ends after `remaining`.
    pub(crate) fn after(remaining: Duration) -> Self {
        Self {
            invocation_end: Instant::now().checked_add(remaining),
        }
    }

    /// Time left for the tool; `None` when there is no deadline.
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        Some(self.for_tool()?.saturating_duration_since(Instant::now()))
    }

    /// Time left until the invocation itself ends; `None` when it does not.
    #[cfg(feature = "dynamodb")]
    pub(crate) fn until_end(self) -> Option<Duration> {
        Some(
            self.invocation_end?
                .saturating_duration_since(Instant::now()),
        )
    }

    /// The same deadline moved earlier, so that time remains after the tool.
    #[cfg(feature = "dynamodb")]
    pub(crate) fn earlier_by(self, margin: Duration) -> Self {
        Self {
            invocation_end: self.invocation_end.and_then(|end| end.checked_sub(margin)),
        }
    }

    pub(crate) fn for_tool(self) -> Option<Instant> {
        self.invocation_end
            .and_then(|end| end.checked_sub(TOOL_MARGIN))
    }

    pub(crate) fn for_answer(self) -> Option<Instant> {
        self.invocation_end
            .and_then(|end| end.checked_sub(ANSWER_MARGIN))
    }

    pub(crate) fn of(extensions: &rmcp::model::Extensions) -> Self {
        extensions
            .get::<http::request::Parts>()
            .and_then(|parts| parts.extensions.get::<Self>())
            .copied()
            .unwrap_or(Self::none())
    }
}

impl<C: AsRequestContext> FromContextPart<C> for Deadline {
    fn from_context_part(context: &mut C) -> Result<Self, ErrorData> {
        Ok(Self::of(&context.as_request_context().extensions))
    }
}
