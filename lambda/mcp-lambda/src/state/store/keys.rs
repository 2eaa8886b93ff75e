//! Seals and opens the values that callers carry, and derives store keys for callers.

use std::fmt;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mcp_lambda_contract::{SettingType, SettingValue};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::digest::{SHA256, digest};
use ring::hkdf::{HKDF_SHA256, Prk, Salt};
use ring::rand::{SecureRandom, SystemRandom};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::state::store::item::seconds;
use crate::token::caller::{Caller, CallerKind};

/// Shortest secret: random letters and digits of this number, or 32 random bytes in Base64, hold 256 bits.
const SHORTEST_SECRET: usize = 43;
const LONGEST_SECRET: usize = 256;
/// Separates the keys of this library from others that are derived from the same secret (RFC 5869, section 3). The
/// version is that of the sealed form: values of an earlier version do not open.
const SALT: &[u8] = b"mcp-lambda state keys, version 2";
const MESSAGE_KEY: &[u8] = b"message key, AES-256-GCM:";
/// The id of a secret without one, as Secrets Manager generates it.
const GENERATED: &str = "generated";
/// Random bytes of a sealed value that choose the key of this one value.
const SELECTOR_LEN: usize = 12;

/// Secrets with their ids, as `MCP_STATE_KEYS` holds them. The sealing keys are derived from the secret with
/// HKDF-SHA256 (RFC 5869), so the secret can be a string that Secrets Manager generates.
#[derive(Clone)]
pub(crate) struct StateKeys(Vec<(String, String)>);

impl fmt::Debug for StateKeys {
    /// Shows only the ids.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_list()
            .entries(self.0.iter().map(|(id, _)| id))
            .finish()
    }
}

impl SettingValue for StateKeys {
    const TYPE: SettingType = SettingType::String;
    const SECRET: bool = true;

    fn parse(text: &str) -> Result<Self, String> {
        let secrets = text.split(',').map(|entry| {
            let entry = entry.trim();
            let (id, secret) = entry.split_once(':').unwrap_or((GENERATED, entry));
            let is_id = (1..=32).contains(&id.len())
                && id
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
            let is_secret = (SHORTEST_SECRET..=LONGEST_SECRET).contains(&secret.len())
                && secret
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"+/=-_".contains(&byte));
            (is_id && is_secret).then(|| (id.to_owned(), secret.to_owned()))
        });
        secrets
            .collect::<Option<Vec<_>>>()
            .map(Self)
            .ok_or_else(|| {
                "be a comma-separated list of id:secret, each id of letters, digits, - and _, each secret of 43 to 256 \
                 random letters, digits, +, /, =, - and _ (openssl rand -base64 32)"
                    .to_owned()
            })
    }
}

impl StateKeys {
    /// One random secret.
    pub(crate) fn random() -> Result<Self, String> {
        let mut secret = [0; 32];
        random(&mut secret)?;
        Ok(Self(vec![(
            "process".to_owned(),
            URL_SAFE_NO_PAD.encode(secret),
        )]))
    }
}

/// The key of one value, from a secret and the value's own selector.
fn message_key(secret: &Prk, selector: &[u8]) -> Option<LessSafeKey> {
    let info = [MESSAGE_KEY, selector];
    let key = secret.expand(&info, &AES_256_GCM).ok()?;
    Some(LessSafeKey::new(UnboundKey::from(key)))
}

fn random(bytes: &mut [u8]) -> Result<(), String> {
    SystemRandom::new()
        .fill(bytes)
        .map_err(|_| "the operating system gives no random bytes".to_owned())
}

/// Seals values that a caller carries for the server (AES-256-GCM). No other caller can use them: the caller's identity
/// and the resource identifier are authenticated with them.
///
/// Each value has 24 random bytes: twelve choose its key (HKDF-SHA256), twelve are the nonce under that key, as in the
/// authorization server. A repeat needs both to collide, which stays below 2⁻³² up to 2⁸⁰ values of one secret.
///
/// Does not hide the length of a value, and cannot revoke one before it expires.
pub(crate) struct Seal {
    keys: Vec<(String, Prk)>,
    resource: String,
    now: fn() -> SystemTime,
}

#[derive(Deserialize, Serialize)]
struct Sealed<T> {
    expires: u64,
    value: T,
}

