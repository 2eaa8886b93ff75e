//! An issuer of access tokens, and the server that has to verify them itself.
#![expect(
    clippy::disallowed_methods,
    reason = "a test issues tokens and reads its clock for them"
)]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use mcp_lambda::Definition;
use ring::rand::SystemRandom;
use ring::rsa::{KeyPair, PublicKeyComponents};
use ring::signature::RSA_PKCS1_SHA256;
use rmcp::ServerHandler;
use serde_json::{Value, json};

use crate::event_source::{ISSUER, call, process, serve};
use crate::plain_http::{post, send};
use crate::server;

/// An issuer of access tokens with its published keys. The private keys are for tests only.
pub(crate) struct Issuer {
    pub(crate) key: KeyPair,
    pub(crate) other_key: KeyPair,
    address: SocketAddr,
    pub(crate) requests: Arc<AtomicUsize>,
}

pub(crate) fn key(name: &str) -> KeyPair {
    let path = format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"));
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

/// The test server in plain HTTP mode.
pub(crate) struct PlainServer {
    pub(crate) url: String,
    pub(crate) issuer: &'static str,
    pub(crate) log: Arc<Mutex<Vec<String>>>,
}

impl PlainServer {
    pub(crate) async fn start(issuer: &Issuer) -> Self {
        Self::start_server(issuer, server::definition).await
    }

    pub(crate) async fn start_server<S: ServerHandler>(
        issuer: &Issuer,
        definition: fn() -> Definition<S>,
    ) -> Self {
        Self::start_with(issuer, &[], definition).await
    }

    /// The same with more variables.
    pub(crate) async fn start_with<S: ServerHandler>(
        issuer: &Issuer,
        more: &[(&'static str, &str)],
        definition: fn() -> Definition<S>,
    ) -> Self {
        // The resource identifier has to name the port, so a free one is looked for first.
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let url = format!("http://127.0.0.1:{port}/mcp");
        let mut variables = BTreeMap::from([
            ("MCP_RESOURCE", url.clone()),
            ("MCP_ISSUER", ISSUER.to_owned()),
            ("MCP_JWKS_URL", issuer.jwks_url()),
            ("MCP_LISTEN", format!("127.0.0.1:{port}")),
        ]);
        variables.extend(
            more.iter()
                .map(|(name, value)| (*name, (*value).to_owned())),
        );
        let log: Arc<Mutex<Vec<String>>> = Arc::default();
        let process = process(&[], &variables, &log);
        std::thread::spawn(move || mcp_lambda::run(process, definition()));
        let listening = async {
            while !log
                .lock()
                .unwrap()
                .iter()
                .any(|line| line.contains("\"listening\""))
            {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), listening)
            .await
            .expect("the server listens");
        Self {
            url,
            issuer: ISSUER,
            log,
        }
    }

    /// Claims that are accepted.
    pub(crate) fn claims(&self) -> Value {
        claims(&self.url)
    }

    pub(crate) async fn status_and_reason(&self, token: &str) -> (u16, String) {
        let answer = send(post(
            &self.url,
            Some(&format!("Bearer {token}")),
            &call("who_am_i"),
        ))
        .await;
        let reason = match answer.status {
            200 => String::new(),
            _ => answer.json()["error_description"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        };
        (answer.status, reason)
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
