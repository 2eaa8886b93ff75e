//! Seals and opens work items, the events that the function sends to itself.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::state::store::Seal;
use crate::token::caller::{Caller, CallerKind, verified_caller};

/// The purpose that work items are sealed for.
const PURPOSE: &str = "work";
/// Longer than Lambda keeps an asynchronous invocation.
const LIFETIME: Duration = Duration::from_secs(15 * 60);

/// One run of a task's tool, as the function sends it to itself. It names the caller and is sealed, so that the
/// permission to invoke the function is not enough to forge one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct WorkItem {
    pub(super) caller: Caller,
    pub(super) task: String,
    pub(super) round: u32,
    /// The span that sent the work item (`traceparent`).
    pub(super) sent_by: Option<String>,
}

/// Separate from [`Caller`], so that no other crate can deserialise one.
#[derive(Deserialize, Serialize)]
struct Written {
    subject: String,
    app_client_id: String,
    scopes: Vec<String>,
    groups: Vec<String>,
    is_person: bool,
    task: String,
    round: u32,
    // Items sealed by earlier versions lack this member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sent_by: Option<String>,
}

impl WorkItem {
    /// The span that sent the work item (`traceparent`).
    pub(crate) fn sent_by(&self) -> Option<&str> {
        self.sent_by.as_deref()
    }

    /// `None` when the operating system is out of random bytes.
    pub(super) fn seal(&self, seal: &Seal) -> Option<String> {
        let written = Written {
            subject: self.caller.subject().to_owned(),
            app_client_id: self.caller.app_client_id().to_owned(),
            scopes: self.caller.scopes().map(str::to_owned).collect(),
            groups: self.caller.groups().map(str::to_owned).collect(),
            is_person: self.caller.kind() == CallerKind::Person,
            task: self.task.clone(),
            round: self.round,
            sent_by: self.sent_by.clone(),
        };
        seal.close_for_server(PURPOSE, written, LIFETIME)
    }

    /// The work item, if this server sealed it and it has not expired.
    pub(super) fn open(seal: &Seal, sealed: &str) -> Option<Self> {
        let written: Written = seal.open_for_server(PURPOSE, sealed)?;
        let kind = if written.is_person {
            CallerKind::Person
        } else {
            CallerKind::Machine
        };
        Some(Self {
            caller: verified_caller(
                written.subject,
                written.app_client_id,
                written.scopes.into_iter().collect(),
                written.groups.into_iter().collect(),
                kind,
            ),
            task: written.task,
            round: written.round,
            sent_by: written.sent_by,
        })
    }
}
