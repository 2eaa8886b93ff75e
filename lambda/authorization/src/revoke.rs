//! `POST /revoke`, RFC 7009: a client gives its own refresh token back.

use http::StatusCode;

use crate::{
    answer::empty_answer,
    capability::Timestamp,
    failure::Failure,
    request::{Request, Response},
    server::{AuthorizationServer, Loaded, Visit},
    token::{Credentials, cognito, open_refresh_token},
    transaction::RevocableToken,
};

/// Every text that is not a refresh token of this client is answered alike, with `200` and nothing done (section 2.2): the
/// answer does not tell whose token it was. Access tokens cannot be revoked one by one; Cognito revokes them with their
/// refresh token, and the gateway notices at their expiry.
///
/// A client can always revoke: also one that is refused, whose registration has ended, or whose kind is switched off.
pub(crate) async fn revoke(
    server: &AuthorizationServer,
    loaded: &Loaded,
    request: &Request,
    visit: &mut Visit,
    now: Timestamp,
) -> Result<Response, Failure> {
    let form = request.form_parameters()?;
    let client =
        Credentials::read(request, &form)?.revoking_client(&server.settings, loaded, now)?;
    visit.known_client(&client);
    let text = form.required("token")?;
    match open_refresh_token::<RevocableToken>(loaded, text, &client, now) {
        Some(token) => match cognito(server, loaded).revoke(&token.upstream).await {
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
