//! Names the cause of an unsuccessful response or of a missing one, AWS's own causes first.

use super::evidence::{Exchange, Failure, FailureKind, Outcome, Received};

/// The id of the check that explains why this exchange did not succeed; `None` for a success, a redirect, a 401, or a
/// plain "not found".
#[must_use]
pub(super) fn of(exchange: &Exchange) -> Option<&'static str> {
    match &exchange.outcome {
        Outcome::Failed(failure) => Some(of_failure(failure)),
        Outcome::Response(response) => of_response(response),
    }
}

fn of_failure(failure: &Failure) -> &'static str {
    match failure.kind {
        FailureKind::UnknownHost => "host-unknown",
        FailureKind::Connection => "host-unreachable",
        FailureKind::CertificateExpired => "certificate-expired",
        FailureKind::CertificateUntrusted => "certificate-untrusted",
        FailureKind::Timeout => "no-response",
    }
}

/// The causes that AWS's services name, and those of a status.
fn of_response(response: &Received) -> Option<&'static str> {
    if response.status < 400 || response.status == 401 {
        return None;
    }
    if is_cached_error(response) {
        return Some("aws-cloudfront-cached-error");
    }
    match response.status {
        403 => Some(of_forbidden(response)),
        429 => Some("throttled"),
        406 => Some("endpoint-not-acceptable"),
        405 => Some("endpoint-refuses-post"),
        404 | 410 => Some("endpoint-not-found"),
        500..=599 if is_lambda_error(response) => Some("aws-lambda-error"),
        500..=599 => Some("endpoint-server-error"),
        _ => Some("endpoint-status"),
    }
}

fn of_forbidden(response: &Received) -> &'static str {
    let kind = response.header("x-amzn-errortype").unwrap_or_default();
    let message = response
        .member("message")
        .or_else(|| response.member("Message"))
        .unwrap_or_default();
    if message == "Missing Authentication Token" || kind.contains("MissingAuthenticationToken") {
        "aws-missing-authentication-token"
    } else if response.header("x-amzn-waf-action").is_some()
        || (response.is_html()
            && (response.body.contains("Request blocked") || response.body.contains("CloudFront")))
        || kind.contains("WafFiltered")
    {
        "aws-waf-blocked"
    } else if kind.contains("AccessDenied")
        || kind.contains("Forbidden")
        || kind.contains("IncompleteSignature")
        || message.contains("not authorized to perform")
        || message == "Forbidden"
    {
        "aws-iam-authorization"
    } else {
        "unauthenticated-forbidden"
    }
}

/// An error that a CDN had stored: every caller gets it until it expires.
fn is_cached_error(response: &Received) -> bool {
    let cache = response
        .header("x-cache")
        .unwrap_or_default()
        .to_ascii_lowercase();
    let aged = response
        .header("age")
        .and_then(|age| age.parse::<u64>().ok())
        .is_some_and(|age| age > 0);
    cache.contains("cloudfront")
        && (cache.starts_with("hit") || (cache.starts_with("error") && aged))
}

/// The response of API Gateway or a function URL to a function that failed.
fn is_lambda_error(response: &Received) -> bool {
    let kind = response.header("x-amzn-errortype").unwrap_or_default();
    let message = response
        .member("message")
        .or_else(|| response.member("Message"));
    kind.contains("InternalServerError")
        || message.is_some_and(|message| {
            ["internal server error", "endpoint request timed out"]
                .contains(&message.to_ascii_lowercase().as_str())
        })
}

/// What an exchange shows, in one sentence part: status and the beginning of the body, or the failure.
#[must_use]
pub(super) fn shown(exchange: &Exchange) -> String {
    let request = format!(
        "{} {}",
        exchange.sent.method,
        without_query(&exchange.sent.url)
    );
    match &exchange.outcome {
        Outcome::Response(response) => format!("{request} responds {}", response.status),
        Outcome::Failed(failure) => format!("{request}: {}", failure.message),
    }
}

fn without_query(url: &str) -> &str {
    url.split('?').next().unwrap_or(url)
}