impl Seal {
    pub(crate) fn new(keys: StateKeys, resource: &str, now: fn() -> SystemTime) -> Self {
        let salt = Salt::new(HKDF_SHA256, SALT);
        let extracted = |secret: String| salt.extract(secret.as_bytes());
        Self {
            keys: keys
                .0
                .into_iter()
                .map(|(id, secret)| (id, extracted(secret)))
                .collect(),
            resource: resource.to_owned(),
            now,
        }
    }

    /// The sealed value as a string of letters, digits, `-`, `_` and one point; `None` when the operating system is out
    /// of random bytes.
    pub(crate) fn close<T: Serialize>(
        &self,
        caller: &Caller,
        value: T,
        lifetime: Duration,
    ) -> Option<String> {
        self.close_as(self.identity(caller, &[]), value, lifetime)
    }

    /// As [`Seal::close`], for this server itself and one purpose.
    pub(crate) fn close_for_server<T: Serialize>(
        &self,
        purpose: &str,
        value: T,
        lifetime: Duration,
    ) -> Option<String> {
        self.close_as(self.own_identity(purpose), value, lifetime)
    }

    /// As [`Seal::close`], for one purpose of the same caller: opened only with the same parts.
    pub(crate) fn close_for<T: Serialize>(
        &self,
        caller: &Caller,
        parts: &[&str],
        value: T,
        lifetime: Duration,
    ) -> Option<String> {
        self.close_as(self.identity(caller, parts), value, lifetime)
    }

    fn close_as<T: Serialize>(
        &self,
        identity: Vec<u8>,
        value: T,
        lifetime: Duration,
    ) -> Option<String> {
        let (id, secret) = self.keys.first()?;
        let expires = seconds((self.now)()).saturating_add(lifetime.as_secs());
        let mut sealed = serde_json::to_vec(&Sealed { expires, value }).ok()?;
        let mut fresh = [0; SELECTOR_LEN + NONCE_LEN];
        random(&mut fresh).ok()?;
        let (selector, nonce) = fresh.split_at(SELECTOR_LEN);
        message_key(secret, selector)?
            .seal_in_place_append_tag(
                Nonce::try_assume_unique_for_key(nonce).ok()?,
                Aad::from(identity),
                &mut sealed,
            )
            .ok()?;
        Some(format!(
            "{id}.{}",
            URL_SAFE_NO_PAD.encode([&fresh[..], &sealed].concat())
        ))
    }

    /// The value, when this server sealed it for this caller and it has not expired.
    pub(crate) fn open<T: DeserializeOwned>(&self, caller: &Caller, text: &str) -> Option<T> {
        self.open_as(self.identity(caller, &[]), text)
    }

    /// The value of [`Seal::close_for`], when it was sealed for this caller and with these parts.
    pub(crate) fn open_for<T: DeserializeOwned>(
        &self,
        caller: &Caller,
        parts: &[&str],
        text: &str,
    ) -> Option<T> {
        self.open_as(self.identity(caller, parts), text)
    }

    /// Seconds since 1970, by the clock that decides about expiry.
    pub(crate) fn now(&self) -> u64 {
        seconds((self.now)())
    }

    /// The value, when this server sealed it for itself and this purpose, and it has not expired.
    pub(crate) fn open_for_server<T: DeserializeOwned>(
        &self,
        purpose: &str,
        text: &str,
    ) -> Option<T> {
        self.open_as(self.own_identity(purpose), text)
    }

    fn open_as<T: DeserializeOwned>(&self, identity: Vec<u8>, text: &str) -> Option<T> {
        let (id, sealed) = text.split_once('.')?;
        let (_, secret) = self.keys.iter().find(|(known, _)| known == id)?;
        let mut sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (selector, sealed) = sealed.split_at_mut_checked(SELECTOR_LEN)?;
        let (nonce, sealed) = sealed.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let opened = message_key(secret, selector)?
            .open_in_place(nonce, Aad::from(identity), sealed)
            .ok()?;
        let Sealed { expires, value } = serde_json::from_slice(opened).ok()?;
        (expires > seconds((self.now)())).then_some(value)
    }

    /// A store key that is unique to this caller and use.
    pub(crate) fn key(&self, caller: &Caller, parts: &[&str]) -> String {
        URL_SAFE_NO_PAD.encode(digest(&SHA256, &self.identity(caller, parts)))
    }

