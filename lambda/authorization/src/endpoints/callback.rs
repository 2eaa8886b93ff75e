//! `GET /callback`: exchanges Cognito's response for our code, in the browser that approved it.
//!
//! The response is a page that continues to the client and not a redirect, so that it does not depend on the redirects
//! that Cognito's pages permit after their form. A refused callback ends at [`crate::endpoints::sign_in`], after its
//! code was invalidated.

use http::header;

use crate::{
    context::Context,
    endpoints::{burn::burn_finished, sign_in},
    failure::Failure,
    oauth::request::{Parameters, Response},
    response::{ClientRedirect, set},
    sealed::{
        cookie,
        seal::{OpenFailure, Purpose},
        secret::{Digest, Secret},
        transaction::{AccountSignIn, AuthorizationCode, Transaction},
    },
};

pub(crate) async fn callback(context: &mut Context<'_>) -> Result<Response, Failure> {
    // Cognito repeats no parameter and none is long: an unparsable query is not from Cognito.
    let parameters = context
        .request
        .query_parameters()
        .map_err(|_| Failure::TransactionNotOpened)?;
    let state = parameters
        .optional("state")
        .ok_or(Failure::TransactionNotOpened)?;
    let not_opened = |failure: OpenFailure| {
        failure.or(Failure::TransactionExpired, Failure::TransactionNotOpened)
    };
    if state.starts_with(Purpose::AccountSignIn.prefix()) {
        let sign_in = context
            .open(Purpose::AccountSignIn, state, &[])
            .map_err(not_opened)?;
        return account(context, &parameters, &sign_in).await;
    }
    let transaction: Transaction = context
        .open(Purpose::Transaction, state, &[])
        .map_err(not_opened)?;
    context.log_client_kind(&transaction.request.client_kind);
    check_browser(context, &parameters, &transaction.id, &transaction.approval)?;
    Ok(to_client(context, &parameters, &transaction))
}

/// Checks that the approval belongs to this browser.
fn check_browser(
    context: &Context<'_>,
    parameters: &Parameters,
    id: &str,
    approval: &Digest,
) -> Result<(), Failure> {
    let name = cookie::approval_name(context.settings, id);
    if !cookie::is_bound(context.request, &name, approval) {
        return Err(Failure::TransactionOtherBrowser);
    }
    // Cognito does not send `iss` today. If it does, it must be the pool (RFC 9207 section 2.4).
    if parameters
        .optional("iss")
        .is_some_and(|issuer| issuer != context.settings.addresses.pool_issuer.text)
    {
        return Err(Failure::UpstreamMixUp);
    }
    Ok(())
}

fn to_client(
    context: &mut Context<'_>,
    parameters: &Parameters,
    transaction: &Transaction,
) -> Response {
    let (settings, pages) = (context.settings, &context.server.pages);
    let uri = &transaction.request.redirect_uri;
    let back = ClientRedirect::checked(uri, transaction.request.state.as_ref());
    let answer = match code(context, parameters, transaction) {
        Ok(code) => pages.signed_in(&back.code(settings, &code), uri),
        Err(failure) => {
            context.log.failure = Some(failure.name());
            pages.not_signed_in(&failure, &back.refusal(settings, &failure))
        }
    };
    without_approval(context, answer, &transaction.id)
}

/// Ends a sign-in without a client.
async fn account(
    context: &Context<'_>,
    parameters: &Parameters,
    sign_in: &AccountSignIn,
) -> Result<Response, Failure> {
    check_browser(context, parameters, &sign_in.id, &sign_in.approval)?;
    let code = upstream_code(parameters)?;
    if !burn_finished(context, &code, &sign_in.upstream_verifier).await {
        return Err(Failure::SignInFailed);
    }
    let answer = sign_in::done(context.settings);
    Ok(without_approval(context, answer, &sign_in.id))
}

/// The response that also clears the cookie of an approval.
fn without_approval(context: &Context<'_>, mut answer: Response, id: &str) -> Response {
    let cookie = cookie::clear_approval(context.settings, id);
    set(&mut answer, header::SET_COOKIE, &cookie);
    answer
}

fn upstream_code(parameters: &Parameters) -> Result<Secret, Failure> {
    match parameters.optional("error") {
        Some("access_denied") => return Err(Failure::SignInCancelled),
        Some(_) => return Err(Failure::SignInFailed),
        None => {}
    }
    parameters
        .optional("code")
        .map(Secret::new)
        .ok_or(Failure::SignInFailed)
}

fn code(
    context: &Context<'_>,
    parameters: &Parameters,
    transaction: &Transaction,
) -> Result<Secret, Failure> {
    let code = AuthorizationCode {
        upstream_code: upstream_code(parameters)?,
        upstream_verifier: transaction.upstream_verifier.clone(),
        nonce: transaction.request.nonce.clone(),
        scopes: transaction.request.scopes.clone(),
        redirect_uri: transaction.request.redirect_uri.clone(),
    };
    let binding = AuthorizationCode::binding(&transaction.client, &transaction.request.challenge);
    let lifetime = context.settings.choices.code_lifetime.0;
    Ok(context.seal(Purpose::AuthorizationCode, &code, &binding, lifetime)?)
}
