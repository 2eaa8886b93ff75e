//! `POST /revoke`, RFC 7009: a client revokes its own refresh token.

use http::StatusCode;

use crate::{
    context::Context,
    endpoints::token::{Credentials, open_refresh_token},
    failure::Failure,
    oauth::request::Response,
    response::empty_answer,
    sealed::transaction::RevocableToken,
};

/// Every string that is not a refresh token of this client gets the same response, `200` without effect (section 2.2):
/// the response does not reveal the token's owner. Access tokens cannot be revoked individually; Cognito revokes them
/// with their refresh token, and the gateway notices at their expiry.
///
/// A client can always revoke, even if it is refused, its registration has expired or its kind is disabled.
pub(crate) async fn revoke(context: &mut Context<'_>) -> Result<Response, Failure> {
    let form = context.request.form_parameters()?;
    let client = Credentials::read(context.request, &form)?.revoking_client(context)?;
    context.log_known_client(&client);
    let text = form.required("token")?;
    match open_refresh_token::<RevocableToken>(context, text, &client) {
        Some(token) => match context.cognito().revoke(&token.upstream).await {
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
    Ok(empty_answer(StatusCode::OK))
}