    /// A store key that is unique to this person, whatever app client they use, or to this program, and to this use.
    pub(crate) fn person_key(&self, caller: &Caller, parts: &[&str]) -> String {
        let kind = match caller.kind() {
            CallerKind::Person => "value of a person",
            CallerKind::Machine => "value of a machine",
        };
        let identity = [self.resource.as_str(), kind, caller.subject()];
        let bytes = framed(identity.iter().chain(parts));
        URL_SAFE_NO_PAD.encode(digest(&SHA256, &bytes))
    }

    /// An identity that differs from every caller's.
    fn own_identity(&self, purpose: &str) -> Vec<u8> {
        framed([self.resource.as_str(), "server", purpose].iter())
    }

    /// A store key that is the same for every caller, and that differs from every key of a caller.
    pub(crate) fn shared_key(&self, parts: &[&str]) -> String {
        let parts = ["everyone"].iter().chain(parts);
        let bytes = framed([self.resource.as_str()].iter().chain(parts));
        URL_SAFE_NO_PAD.encode(digest(&SHA256, &bytes))
    }

    /// The caller's identity, then the parts.
    fn identity(&self, caller: &Caller, parts: &[&str]) -> Vec<u8> {
        let kind = match caller.kind() {
            CallerKind::Person => "person",
            CallerKind::Machine => "machine",
        };
        let identity = [
            self.resource.as_str(),
            kind,
            caller.subject(),
            caller.app_client_id(),
        ];
        framed(identity.iter().chain(parts))
    }
}

/// Every part with its length before it, so that no two lists are the same bytes.
fn framed<'a>(parts: impl Iterator<Item = &'a &'a str>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend(format!("{}:", part.len()).into_bytes());
        bytes.extend(part.as_bytes());
    }
    bytes
}

