//! Caches accepted metadata documents and limits the fetches of one instance.
//!
//! Only accepted documents are cached; after a failure the next request fetches again, within the budgets.

use std::{collections::HashMap, sync::Mutex};

use http::{HeaderMap, header};
use url::Url;

use super::resolved::Client;
use crate::{
    capability::Timestamp,
    failure::Failure,
    oauth::redirect::{CallbackRule, RedirectPolicy},
};

/// Most documents kept at a time.
const MAX_ENTRIES: usize = 64;
/// Default lifetime of a cached document.
const DEFAULT_SECONDS: u64 = 5 * 60;
/// Longest lifetime: a client's withdrawal of a redirect takes effect within a day.
const MAX_SECONDS: u64 = 24 * 60 * 60;

struct Entry {
    /// Absent if the document's headers forbid caching: then only its acceptance is recorded.
    client: Option<Client>,
    expires: Timestamp,
    used: u64,
}

#[derive(Default)]
struct Entries {
    by_url: HashMap<String, Entry>,
    uses: u64,
}

/// Accepted documents by URL, with LRU eviction, so that a large number of published documents with long lifetimes does
/// not evict those in use.
#[derive(Default)]
pub(crate) struct DocumentCache(Mutex<Entries>);

impl DocumentCache {
    /// A document that is still fresh.
    pub(crate) fn fresh(&self, client_id: &str, now: Timestamp) -> Option<Client> {
        let mut entries = self.0.lock().ok()?;
        entries.uses += 1;
        let uses = entries.uses;
        let entry = entries.by_url.get_mut(client_id)?;
        entry.used = uses;
        entry.client.clone().filter(|_| now < entry.expires)
    }

    /// Whether a document of this URL was accepted before, fresh or not.
    pub(crate) fn has_accepted(&self, client_id: &str) -> bool {
        self.0
            .lock()
            .is_ok_and(|entries| entries.by_url.contains_key(client_id))
    }

    /// Keeps a document as long as its headers allow.
    pub(crate) fn keep(&self, client: &Client, headers: &HeaderMap, now: Timestamp) {
        let Ok(mut entries) = self.0.lock() else {
            return;
        };
        let full = entries.by_url.len() >= MAX_ENTRIES && !entries.by_url.contains_key(&client.id);
        if full {
            let unused = entries
                .by_url
                .iter()
                .min_by_key(|(_, entry)| entry.used)
                .map(|(id, _)| id.clone());
            if let Some(id) = unused {
                entries.by_url.remove(&id);
            }
        }
        entries.uses += 1;
        let used = entries.uses;
        let seconds = lifetime(headers);
        entries.by_url.insert(
            client.id.clone(),
            Entry {
                client: (seconds > 0).then(|| client.clone()),
                expires: now.plus(seconds),
                used,
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

/// How many documents may be fetched in a minute, per instance of the function.
///
/// API Gateway's rate limit is the main limit; the budgets prevent the abuse of a single instance as a fetcher when
/// that limit is too high. Hosts of listed callbacks and documents that were accepted before have budgets of their own,
/// which unknown clients cannot use up.
pub(crate) struct FetchBudgets {
    known_hosts: Vec<String>,
    spent: Mutex<Spent>,
}

/// For one host, or for one document that was accepted before.
const PER_MINUTE: u32 = 60;
/// For all hosts together that no listed callback has.
const UNKNOWN_HOSTS_PER_MINUTE: u32 = 120;
const MINUTE: u64 = 60;

#[derive(Default)]
struct Spent {
    /// By host or document. Holds this minute's only: of unknown hosts never more than their common budget.
    each: HashMap<String, Window>,
    unknown_hosts: Window,
}

#[derive(Clone, Copy)]
struct Window {
    since: Timestamp,
    spent: u32,
}

impl Default for Window {
    fn default() -> Self {
        Self {
            since: Timestamp(0),
            spent: 0,
        }
    }
}

impl Window {
    fn is_over(self, now: Timestamp) -> bool {
        now.since(self.since) >= MINUTE || now < self.since
    }

    /// This window with one more fetch, or when the next is permitted.
    fn with_one_more(self, limit: u32, now: Timestamp) -> Result<Self, Failure> {
        if self.is_over(now) {
            return Ok(Self {
                since: now,
                spent: 1,
            });
        }
        if self.spent >= limit {
            return Err(Failure::Throttled {
                retry_after: MINUTE.saturating_sub(now.since(self.since)).max(1),
            });
        }
        Ok(Self {
            spent: self.spent + 1,
            ..self
        })
    }
}

impl FetchBudgets {
    pub(crate) fn new(redirects: &RedirectPolicy) -> Self {
        Self {
            known_hosts: redirects
                .callbacks
                .iter()
                .filter_map(CallbackRule::host)
                .collect(),
            spent: Mutex::default(),
        }
    }

    /// Takes one fetch, or returns when the next is permitted.
    pub(crate) fn take(
        &self,
        url: &Url,
        accepted_before: bool,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let Ok(mut spent) = self.spent.lock() else {
            return Ok(());
        };
        spent.each.retain(|_, window| !window.is_over(now));
        let host = url.host_str().unwrap_or_default();
        let key = if accepted_before { url.as_str() } else { host };
        let window = spent.each.get(key).copied().unwrap_or_default();
        let one_more = window.with_one_more(PER_MINUTE, now)?;
        if !accepted_before && !self.known_hosts.iter().any(|known| known == host) {
            spent.unknown_hosts = spent
                .unknown_hosts
                .with_one_more(UNKNOWN_HOSTS_PER_MINUTE, now)?;
        }
        spent.each.insert(key.to_owned(), one_more);
        Ok(())
    }
}
