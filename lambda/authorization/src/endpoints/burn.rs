//! Invalidates Cognito's code when a sign-in ends without a client.
//!
//! Cognito accepts a code once, so redeeming it invalidates it. The resulting tokens are revoked and dropped: this
//! module returns only whether the code could be redeemed.

use crate::{
    capability::NoRandomness,
    context::Context,
    sealed::{
        seal::Purpose,
        secret::Secret,
        transaction::{AccountSignIn, Transaction},
    },
};

const REVOKED: &str = "the code of the refused sign-in was redeemed and its tokens were revoked";
const NOT_REVOKED: &str =
    "the code of the refused sign-in was redeemed, and Cognito did not revoke its tokens";
const REFUSED: &str = "Cognito did not redeem the code of the refused sign-in";
const NO_RANDOMNESS: &str = "the code of the refused sign-in was not sent to Cognito";

/// Invalidates the code of a refused callback. A failure is logged and has no effect on the browser.
///
/// With a valid `state`, expired or not, the code is redeemed with its verifier. Otherwise the verifier is unknown, and
/// the code is presented with a fresh one: Cognito refuses it and, according to AWS, consumes the code. If the sign-in
/// had no challenge, the fresh verifier redeems it.
pub(crate) async fn burn_refused(context: &mut Context<'_>) {
    let request = context.request;
    // The query itself and not its checked parameters: a callback may be refused because of them.
    let value = |wanted: &str| {
        let found = request.query.iter().find(|(name, _)| name == wanted);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    };
    let Some(code) = value("code").map(Secret::new) else {
        return;
    };
    let state = value("state").unwrap_or_default();
    context.log.detail = Some(match verifier(context, state) {
        Ok(verifier) => burn(context, &code, &verifier).await.1,
        Err(NoRandomness) => NO_RANDOMNESS,
    });
}

/// Invalidates the code of a successful sign-in without a client; returns whether Cognito accepted the code for this
/// sign-in.
pub(crate) async fn burn_finished(context: &Context<'_>, code: &Secret, verifier: &Secret) -> bool {
    burn(context, code, verifier).await.0
}

async fn burn(context: &Context<'_>, code: &Secret, verifier: &Secret) -> (bool, &'static str) {
    let cognito = context.cognito();
    let Ok(tokens) = cognito.exchange(code, verifier).await else {
        return (false, REFUSED);
    };
    // Cognito revokes the access token together with the refresh token that it came with.
    match tokens.refresh_token {
        Some(token) if cognito.revoke(&token).await.is_ok() => (true, REVOKED),
        Some(_) | None => (true, NOT_REVOKED),
    }
}

fn verifier(context: &Context<'_>, state: &str) -> Result<Secret, NoRandomness> {
    let keyring = &context.keys.keyring;
    if let Ok(transaction) = keyring.open_expired::<Transaction>(Purpose::Transaction, state) {
        return Ok(transaction.upstream_verifier);
    }
    if let Ok(sign_in) = keyring.open_expired::<AccountSignIn>(Purpose::AccountSignIn, state) {
        return Ok(sign_in.upstream_verifier);
    }
    context.random_value()
}
