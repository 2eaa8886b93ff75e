//! Keys that a client publishes: fetched as metadata documents are, and kept in memory.

use std::{collections::HashMap, sync::Arc, time::Duration};

use http::{StatusCode, header};
use mcp_lambda_token::jwk::{PublicKey, published_keys};
use tokio::sync::Mutex;
use url::Url;

use super::trust::{Keys, MachineClient};
use crate::{
    capability::{FetchLimits, MetadataHosts, Timestamp, TransportFailure},
    client::address_of,
    settings::Settings,
};

/// GitHub's set has about 10 KB.
const LIMITS: FetchLimits = FetchLimits {
    deadline: Duration::from_secs(3),
    max_bytes: 64 * 1024,
};
const TOO_LARGE: &str = "the JWK Set of the client is larger than 64 KB";
/// Keys are fetched again after this time, so that a withdrawn key stops working.
const LIFETIME_SECONDS: u64 = 60 * 60;
/// Known keys are used this long while they cannot be fetched.
const STALE_SECONDS: u64 = 24 * 60 * 60;
/// A set is fetched at most once in this time, however many unknown keys are named.
const INTERVAL_SECONDS: u64 = 60;

#[derive(Default)]
struct Entry {
    keys: Option<(Arc<Vec<PublicKey>>, Timestamp)>,
    attempted: Option<Timestamp>,
    /// Why the last fetch failed.
    failure: Option<&'static str>,
}

/// The published keys by URL: those of the settings, and no others.
pub(crate) struct PublishedKeys(HashMap<String, Mutex<Entry>>);

/// The keys could not be fetched, and none are known: a fixed sentence for the log.
pub(crate) struct KeysUnavailable(pub(crate) &'static str);

/// Whether known keys are enough, or newer ones are asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// Keys of the last hour.
    Known,
    /// Keys of this minute.
    Newer,
}

impl PublishedKeys {
    /// Without keys; the first assertion of a client fetches them.
    pub(crate) fn new(clients: &[MachineClient]) -> Self {
        let urls = clients
            .iter()
            .filter_map(|client| match &client.trust.keys {
                Keys::Published(url) => Some(url.to_string()),
                Keys::Known(_) => None,
            });
        Self(urls.map(|url| (url, Mutex::default())).collect())
    }

    /// The keys at a URL. One request at a time fetches them, and the others wait for it.
    pub(crate) async fn read(
        &self,
        url: &Url,
        freshness: Freshness,
        settings: &Settings,
        hosts: &dyn MetadataHosts,
        now: Timestamp,
    ) -> Result<Arc<Vec<PublicKey>>, KeysUnavailable> {
        let unknown = KeysUnavailable("the URL of the keys is not one of the settings");
        let entry = self.0.get(url.as_str()).ok_or(unknown)?;
        let mut entry = entry.lock().await;
        let is_enough =
            |read: Timestamp| freshness == Freshness::Known && now.since(read) < LIFETIME_SECONDS;
        let may_fetch = entry
            .attempted
            .is_none_or(|last| now.since(last) >= INTERVAL_SECONDS);
        let known = entry.keys.as_ref();
        if may_fetch && !known.is_some_and(|(_, read)| is_enough(*read)) {
            entry.attempted = Some(now);
            match fetch(url, settings, hosts).await {
                Ok(keys) => entry.keys = Some((Arc::new(keys), now)),
                Err(failure) => entry.failure = Some(failure),
            }
        }
        let known = entry.keys.as_ref();
        known
            .filter(|(_, read)| now.since(*read) < STALE_SECONDS)
            .map(|(keys, _)| Arc::clone(keys))
            .ok_or(KeysUnavailable(
                entry
                    .failure
                    .unwrap_or("the keys of the client are too old"),
            ))
    }
}

/// Every address of the host must be public, and the connection goes to the checked one. No redirect, no compression.
async fn fetch(
    url: &Url,
    settings: &Settings,
    hosts: &dyn MetadataHosts,
) -> Result<Vec<PublicKey>, &'static str> {
    let address = address_of(url, settings, hosts).await;
    let address = address.map_err(|_| "the host of the client's keys has no public address")?;
    let answer = hosts.get(url, address, LIMITS).await;
    let answer = answer.map_err(|failure| match failure {
        TransportFailure::Unreachable => "the host of the client's keys cannot be reached",
        TransportFailure::TimedOut => "the host of the client's keys is too slow",
        TransportFailure::TooLarge => TOO_LARGE,
    })?;
    let is_plain = !answer.headers().contains_key(header::CONTENT_ENCODING);
    if answer.body().len() > LIMITS.max_bytes {
        return Err(TOO_LARGE);
    }
    if answer.status() != StatusCode::OK || !is_plain {
        return Err(
            "the URL of the client's keys must respond with 200, without a redirect or compression",
        );
    }
    published_keys(answer.body()).ok_or("the URL of the client's keys has no JWK Set")
}
