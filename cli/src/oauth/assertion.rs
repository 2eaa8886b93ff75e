//! A program without a secret: it signs a client assertion with its own key, or has one from elsewhere (RFC 7523 section 2.2).

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mcp_lambda_contract::is_loopback_host;
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use serde::Deserialize;
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use super::error::OAuthError;
use super::options::{Assertion, Options, Secret};
use crate::causes::causes;

/// How long an assertion is valid: for one request.
const SECONDS: u64 = 60;

/// A private key with its JWS algorithm.
enum SigningKey {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair, &'static str),
    Ed(Ed25519KeyPair),
}

/// The key or the system cannot sign.
struct NotSigned;

impl SigningKey {
    /// Reads PKCS #8 in PEM form, as `openssl genpkey` writes it.
    fn from_pem(pem: &str) -> Option<Self> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).ok()?;
        let der = der.secret_pkcs8_der();
        let ec = |algorithm: &'static EcdsaSigningAlgorithm, name| {
            let key = EcdsaKeyPair::from_pkcs8(algorithm, der, &SystemRandom::new());
            key.ok().map(|key| Self::Ec(key, name))
        };
        RsaKeyPair::from_pkcs8(der)
            .ok()
            .map(Self::Rsa)
            .or_else(|| ec(&ECDSA_P256_SHA256_FIXED_SIGNING, "ES256"))
            .or_else(|| ec(&ECDSA_P384_SHA384_FIXED_SIGNING, "ES384"))
            .or_else(|| {
                let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der);
                key.ok().map(Self::Ed)
            })
    }

    fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "RS256",
            Self::Ec(_, algorithm) => algorithm,
            Self::Ed(_) => "EdDSA",
        }
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, NotSigned> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .map_err(|_| NotSigned)?;
                Ok(signature)
            }
            Self::Ec(key, _) => key
                .sign(&random, message)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(|_| NotSigned),
            Self::Ed(key) => Ok(key.sign(message).as_ref().to_vec()),
        }
    }

    /// An assertion of this client for one authorization server.
    fn assertion(
        &self,
        client_id: &str,
        issuer: &str,
        now: SystemTime,
    ) -> Result<String, NotSigned> {
        let mut id = [0; 16];
        SystemRandom::new().fill(&mut id).map_err(|_| NotSigned)?;
        let now = now.duration_since(UNIX_EPOCH).map_err(|_| NotSigned)?;
        let now = now.as_secs();
        let header = json!({ "alg": self.algorithm(), "typ": "client-authentication+jwt" });
        let claims = json!({
            "iss": client_id, "sub": client_id, "aud": issuer, "iat": now, "exp": now + SECONDS,
            "jti": URL_SAFE_NO_PAD.encode(id),
        });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let signature = URL_SAFE_NO_PAD.encode(self.sign(signed.as_bytes())?);
        Ok(format!("{signed}.{signature}"))
    }
}

/// The metadata of an authorization server as far as an assertion needs it.
pub(super) struct Server {
    pub(super) issuer: Option<String>,
    pub(super) token_endpoint: String,
}

#[derive(Deserialize)]
struct Answer {
    access_token: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

/// Asks for an access token with an assertion. It is kept nowhere.
pub(super) async fn access_token(
    url: &Url,
    options: &Options,
    client_id: &str,
    assertion: &Assertion,
    server: &Server,
) -> Result<String, OAuthError> {
    let refused = |cause: String| OAuthError::NoAccessToken {
        url: url.clone(),
        cause,
    };
    let metadata = |cause: &str| OAuthError::Metadata {
        url: url.clone(),
        cause: cause.to_owned(),
    };
    let endpoint = Url::parse(&server.token_endpoint).ok().filter(|endpoint| {
        endpoint.scheme() == "https" || endpoint.host_str().is_some_and(is_loopback_host)
    });
    let endpoint = endpoint.ok_or_else(|| metadata("the token endpoint is no https URL"))?;
    let assertion = match assertion {
        Assertion::Given(Secret(assertion)) => assertion.clone(),
        Assertion::Signed {
            key: Secret(pem),
            at,
        } => {
            let issuer = server.issuer.as_deref();
            let issuer = issuer.ok_or_else(|| metadata("it has no issuer"))?;
            let key = SigningKey::from_pem(pem).ok_or(OAuthError::AssertionKey)?;
            let assertion = key.assertion(client_id, issuer, *at);
            assertion.map_err(|NotSigned| OAuthError::AssertionKey)?
        }
    };
    let unreachable = |error: reqwest::Error| OAuthError::Unreachable {
        url: endpoint.clone(),
        cause: causes(&error.without_url()),
    };
    // A redirect would send the assertion elsewhere.
    let http = reqwest::Client::builder().redirect(Policy::none()).build();
    let response = http
        .map_err(unreachable)?
        .post(endpoint.clone())
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(request(url, options, client_id, &assertion))
        .send()
        .await
        .map_err(unreachable)?;
    let status = response.status();
    let body = response.bytes().await.map_err(unreachable)?;
    let answer: Answer =
        serde_json::from_slice(&body).map_err(|_| refused(format!("status {status}")))?;
    answer.access_token.ok_or_else(|| {
        let parts = [answer.error, answer.error_description];
        refused(parts.into_iter().flatten().collect::<Vec<_>>().join(": "))
    })
}

/// The body of a token request.
fn request(url: &Url, options: &Options, client_id: &str, assertion: &str) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "client_credentials")
        .append_pair("client_id", client_id)
        .append_pair(
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        )
        .append_pair("client_assertion", assertion)
        .append_pair("resource", url.as_str());
    if !options.scopes.is_empty() {
        form.append_pair("scope", &options.scopes.join(" "));
    }
    form.finish()
}
