//! A bounded cache of accepted metadata documents, and the budget of fetches of one instance.
//!
//! Only accepted documents are kept; a failure is looked at again the next time, within the budget.

use std::{collections::HashMap, sync::Mutex};

use http::{HeaderMap, header};

use super::Client;
use crate::{capability::Timestamp, failure::Failure};

/// Most documents kept at a time.
const MAX_ENTRIES: usize = 64;
/// Kept this long if the answer does not say.
const DEFAULT_SECONDS: u64 = 5 * 60;
/// Never kept longer: a client that withdraws a redirect is heard within a day.
const MAX_SECONDS: u64 = 24 * 60 * 60;

struct Entry {
    client: Client,
    expires: Timestamp,
}

/// Accepted documents by URL.
#[derive(Default)]
pub(crate) struct DocumentCache(Mutex<HashMap<String, Entry>>);

impl DocumentCache {
    /// A document that is still fresh.
    pub(crate) fn fresh(&self, client_id: &str, now: Timestamp) -> Option<Client> {
        let entries = self.0.lock().ok()?;
        entries
            .get(client_id)
            .filter(|entry| now < entry.expires)
            .map(|entry| entry.client.clone())
    }

    /// Keeps a document as long as its headers allow.
    pub(crate) fn keep(&self, client: &Client, headers: &HeaderMap, now: Timestamp) {
        let Ok(mut entries) = self.0.lock() else {
            return;
        };
        entries.retain(|_, entry| now < entry.expires);
        let seconds = lifetime(headers);
        if seconds == 0 {
            return;
        }
        if entries.len() >= MAX_ENTRIES {
            let soonest = entries
                .iter()
                .min_by_key(|(_, entry)| entry.expires)
                .map(|(id, _)| id.clone());
            if let Some(id) = soonest {
                entries.remove(&id);
            }
        }
        entries.insert(
            client.id.clone(),
            Entry {
                client: client.clone(),
                expires: now.plus(seconds),
            },
        );
    }
}

fn lifetime(headers: &HeaderMap) -> u64 {
    let directives = headers
        .get(header::CACHE_CONTROL)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let mut seconds = DEFAULT_SECONDS;
    for directive in directives
        .split(',')
        .map(|directive| directive.trim().to_ascii_lowercase())
    {
        if matches!(directive.as_str(), "no-store" | "no-cache") {
            return 0;
        }
        if let Some(age) = directive
            .strip_prefix("max-age=")
            .and_then(|age| age.parse::<u64>().ok())
        {
            seconds = age;
        }
    }
    seconds.min(MAX_SECONDS)
}

/// How many times something may be done in a minute, per instance of the function.
///
/// The gateway's throttle is the real limit; this one keeps a single instance from being used as a fetcher or a mint of
/// registrations when the gateway's is set too high.
pub(crate) struct Budget {
    per_minute: u32,
    spent: Mutex<(Timestamp, u32)>,
}

impl Budget {
    pub(crate) fn per_minute(per_minute: u32) -> Self {
        Self {
            per_minute,
            spent: Mutex::new((Timestamp(0), 0)),
        }
    }

    /// Takes one, or says when the next is to be had.
    pub(crate) fn take(&self, now: Timestamp) -> Result<(), Failure> {
        let Ok(mut spent) = self.spent.lock() else {
            return Ok(());
        };
        let elapsed = now.since(spent.0);
        if elapsed >= 60 || now < spent.0 {
            *spent = (now, 0);
        }
        if spent.1 >= self.per_minute {
            return Err(Failure::Throttled {
                retry_after: 60_u64.saturating_sub(elapsed).max(1),
            });
        }
        spent.1 += 1;
        Ok(())
    }
}
