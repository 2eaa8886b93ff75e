//! Fetches and caches an issuer's public keys (RFC 7517).

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mcp_lambda_contract::HttpUrl;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Mutex;

use mcp_lambda_runtime::https::{FetchError, HttpsClient};
use mcp_lambda_runtime::log::Log;

/// Keys are fetched again after this time, so that a key that the issuer withdraws stops working.
const LIFETIME: Duration = Duration::from_secs(60 * 60);
/// The keys are fetched at most once in this time, however many unknown key ids arrive.
const MIN_INTERVAL: Duration = Duration::from_secs(60);
/// Pauses between the first fetches: the first, then twice as long each time, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Time for one response of the issuer.
const TIMEOUT: Duration = Duration::from_secs(3);
/// Size limit of the document, in bytes.
const MAX_DOCUMENT: usize = 64 * 1024;
/// Keys beyond this number are ignored.
const MAX_KEYS: usize = 32;

/// A public RSA key, as unsigned big-endian numbers (RFC 7518 section 6.3.1).
#[derive(Debug, PartialEq, Eq)]
pub struct RsaKey {
    /// `n`.
    pub modulus: Vec<u8>,
    /// `e`.
    pub exponent: Vec<u8>,
}

/// The result of looking for a key.
pub enum KeyLookup {
    /// The issuer publishes it.
    Found(Arc<RsaKey>),
    /// The issuer does not publish this key, as of the last permitted fetch.
    Unknown,
    /// The keys have never been fetched.
    Unavailable,
}

/// The keys that an issuer publishes (RFC 7517), fetched when first needed.
///
/// The wall clock decides about age, because a monotonic clock stands still while a process is frozen.
pub struct KeyStore {
    issuer: Arc<Issuer>,
    /// Held during a fetch: one at a time, and its value is the time of the last one.
    last_attempt: Arc<Mutex<Option<SystemTime>>>,
}

struct Issuer {
    url: HttpUrl,
    client: HttpsClient,
    log: Log,
    known: RwLock<Known>,
}

#[derive(Default)]
struct Known {
    keys: HashMap<String, Arc<RsaKey>>,
    read_at: Option<SystemTime>,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Key>,
}

#[derive(Deserialize)]
struct Key {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    public_key_use: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

impl KeyStore {
    /// Without keys; the first lookup fetches them.
    #[must_use]
    pub fn new(url: HttpUrl, client: HttpsClient, log: Log) -> Self {
        Self {
            issuer: Arc::new(Issuer {
                url,
                client,
                log,
                known: RwLock::new(Known::default()),
            }),
            last_attempt: Arc::default(),
        }
    }

    /// Looks up a key. Fetches the keys when the key is unknown or the keys are old, at most once a minute. Old keys
    /// stay valid while the fetch fails.
    pub async fn lookup(&self, kid: &str, now: SystemTime) -> KeyLookup {
        if let (Some(key), true) = self.issuer.known_key(kid, now) {
            return KeyLookup::Found(key);
        }
        self.refresh(kid, now).await;
        match self.issuer.known_key(kid, now) {
            (Some(key), _) => KeyLookup::Found(key),
            (None, _) if self.has_been_read() => KeyLookup::Unknown,
            (None, _) => KeyLookup::Unavailable,
        }
    }

