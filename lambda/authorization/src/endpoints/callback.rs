//! `GET /callback`: exchanges Cognito's response for our code, in the browser that approved it.
//!
//! The response is a page that continues to the client and not a redirect, so that it does not depend on the redirects
//! that Cognito's pages permit after their form. A refused callback ends at [`crate::endpoints::sign_in`], after its
//! code was invalidated.

use http::header;

use crate::{
    capability::Timestamp,
    context::{AuthorizationServer, Keys, RequestLog},
    endpoints::burn::burn_finished,
    endpoints::sign_in,
    failure::Failure,
    oauth::request::{Parameters, Request, Response},
    response::{ClientRedirect, set},
    sealed::{
        cookie,
        seal::{OpenFailure, Purpose},
        secret::{Digest, Secret},
        transaction::{AccountSignIn, AuthorizationCode, Transaction},
    },
    settings::Settings,
};

pub(crate) async fn callback(
    server: &AuthorizationServer,
    keys: &Keys,
    request: &Request,
    request_log: &mut RequestLog,
    now: Timestamp,
) -> Result<Response, Failure> {
    // Cognito repeats no parameter and none is long: an unparsable query is not from Cognito.
    let parameters = request
        .query_parameters()
        .map_err(|_| Failure::TransactionNotOpened)?;
    let state = parameters
        .optional("state")
        .ok_or(Failure::TransactionNotOpened)?;
    if state.starts_with(Purpose::AccountSignIn.prefix()) {
        let sign_in = keys
            .keyring
            .open(Purpose::AccountSignIn, state, &[], now)
            .map_err(not_opened)?;
        return account(server, keys, request, &parameters, &sign_in).await;
    }
    let transaction: Transaction = keys
        .keyring
        .open(Purpose::Transaction, state, &[], now)
        .map_err(not_opened)?;
    request_log.client_by_name(&transaction.request.client_kind);
    let (id, approval) = (&transaction.id, &transaction.approval);
    check_browser(&server.settings, request, &parameters, id, approval)?;
    to_client(server, keys, &parameters, request_log, &transaction, now)
}

fn not_opened(failure: OpenFailure) -> Failure {
    match failure {
        OpenFailure::Expired => Failure::TransactionExpired,
        OpenFailure::Malformed | OpenFailure::UnknownKey | OpenFailure::Rejected => {
            Failure::TransactionNotOpened
        }
    }
}

/// Checks that the approval belongs to this browser, and clears its cookie with the response.
fn check_browser(
    settings: &Settings,
    request: &Request,
    parameters: &Parameters,
    id: &str,
    approval: &Digest,
) -> Result<(), Failure> {
    if !cookie::is_bound(request, &cookie::approval_name(settings, id), approval) {
        return Err(Failure::TransactionOtherBrowser);
    }
    // Cognito does not send `iss` today. If it does, it must be the pool (RFC 9207 section 2.4).
    if parameters
        .optional("iss")
        .is_some_and(|issuer| issuer != settings.addresses.pool_issuer.text)
    {
        return Err(Failure::UpstreamMixUp);
    }
    Ok(())
}

fn to_client(
    server: &AuthorizationServer,
    keys: &Keys,
    parameters: &Parameters,
    request_log: &mut RequestLog,
    transaction: &Transaction,
    now: Timestamp,
) -> Result<Response, Failure> {
    let settings = &server.settings;
    let uri = &transaction.request.redirect_uri;
    let back = ClientRedirect::checked(uri, transaction.request.state.as_ref());
    let mut answer = match code(server, keys, parameters, transaction, now) {
        Ok(code) => server
            .pages
            .signed_in(settings, &back.code(settings, &code), uri),
        Err(failure) => {
            request_log.failure = Some(failure.name());
            let url = back.refusal(settings, &failure);
            server.pages.not_signed_in(settings, &failure, &url)
        }
    };
    set(
        &mut answer,
        header::SET_COOKIE,
        &cookie::clear_approval(settings, &transaction.id),
    );
    Ok(answer)
}

/// Ends a sign-in without a client.
async fn account(
    server: &AuthorizationServer,
    keys: &Keys,
    request: &Request,
    parameters: &Parameters,
    sign_in: &AccountSignIn,
) -> Result<Response, Failure> {
    let settings = &server.settings;
    check_browser(
        settings,
        request,
        parameters,
        &sign_in.id,
        &sign_in.approval,
    )?;
    let code = upstream_code(parameters)?;
    let verifier = &sign_in.upstream_verifier;
    if !burn_finished(server, keys, &code, verifier).await {
        return Err(Failure::SignInFailed);
    }
    let mut answer = sign_in::done(settings);
    set(
        &mut answer,
        header::SET_COOKIE,
        &cookie::clear_approval(settings, &sign_in.id),
    );
    Ok(answer)
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
    server: &AuthorizationServer,
    keys: &Keys,
    parameters: &Parameters,
    transaction: &Transaction,
    now: Timestamp,
) -> Result<Secret, Failure> {
    let code = AuthorizationCode {
        upstream_code: upstream_code(parameters)?,
        upstream_verifier: transaction.upstream_verifier.clone(),
        nonce: transaction.request.nonce.clone(),
        scopes: transaction.request.scopes.clone(),
        redirect_uri: transaction.request.redirect_uri.clone(),
    };
    let binding = AuthorizationCode::binding(&transaction.client, &transaction.request.challenge);
    let randomness = server.capabilities.randomness.as_ref();
    Ok(keys.keyring.seal(
        Purpose::AuthorizationCode,
        &code,
        &binding,
        now.plus(server.settings.choices.code_lifetime.0),
        randomness,
    )?)
}
