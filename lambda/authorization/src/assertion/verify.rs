//! Checks a client assertion: first header and signature, then claims, so that only who holds the key learns which claim is
//! wrong.

use mcp_lambda_token::jwk::{PublicKey, UnverifiedJwt};
use serde_json::Value;

use super::{
    problem::AssertionProblem,
    trust::{GitHubJobs, MachineClient},
};
use crate::capability::Timestamp;

/// How far the clocks of a program and of this server may differ.
const CLOCK_SECONDS: u64 = 60;
/// Longest lifetime that is left to an assertion that a program has signed itself.
const OWN_SECONDS: u64 = 5 * 60;
/// The same of a token of GitHub Actions, which issues them for five minutes.
const JOB_SECONDS: u64 = 15 * 60;

/// An assertion whose every check has passed but the one for its first use.
pub(crate) struct Accepted {
    /// Its `jti`.
    pub(crate) id: String,
    /// Its `exp`.
    pub(crate) ends: Timestamp,
}

/// Refuses headers that lead away from the registered keys, and JWTs of another kind.
pub(crate) fn check_header(jwt: &UnverifiedJwt<'_>) -> Result<(), AssertionProblem> {
    // RFC 7515 sections 4.1.2, 4.1.3, 4.1.5 and 4.1.6.
    if ["jwk", "jku", "x5u", "x5c"]
        .iter()
        .any(|member| jwt.header(member).is_some())
    {
        return Err(AssertionProblem::KeyInHeader);
    }
    // RFC 7515 section 4.1.11: no extension is understood.
    if jwt.header("crit").is_some() {
        return Err(AssertionProblem::CriticalHeader);
    }
    // RFC 8725 section 3.11.
    let is_ours = |kind: &Value| {
        let kind = kind.as_str().unwrap_or_default();
        ["jwt", "client-authentication+jwt"]
            .iter()
            .any(|known| kind.eq_ignore_ascii_case(known))
    };
    if jwt.header("typ").is_none_or(is_ours) {
        Ok(())
    } else {
        Err(AssertionProblem::OtherType)
    }
}

/// Refuses a signature that is not of one of these keys. A key without `kid` fits every `kid`, and a JWT without `kid` every
/// key: all of them are the client's.
pub(crate) fn check_signature(
    jwt: &UnverifiedJwt<'_>,
    keys: &[PublicKey],
) -> Result<(), AssertionProblem> {
    let kid = jwt.header("kid");
    let fits = |key: &&PublicKey| match (kid, key.kid()) {
        (Some(wanted), Some(known)) => wanted == known,
        _ => true,
    };
    let mut named = keys.iter().filter(fits).peekable();
    if named.peek().is_none() {
        return Err(AssertionProblem::UnknownKey);
    }
    let mut of_algorithm = named
        .filter(|key| {
            jwt.header("alg")
                .is_some_and(|algorithm| algorithm == key.algorithm())
        })
        .peekable();
    if of_algorithm.peek().is_none() {
        return Err(AssertionProblem::OtherAlgorithm);
    }
    if of_algorithm.any(|key| key.verifies(jwt)) {
        Ok(())
    } else {
        Err(AssertionProblem::WrongSignature)
    }
}

