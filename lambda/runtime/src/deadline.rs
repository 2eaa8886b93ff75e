//! Defines [`Deadline`], the time by which a tool call and its response must end.

use std::time::Duration;

use tokio::time::Instant;

/// Reserved for a late response: a tool is stopped this long before the invocation ends.
const TOOL_MARGIN: Duration = Duration::from_millis(250);
/// Reserved for posting the response.
pub const RESPONSE_MARGIN: Duration = Duration::from_millis(100);

/// Reserved for the response after the record of its call.
const RECORD_MARGIN: Duration = Duration::from_millis(50);

/// The time by which a tool must have returned. A tool can take it as an argument.
///
/// On Lambda it is shortly before the end of the invocation; in plain HTTP mode `MCP_HTTP_CALL_MS` after the request.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    invocation_end: Option<Instant>,
}

/// Waits until then; for ever if there is no end.
pub async fn until(end: Option<Instant>) {
    match end {
        Some(end) => tokio::time::sleep_until(end).await,
        None => std::future::pending().await,
    }
}

impl Deadline {
    /// No deadline.
    #[must_use]
    pub fn none() -> Self {
        Self {
            invocation_end: None,
        }
    }

    /// The invocation ends after `remaining`.
    #[must_use]
    pub fn after(remaining: Duration) -> Self {
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
    #[must_use]
    pub fn until_end(self) -> Option<Duration> {
        Some(
            self.invocation_end?
                .saturating_duration_since(Instant::now()),
        )
    }

    /// The same deadline moved earlier, so that time remains after the tool.
    #[must_use]
    pub fn earlier_by(self, margin: Duration) -> Self {
        Self {
            invocation_end: self.invocation_end.and_then(|end| end.checked_sub(margin)),
        }
    }

    /// When the tool is stopped.
    #[must_use]
    pub fn for_tool(self) -> Option<Instant> {
        self.invocation_end
            .and_then(|end| end.checked_sub(TOOL_MARGIN))
    }

    /// When a record of the call must be written, before its response begins; shortly before the end when that has passed,
    /// because the response is late already.
    #[must_use]
    pub fn for_record(self) -> Option<Instant> {
        let end = self.invocation_end?;
        let before_response = end.checked_sub(RESPONSE_MARGIN + RECORD_MARGIN)?;
        if before_response > Instant::now() {
            Some(before_response)
        } else {
            end.checked_sub(RECORD_MARGIN)
        }
    }

    /// When the response must have begun.
    #[must_use]
    pub fn for_response(self) -> Option<Instant> {
        self.invocation_end
            .and_then(|end| end.checked_sub(RESPONSE_MARGIN))
    }
}
