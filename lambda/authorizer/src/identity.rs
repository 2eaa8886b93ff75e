//! Verifies tokens for the Lambda authorizer and translates their claims into the form that Cognito uses.

use std::sync::Arc;
use std::time::SystemTime;

use mcp_lambda_contract::{HttpUrl, List, McpSettings, full_scope, jwks_url};
use ring::digest::{SHA256, digest};
use serde_json::{Map, Value, json};

use crate::settings::{AuthorizerSettings, Digests, TokenKind};
use mcp_lambda_runtime::https::HttpsClient;
use mcp_lambda_runtime::log::Log;
use mcp_lambda_token::caller::Caller;
use mcp_lambda_token::claims::{ClaimsProblem, Expiry, caller_from_claims};
use mcp_lambda_token::jwks::KeyStore;
use mcp_lambda_token::jwt::SignatureError;
use mcp_lambda_token::verifier::{Claims, TokenVerifier};

/// Why a request is refused.
pub(crate) enum Refusal {
    /// 401: there is no token, or it is unknown or has expired.
    Unauthorized,
    /// 403: the token is valid and lacks an OAuth scope.
    WithoutScope,
    /// 500: the issuer's keys cannot be read.
    KeysUnavailable,
}

/// The tokens that the Lambda authorizer accepts.
pub(crate) enum Identities {
    Cognito(Box<TokenVerifier>),
    Jwt(Box<Provider>),
    Digest {
        digests: Vec<String>,
        scopes: Vec<String>,
    },
}

/// Another OpenID Connect provider than Cognito.
pub(crate) struct Provider {
    tokens: TokenVerifier,
    audiences: Vec<String>,
    scopes: Vec<String>,
}

impl Identities {
    pub(crate) fn new(
        authorizer: &AuthorizerSettings,
        settings: &McpSettings,
        log: &Log,
    ) -> Result<Self, String> {
        let scopes = || match &authorizer.scopes {
            Some(List(scopes)) => Ok(scopes.clone()),
            None => Err("AUTHORIZER_SCOPES is not set".to_owned()),
        };
        let tokens =
            |url: HttpUrl| TokenVerifier::new(KeyStore::new(url, HttpsClient::new(), log.clone()));
        match authorizer.tokens {
            TokenKind::Cognito => {
                let derived = jwks_url(settings.issuer.as_str());
                let url = settings.jwks_url.clone().map_or_else(
                    || HttpUrl::parse(&derived).map_err(|error| format!("MCP_ISSUER {error}")),
                    Ok,
                )?;
                Ok(Self::Cognito(Box::new(tokens(url))))
            }
            TokenKind::Jwt => {
                let url = settings.jwks_url.clone().ok_or("MCP_JWKS_URL is not set")?;
                let Some(List(audiences)) = authorizer.audiences.clone() else {
                    return Err("AUTHORIZER_AUDIENCES is not set".to_owned());
                };
                Ok(Self::Jwt(Box::new(Provider {
                    tokens: tokens(url),
                    audiences,
                    scopes: scopes()?,
                })))
            }
            TokenKind::Digest => {
                let Some(Digests(digests)) = authorizer.digests.clone() else {
                    return Err("AUTHORIZER_TOKEN_SHA256 is not set".to_owned());
                };
                Ok(Self::Digest {
                    digests,
                    scopes: scopes()?,
                })
            }
        }
    }

    /// Verifies the token and returns the claims for the server's function. Both use the same code, so the Lambda
    /// authorizer allows no caller whom the function would refuse.
    pub(crate) async fn identify(
        &self,
        token: &str,
        settings: &McpSettings,
        now: SystemTime,
    ) -> Result<(Caller, Claims), Refusal> {
        let (claims, expiry) = match self {
            Identities::Cognito(tokens) => (verified(token, tokens, now).await?, Expiry::Required),
            Identities::Jwt(provider) => {
                let claims = verified(token, &provider.tokens, now).await?;
                let claims = provider.translate(&claims, settings);
                let claims = claims.ok_or(Refusal::Unauthorized)?;
                (Arc::new(claims), Expiry::Required)
            }
            Identities::Digest { digests, scopes } => {
                let claims = claims_of_digest(token, digests, scopes, settings);
                let claims = claims.ok_or(Refusal::Unauthorized)?;
                (Arc::new(claims), Expiry::CheckedByGateway)
            }
        };
        let caller = caller_from_claims(&claims, settings, expiry, now).map_err(|problem| {
            if problem == ClaimsProblem::NoScope {
                Refusal::WithoutScope
            } else {
                Refusal::Unauthorized
            }
        })?;
        Ok((caller, claims))
    }
}

