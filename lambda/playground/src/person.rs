//! Who a person is: issuer and subject of the access token of the first server, verified with the keys of its
//! authorization server.

use std::time::SystemTime;

use mcp_lambda_contract::HttpUrl;
use mcp_lambda_runtime::https::HttpsClient;
use mcp_lambda_runtime::log::Log;
use mcp_lambda_token::jwks::KeyStore;
use mcp_lambda_token::jwt::SignatureError;
use mcp_lambda_token::verifier::TokenVerifier;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::browser::hex_digest;
use crate::clock::seconds;

/// Clocks of the issuer and of this machine may differ by this much.
const LEEWAY: u64 = 30;

/// A person. Every key of what belongs to them begins with [`Person::partition`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Person {
    /// A digest of issuer and subject.
    id: String,
    /// The user name, where the access token has one that a person would know.
    pub(crate) name: Option<String>,
}

/// Why an access token says nothing about a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoPerson {
    /// The authorization server names no keys.
    #[error(
        "its authorization server publishes no keys (jwks_uri), so nobody can verify who signs in"
    )]
    NoKeys,
    /// The token is no JWT of this authorization server.
    #[error("its access token cannot be verified: {0}")]
    Unverified(String),
    /// A claim.
    #[error("its access token {0}")]
    Claims(&'static str),
}

impl Person {
    /// The person whom `access_token` of `resource` is about.
    pub(crate) async fn of_token(
        access_token: &str,
        resource: &str,
        keys_url: Option<&str>,
        log: &Log,
        now: SystemTime,
    ) -> Result<Self, NoPerson> {
        let url = keys_url.ok_or(NoPerson::NoKeys)?;
        let url = HttpUrl::parse(url).map_err(|_| NoPerson::NoKeys)?;
        let keys = KeyStore::new(url, HttpsClient::new(), log.clone());
        let tokens = TokenVerifier::new(keys);
        let claims = tokens.claims(access_token, now).await;
        let claims = claims.map_err(|error| {
            NoPerson::Unverified(match error {
                SignatureError::Unverified(problem) => problem.to_string(),
                SignatureError::KeysUnavailable => "the keys cannot be read".to_owned(),
            })
        })?;
        Self::of_claims(&claims, resource, seconds(now)).map_err(NoPerson::Claims)
    }

    fn of_claims(
        claims: &Map<String, Value>,
        resource: &str,
        now: u64,
    ) -> Result<Self, &'static str> {
        let string = |name: &str| {
            let value = claims.get(name).and_then(Value::as_str);
            value.filter(|value| !value.is_empty())
        };
        let expires = claims.get("exp").and_then(Value::as_u64);
        if expires.is_none_or(|expires| expires + LEEWAY <= now) {
            return Err("has expired, or says nothing about its end");
        }
        let is_for_resource = match claims.get("aud") {
            Some(Value::String(audience)) => audience == resource,
            Some(Value::Array(audiences)) => {
                !audiences.is_empty() && audiences.iter().all(|audience| audience == resource)
            }
            // Cognito leaves it out for a client that asks without `resource`; its OAuth scopes name the resource.
            Some(_) | None => string("scope").is_some_and(|scopes| {
                let mut scopes = scopes.split_ascii_whitespace();
                scopes.any(|scope| {
                    scope
                        .strip_prefix(resource)
                        .is_some_and(|rest| rest.starts_with('/'))
                })
            }),
        };
        if !is_for_resource {
            return Err("is for another server");
        }
        let (Some(issuer), Some(subject)) = (string("iss"), string("sub")) else {
            return Err("names no issuer or no subject");
        };
        let name = string("email").or_else(|| string("username"));
        Ok(Self {
            id: hex_digest(&[issuer, subject]),
            name: name
                .filter(|name| *name != subject && name.len() <= 128)
                .map(str::to_owned),
        })
    }

    /// The partition key of everything that belongs to the person.
    pub(crate) fn partition(&self) -> String {
        format!("person#{}", self.id)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Person;

    const RESOURCE: &str = "https://a.example.com/mcp";

    fn person(change: impl FnOnce(&mut Value)) -> Result<Person, &'static str> {
        let mut claims =
            json!({ "iss": "https://issuer", "sub": "alice", "exp": 100, "aud": RESOURCE });
        change(&mut claims);
        Person::of_claims(claims.as_object().unwrap(), RESOURCE, 50)
    }

    #[test]
    fn a_person_is_issuer_and_subject_together() {
        let alice = person(|_| {}).unwrap();
        assert_ne!(
            alice,
            person(|claims| claims["iss"] = json!("https://other")).unwrap()
        );
        assert_ne!(
            alice,
            person(|claims| claims["sub"] = json!("bob")).unwrap()
        );
        assert_eq!(
            alice,
            person(|claims| claims["jti"] = json!("another token")).unwrap()
        );
    }

    #[test]
    fn a_token_for_another_server_signs_nobody_in() {
        let refused = Err("is for another server");
        assert_eq!(
            person(|claims| claims["aud"] = json!("https://b.example.com/mcp")),
            refused
        );
        assert_eq!(
            person(|claims| claims["aud"] = json!([RESOURCE, "https://b"])),
            refused
        );
        let by_scope = |scope: &'static str| {
            person(move |claims| {
                claims["aud"] = Value::Null;
                claims["scope"] = json!(scope);
            })
        };
        assert_eq!(by_scope("https://a.example.com/mcpx/read"), refused);
        assert!(by_scope("openid https://a.example.com/mcp/read").is_ok());
    }

    #[test]
    fn an_expired_token_signs_nobody_in() {
        assert!(person(|claims| claims["exp"] = json!(20)).is_err());
        assert!(person(|claims| claims["exp"] = Value::Null).is_err());
    }
}
