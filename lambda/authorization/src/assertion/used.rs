//! Remembers the assertions that were used, in this process.
//!
//! There is no table: another instance of the function does not know them. What bounds a replay there is the lifetime of an
//! assertion, and that it travels to this server alone, over TLS.

use std::{collections::HashMap, sync::Mutex};

use super::{problem::AssertionProblem, verify::Accepted};
use crate::{capability::Timestamp, failure::Failure, sealed::secret::Digest};

/// Most assertions remembered at a time. Only authenticated programs add to them.
const MAX_ENTRIES: usize = 16 * 1024;

/// The used assertions by digest, each until it expires.
#[derive(Default)]
pub(crate) struct UsedAssertions(Mutex<HashMap<[u8; 32], Timestamp>>);

impl UsedAssertions {
    /// Uses an assertion, once.
    pub(crate) fn take(
        &self,
        client_id: &str,
        assertion: &Accepted,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let key = *Digest::of(format!("{client_id}\n{}", assertion.id).as_bytes()).bytes();
        let Ok(mut used) = self.0.lock() else {
            return Err(Failure::AssertionRefused(AssertionProblem::Replayed));
        };
        used.retain(|_, ends| now < *ends);
        if used.contains_key(&key) {
            return Err(Failure::AssertionRefused(AssertionProblem::Replayed));
        }
        if used.len() >= MAX_ENTRIES {
            return Err(Failure::Throttled { retry_after: 60 });
        }
        used.insert(key, assertion.ends);
        Ok(())
    }
}
