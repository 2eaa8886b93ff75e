use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mcp_lambda_contract::{HttpUrl, McpSettings, Reader, Settings};
use mcp_lambda_runtime::https::HttpsClient;
use mcp_lambda_runtime::log::Log;
use ring::rand::SystemRandom;
use ring::rsa::{KeyPair, PublicKeyComponents};
use ring::signature::RSA_PKCS1_SHA256;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{TokenVerifier, digest_of};
use crate::bearer::{TokenError, caller_from_token};
use crate::claims::ClaimsProblem;
use crate::jwks::KeyStore;
use crate::jwt::{JwtProblem, SignatureError};

const RESOURCE: &str = "https://d111.cloudfront.net/mcp";
const ISSUER: &str = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_abc";
/// The keys are fetched again after this time.
const HOUR: u64 = 60 * 60;

/// An issuer, whose keys can change while it runs.
struct Issuer {
    keys: Arc<Mutex<Value>>,
    verifier: TokenVerifier,
}

impl Issuer {
    async fn publishing(keys: &Value, capacity: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = HttpUrl::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let keys = Arc::new(Mutex::new(keys.clone()));
        let published = Arc::clone(&keys);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.read(&mut [0; 1024]).await;
                let keys = json!({ "keys": [*published.lock().unwrap()] }).to_string();
                let length = keys.len();
                let head = format!(
                    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
                );
                let _ = stream.write_all((head + &keys).as_bytes()).await;
            }
        });
        let store = KeyStore::new(url, HttpsClient::new(), Log::new(|_| {}));
        let capacity = NonZeroUsize::new(capacity).unwrap();
        Self {
            keys,
            verifier: TokenVerifier::with_capacity(store, capacity),
        }
    }

    fn publish(&self, keys: &Value) {
        *self.keys.lock().unwrap() = keys.clone();
    }

    async fn refusal(&self, token: &str, seconds: u64) -> Option<SignatureError> {
        self.verifier.claims(token, at(seconds)).await.err()
    }

    fn remembers(&self, token: &str) -> bool {
        let verified = self.verifier.verified.lock().unwrap();
        verified.contains(&digest_of(token))
    }
}

fn key(number: u8) -> KeyPair {
    let path = format!(
        "{}/../mcp-lambda/tests/data/test-only-key-{number}.pk8",
        env!("CARGO_MANIFEST_DIR")
    );
    KeyPair::from_pkcs8(&std::fs::read(path).unwrap()).unwrap()
}

/// Under the id `current`.
fn published(key: &KeyPair) -> Value {
    let PublicKeyComponents { n, e }: PublicKeyComponents<Vec<u8>> = key.public().into();
    let encode = |number: &[u8]| URL_SAFE_NO_PAD.encode(number);
    json!({ "kty": "RSA", "kid": "current", "n": encode(&n), "e": encode(&e) })
}

fn token(key: &KeyPair, subject: &str) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = json!({ "alg": "RS256", "kid": "current" });
    let claims = json!({
        "sub": subject, "client_id": "client-1", "username": subject, "token_use": "access", "iss": ISSUER,
        "aud": RESOURCE, "scope": format!("{RESOURCE}/tools"), "exp": 1_800_000_300,
    });
    let signed = format!("{}.{}", encode(&header), encode(&claims));
    let mut signature = vec![0; key.public().modulus_len()];
    let random = SystemRandom::new();
    key.sign(
        &RSA_PKCS1_SHA256,
        &random,
        signed.as_bytes(),
        &mut signature,
    )
    .unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + seconds)
}

fn settings(resource: &str) -> McpSettings {
    let variables = [("MCP_RESOURCE", resource), ("MCP_ISSUER", ISSUER)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    McpSettings::read(&mut Reader::new(&variables)).unwrap()
}

#[tokio::test]
async fn a_remembered_token_expires_and_stays_one_for_its_server_alone() {
    let issuer = Issuer::publishing(&published(&key(1)), 8).await;
    let token = token(&key(1), "ada");
    let (ours, others) = (
        settings(RESOURCE),
        settings("https://d222.cloudfront.net/mcp"),
    );
    let caller = async |settings: &McpSettings, seconds| {
        caller_from_token(&token, &issuer.verifier, settings, at(seconds)).await
    };
    assert_eq!(caller(&ours, 0).await.unwrap().subject(), "ada");
    assert!(issuer.remembers(&token));
    assert!(matches!(
        caller(&others, 1).await,
        Err(TokenError::Claims(ClaimsProblem::WrongAudience))
    ));
    assert_eq!(caller(&ours, 329).await.unwrap().subject(), "ada");
    assert!(matches!(
        caller(&ours, 330).await,
        Err(TokenError::Claims(ClaimsProblem::Expired))
    ));
}

#[tokio::test]
async fn a_remembered_token_ends_with_its_key() {
    let issuer = Issuer::publishing(&published(&key(1)), 8).await;
    let token = token(&key(1), "ada");
    assert_eq!(issuer.refusal(&token, 0).await, None);
    let mut renamed = published(&key(1));
    renamed["kid"] = json!("other");
    issuer.publish(&renamed);
    assert_eq!(issuer.refusal(&token, HOUR - 1).await, None);
    assert_eq!(
        issuer.refusal(&token, HOUR).await,
        Some(SignatureError::Unverified(JwtProblem::UnknownKey))
    );
}

#[tokio::test]
async fn a_remembered_token_ends_when_another_key_gets_the_id_of_its_key() {
    let issuer = Issuer::publishing(&published(&key(1)), 8).await;
    let token = token(&key(1), "ada");
    assert_eq!(issuer.refusal(&token, 0).await, None);
    issuer.publish(&published(&key(2)));
    assert_eq!(
        issuer.refusal(&token, HOUR).await,
        Some(SignatureError::Unverified(JwtProblem::WrongSignature))
    );
}

#[tokio::test]
async fn remembers_what_it_has_verified_and_nothing_that_it_refused() {
    let issuer = Issuer::publishing(&published(&key(1)), 8).await;
    let forged = token(&key(2), "ada");
    assert_eq!(
        issuer.refusal(&forged, 0).await,
        Some(SignatureError::Unverified(JwtProblem::WrongSignature))
    );
    assert!(!issuer.remembers(&forged));
    let long = token(&key(1), &"a".repeat(super::LONGEST));
    assert_eq!(issuer.refusal(&long, 0).await, None);
    assert!(!issuer.remembers(&long), "its claims would stay in memory");
}

#[tokio::test]
async fn one_token_too_many_replaces_the_one_used_least_recently_and_no_other() {
    let issuer = Issuer::publishing(&published(&key(1)), 2).await;
    let [ada, bob, eve] = ["ada", "bob", "eve"].map(|subject| token(&key(1), subject));
    for token in [&ada, &bob, &ada, &eve] {
        assert_eq!(issuer.refusal(token, 0).await, None);
    }
    assert_eq!(
        [&ada, &bob, &eve].map(|token| issuer.remembers(token)),
        [true, false, true]
    );
    assert_eq!(issuer.refusal(&bob, 1).await, None, "it is verified again");
}
