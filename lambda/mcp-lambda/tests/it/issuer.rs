//! An issuer of access tokens.
#![expect(
    clippy::disallowed_methods,
    reason = "a test issues tokens and reads its clock for them"
)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use ring::rand::SystemRandom;
use ring::rsa::{KeyPair, PublicKeyComponents};
use ring::signature::RSA_PKCS1_SHA256;
use serde_json::{Value, json};

use crate::event_source::{ISSUER, serve};

/// An issuer of access tokens with its published keys. The private keys are for tests only.
pub(crate) struct Issuer {
    pub(crate) key: KeyPair,
    pub(crate) other_key: KeyPair,
    address: SocketAddr,
    pub(crate) requests: Arc<AtomicUsize>,
}

pub(crate) fn key(name: &str) -> KeyPair {
    let path = format!(
        "{}/../mcp-lambda/tests/data/{name}",
        env!("CARGO_MANIFEST_DIR")
    );
    KeyPair::from_pkcs8(&std::fs::read(path).unwrap()).unwrap()
}

pub(crate) fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

pub(crate) fn published(key: &KeyPair, kid: &str) -> Value {
    let PublicKeyComponents { n, e }: PublicKeyComponents<Vec<u8>> = key.public().into();
    json!({
        "kty": "RSA", "kid": kid, "alg": "RS256", "use": "sig",
        "n": URL_SAFE_NO_PAD.encode(n), "e": URL_SAFE_NO_PAD.encode(e)
    })
}

impl Issuer {
    pub(crate) async fn start() -> Self {
        let keys = json!({
            "keys": [
                { "kty": "EC", "kid": "curve", "crv": "P-256", "x": "AA", "y": "AA" },
                published(&key("test-only-key-1.pk8"), "current"),
            ]
        });
        Self::answering(move || Response::new(Full::from(keys.to_string()))).await
    }

    pub(crate) async fn answering(
        answer: impl Fn() -> Response<Full<Bytes>> + Clone + Send + Sync + 'static,
    ) -> Self {
        let requests = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&requests);
        let address = serve(move |_| {
            counter.fetch_add(1, Ordering::SeqCst);
            let answer = answer();
            async move { answer }
        })
        .await;
        Self {
            key: key("test-only-key-1.pk8"),
            other_key: key("test-only-key-2.pk8"),
            address,
            requests,
        }
    }

    /// Where its keys are.
    pub(crate) fn jwks_url(&self) -> String {
        format!("http://{}/jwks.json", self.address)
    }

    pub(crate) fn token(&self, claims: &Value) -> String {
        self.sign(
            &self.key,
            &json!({ "alg": "RS256", "kid": "current" }),
            claims,
        )
    }

    pub(crate) fn sign(&self, key: &KeyPair, header: &Value, claims: &Value) -> String {
        let signed = format!("{}.{}", encode(header), encode(claims));
        let mut signature = vec![0; key.public().modulus_len()];
        key.sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            signed.as_bytes(),
            &mut signature,
        )
        .unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// Claims that a server with this resource identifier accepts.
pub(crate) fn claims(resource: &str) -> Value {
    let now = seconds_since_epoch();
    json!({
        "sub": "user-1", "client_id": "client-1", "username": "user-1", "token_use": "access", "iss": ISSUER,
        "aud": resource, "scope": format!("{resource}/tools {resource}/profile"), "iat": now, "exp": now + 300,
        "cognito:groups": ["keepers, senior"],
    })
}

pub(crate) fn seconds_since_epoch() -> u64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs()
}
