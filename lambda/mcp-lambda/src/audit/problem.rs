//! Lists the reasons for which a call has no record in the audit trail.

use std::fmt;

use crate::runtime::log_stream::LogStreamError;

/// Why a call has no record, or none that is known to be written. Its `Display` is the sentence for the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AuditProblem {
    /// Records of earlier calls cannot be written, so the tool has not run.
    Unavailable(Reason),
    /// The record of this call cannot be written. The tool may have run.
    NotWritten(Reason),
}

/// What prevents the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    Refused(LogStreamError),
    /// No confirmation in time.
    TooSlow,
    /// As many records wait as the process holds.
    Full,
    /// The operating system gives no random bytes for a request id.
    NoRandomness,
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(problem) => problem.fmt(formatter),
            Self::TooSlow => formatter.write_str("CloudWatch Logs did not respond in time"),
            Self::Full => formatter.write_str("too many records wait"),
            Self::NoRandomness => formatter.write_str("the operating system gives no random bytes"),
        }
    }
}

impl AuditProblem {
    /// Whether the tool may have run.
    pub(crate) fn has_run(&self) -> bool {
        matches!(self, Self::NotWritten(_))
    }
}

impl fmt::Display for AuditProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(reason) => write!(
                formatter,
                "the tool was not called, because the server's audit trail cannot be written ({reason}): try again in a moment"
            ),
            Self::NotWritten(reason) => write!(
                formatter,
                "the response is withheld, because the record of the call could not be written to the server's audit trail ({reason}); the tool may have run"
            ),
        }
    }
}
