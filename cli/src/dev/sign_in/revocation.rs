//! `POST /oauth2/revoke` (RFC 7009), which the emulator has only as the operation `RevokeToken`.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use url::form_urlencoded;

use super::browser::Form;
use super::state::SignIn;
use super::user_pool::{Refusal, call};

/// Revokes a refresh token and what was derived from it. As with Cognito, a token that means nothing is no error, an
/// access token is, and a confidential client authenticates as at the token endpoint.
pub(super) async fn revoke(
    State(sign_in): State<SignIn>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = Form::parse(&body);
    let Some((client_id, client_secret)) = client(&headers, &form) else {
        return error(StatusCode::BAD_REQUEST, "invalid_request");
    };
    if form.get("token").is_empty() || client_id.is_empty() {
        return error(StatusCode::BAD_REQUEST, "invalid_request");
    }
    let input = if client_secret.is_empty() {
        json!({ "Token": form.get("token"), "ClientId": client_id })
    } else {
        json!({ "Token": form.get("token"), "ClientId": client_id, "ClientSecret": client_secret })
    };
    match call(&sign_in.upstream, "RevokeToken", &input).await {
        Ok(()) => (StatusCode::OK, ANY_ORIGIN).into_response(),
        Err(Refusal::Unauthorized) => error(StatusCode::UNAUTHORIZED, "invalid_client"),
        Err(Refusal::UnsupportedTokenType) => {
            error(StatusCode::BAD_REQUEST, "unsupported_token_type")
        }
        Err(Refusal::Other(_)) => error(StatusCode::BAD_GATEWAY, "server_error"),
        Err(
            Refusal::UsernameExists
            | Refusal::InvalidPassword
            | Refusal::CodeMismatch
            | Refusal::ExpiredCode
            | Refusal::NotAuthorized(_)
            | Refusal::InvalidParameter(_)
            | Refusal::TooMany,
        ) => error(StatusCode::BAD_REQUEST, "invalid_request"),
    }
}

/// Cognito lets pages of every origin use its token and revocation endpoints; tokens, not cookies, are the credential.
const ANY_ORIGIN: [(header::HeaderName, &str); 1] = [(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")];

/// Identifier and secret (RFC 6749 section 2.3.1); None when the Authorization header cannot be read.
fn client(headers: &HeaderMap, form: &Form) -> Option<(String, String)> {
    let Some(authorization) = headers.get(header::AUTHORIZATION) else {
        return Some((
            form.get("client_id").to_owned(),
            form.get("client_secret").to_owned(),
        ));
    };
    let (scheme, credentials) = authorization.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let credentials = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
    let (id, secret) = credentials.split_once(':')?;
    Some((form_decoded(id), form_decoded(secret)))
}

/// Both halves are form-encoded before they are joined.
fn form_decoded(text: &str) -> String {
    form_urlencoded::parse(text.as_bytes())
        .next()
        .map_or_else(String::new, |(name, _)| name.into_owned())
}

fn error(status: StatusCode, code: &str) -> Response {
    let body = json!({ "error": code }).to_string();
    (
        status,
        ANY_ORIGIN,
        [(header::CONTENT_TYPE, "application/json")],
        body,
    )
        .into_response()
}
