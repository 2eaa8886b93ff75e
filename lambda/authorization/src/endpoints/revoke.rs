//! `POST /revoke`, RFC 7009: a client gives its own refresh token back.

use http::StatusCode;

use crate::{
    capability::Timestamp,
    context::{AuthorizationServer, Keys, RequestLog},
    endpoints::token::{Credentials, cognito, open_refresh_token},
    failure::Failure,
    oauth::request::{Request, Response},
    response::empty_answer,
    sealed::transaction::RevocableToken,
};

/// Every text that is not a refresh token of this client is answered alike, with `200` and nothing done (section 2.2): the
/// answer does not tell whose token it was. Access tokens cannot be revoked one by one; Cognito revokes them with their
/// refresh token, and the gateway notices at their expiry.
///
/// A client can always revoke: also one that is refused, whose registration has ended, or whose kind is switched off.
pub(crate) async fn revoke(
    server: &AuthorizationServer,
    keys: &Keys,
    request: &Request,
    request_log: &mut RequestLog,
    now: Timestamp,
) -> Result<Response, Failure> {
    let form = request.form_parameters()?;
    let client = Credentials::read(request, &form)?.revoking_client(&server.settings, keys, now)?;
    request_log.known_client(&client);
    let text = form.required("token")?;
    match open_refresh_token::<RevocableToken>(keys, text, &client, now) {
        Some(token) => match cognito(server, keys).revoke(&token.upstream).await {
            // Already revoked or expired at Cognito is what was asked for.
            Ok(()) | Err(Failure::UpstreamRefusedGrant) => {}
            Err(failure) => return Err(failure),
        },
        // Three parts and a JSON header: an access or ID token.
        None if text.starts_with("eyJ") && text.split('.').count() == 3 => {
            return Err(Failure::RevocationUnsupported);
        }
        None => {}
    }
    Ok(empty_answer(&server.settings, StatusCode::OK))
}