/// Checks the claims of a JWT whose signature was verified (RFC 7523 section 3).
///
/// `issuer` is our own: the one audience (RFC 7523bis section 3), so that no other server can use what it was sent.
pub(crate) fn accepted(
    jwt: &UnverifiedJwt<'_>,
    client: &MachineClient,
    issuer: &str,
    now: Timestamp,
) -> Result<Accepted, AssertionProblem> {
    let claim = |name: &str| jwt.claims().get(name);
    let is = |name: &str, expected: &str| claim(name).is_some_and(|value| value == expected);
    let jobs = client.trust.jobs.as_ref();
    let signer = jobs.map_or(client.client_id.as_str(), |jobs| jobs.issuer.as_str());
    if !is("iss", signer) {
        return Err(AssertionProblem::OtherIssuer);
    }
    let subject = match jobs {
        Some(jobs) => jobs.subject.as_deref(),
        None => Some(client.client_id.as_str()),
    };
    let same_subject = match subject {
        Some(subject) => is("sub", subject),
        None => claim("sub").is_some_and(Value::is_string),
    };
    if !same_subject {
        return Err(AssertionProblem::OtherSubject);
    }
    // An array of one is the same as a string (RFC 7519 section 4.1.3).
    let audience = match claim("aud") {
        Some(Value::Array(audiences)) if audiences.len() == 1 => audiences.first(),
        other => other,
    };
    if audience.is_none_or(|audience| audience != issuer) {
        return Err(AssertionProblem::OtherAudience);
    }
    let most = if jobs.is_some() {
        JOB_SECONDS
    } else {
        OWN_SECONDS
    };
    let ends = check_times(jwt, most, now)?;
    if let Some(jobs) = jobs {
        check_job(jwt, jobs)?;
    }
    let id = claim("jti").and_then(Value::as_str);
    let id = id
        .filter(|id| !id.is_empty())
        .ok_or(AssertionProblem::NoId)?;
    Ok(Accepted {
        id: id.to_owned(),
        ends,
    })
}

/// `exp`, `nbf` and `iat` (RFC 7523 section 3, items 4 to 6); the end.
fn check_times(
    jwt: &UnverifiedJwt<'_>,
    most: u64,
    now: Timestamp,
) -> Result<Timestamp, AssertionProblem> {
    let end = jwt.claims().get("exp").ok_or(AssertionProblem::NoEnd)?;
    let end = seconds(end).ok_or(AssertionProblem::NoEnd)?;
    if end <= now.0 {
        return Err(AssertionProblem::Expired);
    }
    if end > now.plus(most + CLOCK_SECONDS).0 {
        return Err(AssertionProblem::TooLongLived);
    }
    for name in ["nbf", "iat"] {
        let in_time = |value| seconds(value).is_some_and(|time| time <= now.plus(CLOCK_SECONDS).0);
        if !jwt.claims().get(name).is_none_or(in_time) {
            return Err(AssertionProblem::NotYetValid);
        }
    }
    Ok(Timestamp(end))
}

/// A NumericDate in whole seconds (RFC 7519 section 2).
fn seconds(value: &Value) -> Option<u64> {
    let whole = || value.as_f64().filter(|time| *time >= 0.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast to u64 saturates, and it is not negative"
    )]
    value.as_u64().or_else(|| whole().map(|time| time as u64))
}

/// Compares the claims of a job of GitHub Actions, as strings and exactly.
///
/// Pull requests come first: their events run with the repository's own claims, and anyone who opens one writes the code.
fn check_job(jwt: &UnverifiedJwt<'_>, jobs: &GitHubJobs) -> Result<(), AssertionProblem> {
    let claim = |name: &str| jwt.claims().get(name).and_then(Value::as_str);
    let from_pull_request = claim("ref").is_some_and(|name| name.starts_with("refs/pull/"))
        || claim("event_name").is_some_and(|event| event.starts_with("pull_request"));
    if from_pull_request {
        return Err(AssertionProblem::PullRequest);
    }
    for (name, expected, problem) in [
        (
            "repository",
            Some(&jobs.repository),
            AssertionProblem::OtherRepository,
        ),
        (
            "repository_id",
            jobs.repository_id.as_ref(),
            AssertionProblem::OtherRepositoryId,
        ),
        (
            "repository_owner_id",
            jobs.owner_id.as_ref(),
            AssertionProblem::OtherOwnerId,
        ),
        ("ref", jobs.git_ref.as_ref(), AssertionProblem::OtherRef),
        (
            "environment",
            jobs.environment.as_ref(),
            AssertionProblem::OtherEnvironment,
        ),
        (
            "job_workflow_ref",
            jobs.workflow_ref.as_ref(),
            AssertionProblem::OtherWorkflow,
        ),
    ] {
        if expected.is_some_and(|expected| claim(name) != Some(expected)) {
            return Err(problem);
        }
    }
    Ok(())
}