/// 128 random bits as a string: an id that cannot be guessed.
pub(crate) fn unguessable() -> Result<String, String> {
    let mut bytes = [0; 16];
    random(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    use base64::Engine as _;
    use mcp_lambda_contract::SettingValue as _;
    use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
    use ring::hkdf::{HKDF_SHA256, Salt};

    use super::{NONCE_LEN, SELECTOR_LEN, Seal, StateKeys, URL_SAFE_NO_PAD};
    use crate::token::caller::{Caller, CallerKind, verified_caller};

    const KEYS: &str = "k1:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU=";

    fn caller(subject: &str, app_client: &str, kind: CallerKind) -> Caller {
        verified_caller(
            subject.to_owned(),
            app_client.to_owned(),
            [].into(),
            [].into(),
            kind,
        )
    }

    fn seal(resource: &str, now: fn() -> SystemTime) -> Seal {
        Seal::new(StateKeys::parse(KEYS).unwrap(), resource, now)
    }

    #[test]
    fn opens_for_the_same_caller_until_it_expires() {
        let ada = caller("ada", "app", CallerKind::Person);
        let sealed = seal("https://a.example/mcp", || UNIX_EPOCH)
            .close(&ada, "value", Duration::from_secs(60))
            .unwrap();
        let open = |now| seal("https://a.example/mcp", now).open::<String>(&ada, &sealed);
        assert_eq!(
            open(|| UNIX_EPOCH + Duration::from_secs(59)).as_deref(),
            Some("value")
        );
        assert_eq!(open(|| UNIX_EPOCH + Duration::from_secs(60)), None);
    }

    #[test]
    fn every_value_has_a_key_and_a_nonce_of_its_own() {
        let ada = caller("ada", "app", CallerKind::Person);
        let here = seal("https://a.example/mcp", || UNIX_EPOCH);
        let fresh = |_| {
            let sealed = here.close(&ada, "value", Duration::from_secs(60)).unwrap();
            let (_, sealed) = sealed.split_once('.').unwrap();
            let bytes = URL_SAFE_NO_PAD.decode(sealed).unwrap();
            (
                bytes[..SELECTOR_LEN].to_vec(),
                bytes[SELECTOR_LEN..SELECTOR_LEN + NONCE_LEN].to_vec(),
            )
        };
        let (selectors, nonces): (BTreeSet<_>, BTreeSet<_>) = (0..64).map(fresh).unzip();
        assert_eq!((selectors.len(), nonces.len()), (64, 64));
    }

    #[test]
    fn the_selector_chooses_the_key_and_no_byte_of_a_value_can_be_changed() {
        let ada = caller("ada", "app", CallerKind::Person);
        let here = seal("https://a.example/mcp", || UNIX_EPOCH);
        let sealed = here.close(&ada, "value", Duration::from_secs(60)).unwrap();
        let (id, sealed) = sealed.split_once('.').unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(sealed).unwrap();
        for index in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[index] ^= 1;
            let altered = format!("{id}.{}", URL_SAFE_NO_PAD.encode(altered));
            assert_eq!(here.open::<String>(&ada, &altered), None, "byte {index}");
        }
    }

    /// Until version 2 one key sealed all values, under random nonces.
    #[test]
    fn what_the_previous_version_has_sealed_does_not_open() {
        let ada = caller("ada", "app", CallerKind::Person);
        let here = seal("https://a.example/mcp", || UNIX_EPOCH);
        let (_, secret) = KEYS.split_once(':').unwrap();
        let key =
            Salt::new(HKDF_SHA256, b"mcp-lambda state keys, version 1").extract(secret.as_bytes());
        let info: [&[u8]; 1] = [b"seal, AES-256-GCM"];
        let key = LessSafeKey::new(UnboundKey::from(key.expand(&info, &AES_256_GCM).unwrap()));
        let mut value = br#"{"expires":60,"value":"value"}"#.to_vec();
        let nonce = [7; NONCE_LEN];
        key.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(here.identity(&ada, &[])),
            &mut value,
        )
        .unwrap();
        let sealed = URL_SAFE_NO_PAD.encode([&nonce[..], &value].concat());
        assert_eq!(here.open::<String>(&ada, &format!("k1.{sealed}")), None);
    }

    #[test]
    fn tells_callers_apart_whatever_their_names_are() {
        let ada = caller("ada", "app", CallerKind::Person);
        let here = seal("https://a.example/mcp", || UNIX_EPOCH);
        let sealed = here.close(&ada, "value", Duration::from_secs(60)).unwrap();
        let others = [
            caller("ada", "app", CallerKind::Machine),
            caller("ada3:app", "", CallerKind::Person),
            caller("ad", "aapp", CallerKind::Person),
            caller("app", "ada", CallerKind::Person),
        ];
        for other in &others {
            assert_eq!(here.open::<String>(other, &sealed), None, "{other:?}");
            assert_ne!(here.key(other, &["a"]), here.key(&ada, &["a"]));
        }
        let elsewhere = seal("https://b.example/mcp", || UNIX_EPOCH);
        assert_eq!(elsewhere.open::<String>(&ada, &sealed), None);
        assert_ne!(here.key(&ada, &["a", "bc"]), here.key(&ada, &["ab", "c"]));
        let posing = caller("subject", "a", CallerKind::Person);
        assert_ne!(
            here.shared_key(&["person", "subject", "a"]),
            here.key(&posing, &[])
        );
    }

    #[test]
    fn a_secret_without_an_id_opens_what_the_same_secret_with_the_id_generated_has_sealed() {
        let ada = caller("ada", "app", CallerKind::Person);
        let (_, secret) = KEYS.split_once(':').unwrap();
        let seal = |keys: &str| {
            let keys = StateKeys::parse(keys).unwrap();
            Seal::new(keys, "https://a.example/mcp", || UNIX_EPOCH)
        };
        let sealed = seal(&format!("generated:{secret}"))
            .close(&ada, "value", Duration::from_secs(60))
            .unwrap();
        let opened = seal(secret).open::<String>(&ada, &sealed);
        assert_eq!(opened.as_deref(), Some("value"));
    }

    #[test]
    fn refuses_keys_without_showing_them() {
        for wrong in [
            "",
            "k1",
            "k1:c2hvcnQ=",
            "k 1:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU=",
            "k1:{{resolve:secretsmanager:a-secret-that-nobody-has-resolved}}",
        ] {
            let rule = StateKeys::parse(wrong).unwrap_err();
            assert!(rule.starts_with("be a comma-separated list of id:secret"));
        }
        assert_eq!(format!("{:?}", StateKeys::parse(KEYS).unwrap()), "[\"k1\"]");
    }
}
