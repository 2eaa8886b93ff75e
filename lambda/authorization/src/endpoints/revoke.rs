//! `POST /revoke`, RFC 7009: a client revokes its own refresh token.

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

/// Every string that is not a refresh token of this client gets the same response, `200` without effect (section 2.2):
/// the response does not reveal the token's owner. Access tokens cannot be revoked individually; Cognito revokes them
/// with their refresh token, and the gateway notices at their expiry.
///
/// A client can always revoke, even if it is refused, its registration has expired or its kind is disabled.
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
            // A token that is already revoked or expired at Cognito counts as success.
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