    /// Fetches the keys, until they have been read once.
    pub async fn fetch_until_read(&self, now: fn() -> SystemTime) {
        let mut pause = FIRST_PAUSE;
        while !self.has_been_read() {
            let mut last_attempt = self.last_attempt.lock().await;
            if !self.has_been_read() {
                *last_attempt = Some(now());
                self.issuer.read_keys(now()).await;
            }
            drop(last_attempt);
            if !self.has_been_read() {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }

    /// Whether the keys have been read.
    #[must_use]
    pub fn has_been_read(&self) -> bool {
        let known = &self.issuer.known;
        let known = known.read().unwrap_or_else(PoisonError::into_inner);
        known.read_at.is_some()
    }

    async fn refresh(&self, kid: &str, now: SystemTime) {
        let mut last_attempt = Arc::clone(&self.last_attempt).lock_owned().await;
        // Another request may have fetched the keys while this one waited.
        if matches!(self.issuer.known_key(kid, now), (Some(_), true))
            || last_attempt.is_some_and(|attempt| is_within(attempt, MIN_INTERVAL, now))
        {
            return;
        }
        *last_attempt = Some(now);
        let issuer = Arc::clone(&self.issuer);
        // A task of its own: the request of a client that disconnects is dropped, and the next fetch is a minute later.
        let fetch = tokio::spawn(async move {
            issuer.read_keys(now).await;
            drop(last_attempt);
        });
        let _ = fetch.await;
    }
}

impl Issuer {
    /// The key and whether it is fresh.
    fn known_key(&self, kid: &str, now: SystemTime) -> (Option<Arc<RsaKey>>, bool) {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let fresh = known
            .read_at
            .is_some_and(|read_at| is_within(read_at, LIFETIME, now));
        (known.keys.get(kid).cloned(), fresh)
    }

    /// Fetches the keys. Those that are known stay when it fails.
    async fn read_keys(&self, now: SystemTime) {
        match self.fetch().await {
            Ok(mut keys) => {
                let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
                // A key that is still published stays the same one, and so do the tokens that it has verified.
                for (kid, key) in &mut keys {
                    if let Some(same) = known.keys.get(kid).filter(|old| *old == key) {
                        *key = Arc::clone(same);
                    }
                }
                *known = Known {
                    keys,
                    read_at: Some(now),
                };
            }
            Err(error) => {
                self.log.error(
                    "the issuer's keys cannot be read",
                    &json!({ "url": self.url.as_str(), "cause": error.to_string() }),
                );
            }
        }
    }

    async fn fetch(&self) -> Result<HashMap<String, Arc<RsaKey>>, FetchError> {
        let document = self
            .client
            .get(&self.url, &[], MAX_DOCUMENT, TIMEOUT)
            .await?;
        let set: KeySet = serde_json::from_slice(&document).map_err(|_| FetchError::Nonsense)?;
        Ok(set
            .keys
            .into_iter()
            .take(MAX_KEYS)
            .filter_map(usable_key)
            .collect())
    }
}

/// Whether `now` is less than `duration` after `start`; a clock that went back counts as long ago.
fn is_within(start: SystemTime, duration: Duration, now: SystemTime) -> bool {
    now.duration_since(start).is_ok_and(|age| age < duration)
}

fn usable_key(key: Key) -> Option<(String, Arc<RsaKey>)> {
    let is_for_signatures = key
        .public_key_use
        .is_none_or(|public_key_use| public_key_use == "sig");
    if key.kty != "RSA" || key.alg.is_some_and(|alg| alg != "RS256") || !is_for_signatures {
        return None;
    }
    let modulus = URL_SAFE_NO_PAD.decode(key.n?).ok()?;
    let exponent = URL_SAFE_NO_PAD.decode(key.e?).ok()?;
    Some((key.kid?, Arc::new(RsaKey { modulus, exponent })))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::{Duration, SystemTime};

    use futures_util::FutureExt;
    use mcp_lambda_contract::HttpUrl;
    use serde_json::json;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::{KeyLookup, KeyStore};
    use mcp_lambda_runtime::https::HttpsClient;
    use mcp_lambda_runtime::log::Log;

    /// Publishes, on the n-th request, the n-th of these key ids; nothing at all for an empty one.
    async fn issuer(answers: &'static [&'static str]) -> (KeyStore, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = HttpUrl::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let requests = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.read(&mut [0; 1024]).await;
                let kid = answers
                    .get(counter.fetch_add(1, Ordering::SeqCst))
                    .copied()
                    .unwrap_or_default();
                if kid.is_empty() {
                    continue;
                }
                let keys =
                    json!({ "keys": [{ "kty": "RSA", "kid": kid, "n": "AQAB", "e": "AQAB" }] })
                        .to_string();
                let head = format!(
                    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
                    keys.len()
                );
                let _ = stream.write_all((head + &keys).as_bytes()).await;
            }
        });
        (
            KeyStore::new(url, HttpsClient::new(), Log::new(|_| {})),
            requests,
        )
    }

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + seconds)
    }

    async fn finds(store: &KeyStore, kid: &str, seconds: u64) -> bool {
        matches!(store.lookup(kid, at(seconds)).await, KeyLookup::Found(_))
    }

    #[tokio::test]
    async fn learns_a_new_key_a_minute_after_the_last_request() {
        let (store, requests) = issuer(&["old", "new"]).await;
        assert!(finds(&store, "old", 0).await);
        assert!(!finds(&store, "new", 59).await);
        assert_eq!(requests.load(Ordering::SeqCst), 1);
        assert!(finds(&store, "new", 60).await);
        assert!(
            !finds(&store, "old", 61).await,
            "the issuer has withdrawn it"
        );
        assert_eq!(requests.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn forgets_a_withdrawn_key_within_an_hour() {
        let (store, _) = issuer(&["old", "new"]).await;
        assert!(finds(&store, "old", 0).await);
        assert!(finds(&store, "old", 3599).await);
        assert!(!finds(&store, "old", 3600).await);
    }

    #[tokio::test]
    async fn keeps_known_keys_while_the_issuer_is_down() {
        let (store, requests) = issuer(&["old", "", ""]).await;
        assert!(finds(&store, "old", 0).await);
        assert!(finds(&store, "old", 4000).await);
        assert!(finds(&store, "old", 4001).await);
        assert_eq!(
            requests.load(Ordering::SeqCst),
            2,
            "a dead issuer is not asked for every request"
        );
    }

    #[tokio::test]
    async fn tells_a_dead_issuer_from_an_unknown_key_and_recovers() {
        let (store, _) = issuer(&["", "late"]).await;
        assert!(matches!(
            store.lookup("late", at(0)).await,
            KeyLookup::Unavailable
        ));
        assert!(matches!(
            store.lookup("late", at(30)).await,
            KeyLookup::Unavailable
        ));
        assert!(finds(&store, "late", 60).await);
        assert!(matches!(
            store.lookup("other", at(61)).await,
            KeyLookup::Unknown
        ));
    }

    #[tokio::test]
    async fn learns_a_withdrawal_although_the_client_whose_request_fetches_the_keys_disconnects() {
        let (store, requests) = issuer(&["old", "new"]).await;
        assert!(finds(&store, "old", 0).await);
        let mut lookup = Box::pin(store.lookup("old", at(3600)));
        assert!(lookup.as_mut().now_or_never().is_none());
        drop(lookup);
        assert!(!finds(&store, "old", 3600).await, "it waits for the fetch");
        assert_eq!(requests.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn many_waiting_requests_ask_the_issuer_once() {
        let (store, requests) = issuer(&["key", "key", "key"]).await;
        let lookups = (0..20).map(|_| store.lookup("key", at(0)));
        let found = futures_util::future::join_all(lookups).await;
        assert!(
            found
                .iter()
                .all(|found| matches!(found, KeyLookup::Found(_)))
        );
        assert_eq!(requests.load(Ordering::SeqCst), 1);
    }
}
