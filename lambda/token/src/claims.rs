//! Checks the claims of a verified access token and makes a caller of them.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use mcp_lambda_contract::McpSettings;
use serde_json::{Map, Value};

use crate::caller::{Caller, CallerKind, verified_caller};

/// Clocks of the issuer and of this machine may differ by this much.
const LEEWAY: Duration = Duration::from_secs(30);

/// Why the claims of an access token do not make a caller. A closed list; the caller gets the short message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimsProblem {
    /// `token_use` is not `access`.
    #[error("the token is not an access token")]
    NotAnAccessToken,
    /// `iss` is another issuer.
    #[error("the access token comes from another issuer")]
    WrongIssuer,
    /// `aud` names another resource.
    #[error("the access token was issued for another resource")]
    WrongAudience,
    /// A person's token has no `aud`, and the server requires one.
    #[error("the access token has no audience: ask for it with the resource parameter")]
    NoAudience,
    /// `exp` is past.
    #[error("the access token has expired")]
    Expired,
    /// There is no `exp`.
    #[error("the access token says nothing about its end")]
    NoExpiry,
    /// `nbf` is in the future.
    #[error("the access token is not valid yet")]
    NotYetValid,
    /// It carries no OAuth scope of this server.
    #[error("the access token has no scope of this server")]
    NoScope,
    /// There is no `sub` or no `client_id`.
    #[error("the access token names no subject or no app client")]
    NoSubject,
}

/// How `exp` is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// The claim must be present, as a number (RFC 9068 section 2.2).
    Required,
    /// The gateway's authorizer has checked it; it is checked again only when it is still a number.
    CheckedByGateway,
}

/// Identifies the caller from the claims of an access token whose signature is verified, by API Gateway's authorizer or
/// by [`crate::jwt`]. Follows RFC 9068 section 4 where Cognito does.
///
/// Checks `token_use`, `iss` (both forms that Cognito has), `aud` (this server and nothing else; absent for machines, and
/// for people unless `MCP_AUDIENCE_REQUIRED`), `exp` and `nbf`, the scope prefix, `sub` and `client_id`.
///
/// Does not check the signature. Behind the gateway it cannot check an `exp` that API Gateway rewrote as a date for
/// people; the authorizer has checked it then.
///
/// # Errors
///
/// [`ClaimsProblem`] names the first claim that does not fit.
pub fn caller_from_claims(
    claims: &Map<String, Value>,
    settings: &McpSettings,
    expiry: Expiry,
    now: SystemTime,
) -> Result<Caller, ClaimsProblem> {
    let text = |name: &str| {
        claims
            .get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };

    if text("token_use") != Some("access") {
        return Err(ClaimsProblem::NotAnAccessToken);
    }
    if !text("iss").is_some_and(|issuer| is_issuer(issuer, settings.issuer.as_str())) {
        return Err(ClaimsProblem::WrongIssuer);
    }
    let resource = settings.resource.as_str();
    let audience = claims.get("aud").filter(|audience| !audience.is_null());
    let is_ours = |audience: &Value| match audience.as_array() {
        Some(audiences) => !audiences.is_empty() && audiences.iter().all(|each| each == resource),
        None => audience == resource,
    };
    if !audience.is_none_or(is_ours) {
        return Err(ClaimsProblem::WrongAudience);
    }
    let now = now
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    match (seconds(claims.get("exp")), expiry) {
        (Some(end), _) if end.saturating_add(LEEWAY.as_secs()) <= now => {
            return Err(ClaimsProblem::Expired);
        }
        (None, Expiry::Required) => return Err(ClaimsProblem::NoExpiry),
        (Some(_), _) | (None, Expiry::CheckedByGateway) => {}
    }
    if seconds(claims.get("nbf")).is_some_and(|start| start > now.saturating_add(LEEWAY.as_secs()))
    {
        return Err(ClaimsProblem::NotYetValid);
    }
    let scopes: BTreeSet<String> = text("scope")
        .unwrap_or_default()
        .split_ascii_whitespace()
        .filter_map(|scope| scope.strip_prefix(resource)?.strip_prefix('/'))
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect();
    if scopes.is_empty() {
        return Err(ClaimsProblem::NoScope);
    }
    let (Some(subject), Some(app_client_id)) = (text("sub"), text("client_id")) else {
        return Err(ClaimsProblem::NoSubject);
    };
    // The subject of a client credentials token is its app client, and it has no user name. A person's subject is a UUID
    // that Cognito chooses, and neither attributes nor triggers of the user pool can change one of the three claims.
    let kind = if subject == app_client_id && !claims.contains_key("username") {
        CallerKind::Machine
    } else {
        CallerKind::Person
    };
    if kind == CallerKind::Person && audience.is_none() && settings.audience_required {
        return Err(ClaimsProblem::NoAudience);
    }
    Ok(verified_caller(
        subject.to_owned(),
        app_client_id.to_owned(),
        scopes,
        groups(claims.get("cognito:groups")),
        kind,
    ))
}

/// Cognito issues under `cognito-idp.<region>…` and, when configured so, under `issuer-cognito-idp.<region>…`.
#[must_use]
pub fn is_issuer(issuer: &str, configured: &str) -> bool {
    let other_form = match configured.strip_prefix("https://") {
        Some(rest) if rest.starts_with("cognito-idp.") => format!("https://issuer-{rest}"),
        Some(rest) if rest.starts_with("issuer-cognito-idp.") => {
            format!("https://{}", rest.trim_start_matches("issuer-"))
        }
        Some(_) | None => return issuer == configured,
    };
    issuer == configured || issuer == other_form
}

/// A NumericDate (RFC 7519 section 2), also when API Gateway has turned it into a string.
fn seconds(claim: Option<&Value>) -> Option<u64> {
    match claim? {
        // A date before 1970 or a fraction is rounded towards the stricter side for `exp`.
        Value::Number(number) => number
            .as_u64()
            .or_else(|| number.as_f64().map(|seconds| seconds.max(0.0) as u64)),
        Value::String(text) => text.parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Groups are a JSON array. A string has lost the boundaries of the names, unless [`crate::flattened_groups`]
/// has restored them.
fn groups(claim: Option<&Value>) -> BTreeSet<String> {
    let groups = claim.and_then(Value::as_array).into_iter().flatten();
    groups
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}