async fn verified(token: &str, tokens: &TokenVerifier, now: SystemTime) -> Result<Claims, Refusal> {
    tokens
        .claims(token, now)
        .await
        .map_err(|error| match error {
            SignatureError::KeysUnavailable => Refusal::KeysUnavailable,
            SignatureError::Unverified(_) => Refusal::Unauthorized,
        })
}

impl Provider {
    /// The provider's claims in the form that Cognito has; `None` for a token of another issuer or for another
    /// audience.
    ///
    /// OAuth scopes are read from `scope` (RFC 8693 section 4.2) or `scp`, the client from `client_id` (RFC 9068),
    /// `azp` or `cid`.
    fn translate(
        &self,
        claims: &Map<String, Value>,
        settings: &McpSettings,
    ) -> Option<Map<String, Value>> {
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        let is_ours = |audience: &str| self.audiences.iter().any(|ours| ours == audience);
        if text("iss") != Some(settings.issuer.as_str())
            || !texts(claims.get("aud")).into_iter().any(is_ours)
        {
            return None;
        }
        let resource = settings.resource.as_str();
        let granted = match claims.get("scope") {
            Some(scope) => texts(Some(scope)),
            None => texts(claims.get("scp")),
        };
        let scopes: Vec<String> = granted
            .into_iter()
            .flat_map(str::split_ascii_whitespace)
            .filter_map(|scope| {
                let name = scope
                    .strip_prefix(resource)
                    .and_then(|rest| rest.strip_prefix('/'))
                    .unwrap_or(scope);
                let is_known = self.scopes.iter().any(|known| known == name);
                is_known.then(|| full_scope(resource, name))
            })
            .collect();
        let mut translated = access_claims(settings, &scopes);
        // The token has one of the accepted `aud` values.
        translated.insert("aud".to_owned(), json!(resource));
        for name in ["sub", "exp", "nbf"] {
            if let Some(value) = claims.get(name) {
                translated.insert(name.to_owned(), value.clone());
            }
        }
        let client = ["client_id", "azp", "cid"].into_iter().find_map(text)?;
        translated.insert("client_id".to_owned(), json!(client));
        Some(translated)
    }
}

/// Claims for an opaque token: its holder is a machine, named after the digest.
fn claims_of_digest(
    token: &str,
    digests: &[String],
    scopes: &[String],
    settings: &McpSettings,
) -> Option<Map<String, Value>> {
    let digest = digest(&SHA256, token.as_bytes());
    let bytes = digest.as_ref().iter();
    let hexadecimal: String = bytes.map(|byte| format!("{byte:02x}")).collect();
    // Digests are compared, not tokens, so the time that it takes reveals nothing about an unknown token.
    let found = digests.iter().find(|known| **known == hexadecimal)?;
    let scopes: Vec<String> = scopes
        .iter()
        .map(|name| full_scope(settings.resource.as_str(), name))
        .collect();
    let mut claims = access_claims(settings, &scopes);
    let name = json!(format!("token-{}", found.get(..16)?));
    claims.insert("sub".to_owned(), name.clone());
    claims.insert("client_id".to_owned(), name);
    Some(claims)
}

fn access_claims(settings: &McpSettings, scopes: &[String]) -> Map<String, Value> {
    Map::from_iter([
        ("token_use".to_owned(), json!("access")),
        ("iss".to_owned(), json!(settings.issuer.as_str())),
        ("scope".to_owned(), json!(scopes.join(" "))),
    ])
}

/// A claim that is one string or several.
fn texts(claim: Option<&Value>) -> Vec<&str> {
    match claim.and_then(Value::as_array) {
        Some(items) => items.iter().filter_map(Value::as_str).collect(),
        None => claim.and_then(Value::as_str).into_iter().collect(),
    }
}
