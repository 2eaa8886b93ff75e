//! The events that the emulator writes (`cli/emulator/function_patches.py`).

use serde::{Deserialize, Serialize};

/// One event, with the milliseconds since 1970 at which it happened.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub(super) struct Event {
    pub(super) time: u64,
    #[serde(flatten)]
    pub(super) what: What,
}

/// What happened.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub(super) enum What {
    /// A function wrote a line.
    Output { function: String, line: String },
    /// A function is about to get a request of this caller.
    Call {
        function: String,
        request_id: String,
        caller: Option<String>,
    },
    /// A function failed without a response.
    Failure { function: String, message: String },
    /// A resource of this type has no effect in the emulator.
    NotEmulated {
        r#type: String,
        logical_id: String,
        stack: String,
    },
}
