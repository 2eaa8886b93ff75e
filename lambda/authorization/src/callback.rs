//! `GET /callback`: Cognito's answer becomes our code, in the browser that approved it and once.

use http::header;

use crate::{
    answer::{ClientRedirect, redirect_answer, set},
    capability::Timestamp,
    cookie,
    failure::Failure,
    request::{Parameters, Request, Response},
    seal::{OpenFailure, Purpose},
    secret::Secret,
    server::{AuthorizationServer, Loaded, Visit},
    transaction::{AuthorizationCode, Transaction},
};

pub(crate) fn callback(
    server: &AuthorizationServer,
    loaded: &Loaded,
    request: &Request,
    visit: &mut Visit,
    now: Timestamp,
) -> Result<Response, Failure> {
    let settings = &server.settings;
    let parameters = request.query_parameters()?;
    // Somebody who signed up at Cognito's own page, without a client: nothing was asked for, so nothing is given, and the
    // code is left to expire. There is no cookie, no redirect and no difference between codes here.
    if parameters.optional("state").is_none() && parameters.optional("code").is_some() {
        return Ok(server.pages.without_client(settings));
    }
    let transaction: Transaction = loaded
        .keyring
        .open(
            Purpose::Transaction,
            parameters.required("state")?,
            &[],
            now,
        )
        .map_err(|failure| match failure {
            OpenFailure::Expired => Failure::TransactionExpired,
            OpenFailure::Malformed | OpenFailure::UnknownKey | OpenFailure::Rejected => {
                Failure::TransactionNotOpened
            }
        })?;
    visit.client_by_name(&transaction.client_kind);
    // The approval belongs to one browser and is gone after this answer: a stolen or replayed state stops here.
    if !cookie::is_bound(
        request,
        &cookie::approval_name(settings, &transaction.id),
        &transaction.approval,
    ) {
        return Err(Failure::TransactionOtherBrowser);
    }
    // Cognito does not send `iss` today. If it does, it must be the pool (RFC 9207 section 2.4).
    if parameters
        .optional("iss")
        .is_some_and(|issuer| issuer != settings.pool_issuer)
    {
        return Err(Failure::UpstreamMixUp);
    }
    let client_redirect =
        ClientRedirect::checked(&transaction.redirect_uri, transaction.state.as_ref());
    let location = match code(server, loaded, &parameters, &transaction, now) {
        Ok(code) => client_redirect.code(settings, &code),
        Err(failure) => {
            visit.failure = Some(failure.name());
            client_redirect.refusal(settings, &failure)
        }
    };
    let mut answer = redirect_answer(settings, &location);
    set(
        &mut answer,
        header::SET_COOKIE,
        &cookie::clear_approval(settings, &transaction.id),
    );
    Ok(answer)
}

fn code(
    server: &AuthorizationServer,
    loaded: &Loaded,
    parameters: &Parameters,
    transaction: &Transaction,
    now: Timestamp,
) -> Result<Secret, Failure> {
    match parameters.optional("error") {
        Some("access_denied") => return Err(Failure::SignInCancelled),
        Some(_) => return Err(Failure::SignInFailed),
        None => {}
    }
    let upstream_code = parameters
        .optional("code")
        .map(Secret::new)
        .ok_or(Failure::SignInFailed)?;
    let code = AuthorizationCode {
        upstream_code,
        upstream_verifier: transaction.upstream_verifier.clone(),
        nonce: transaction.nonce.clone(),
        scopes: transaction.scopes.clone(),
        redirect_uri: transaction.redirect_uri.clone(),
    };
    let binding = AuthorizationCode::binding(&transaction.client, &transaction.challenge);
    let randomness = server.capabilities.randomness.as_ref();
    Ok(loaded.keyring.seal(
        Purpose::AuthorizationCode,
        &code,
        &binding,
        now.plus(server.settings.code_seconds),
        randomness,
    )?)
}
