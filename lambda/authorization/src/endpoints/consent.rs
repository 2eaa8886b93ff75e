//! `POST /consent`: accepts the decision of the person at the browser, and of no one else.

use http::{HeaderName, header};

use crate::{
    capability::Timestamp,
    client::client_digest,
    context::{AuthorizationServer, Keys, RequestLog},
    endpoints::sign_in::SignInRequest,
    failure::Failure,
    oauth::request::{Request, Response},
    response::{ClientRedirect, set},
    sealed::{
        cookie,
        seal::{OpenFailure, Purpose},
        secret::Digest,
        transaction::{ConsentRequest, SIGN_IN_SECONDS, Transaction},
    },
    settings::Settings,
};

pub(crate) fn consent(
    server: &AuthorizationServer,
    keys: &Keys,
    request: &Request,
    request_log: &mut RequestLog,
    now: Timestamp,
) -> Result<Response, Failure> {
    let settings = &server.settings;
    check_same_origin(request, settings)?;
    let form = request.form_parameters()?;
    let consent: ConsentRequest = keys
        .keyring
        .open(Purpose::ConsentRequest, form.required("request")?, &[], now)
        .map_err(|failure| match failure {
            OpenFailure::Expired => Failure::ConsentExpired,
            OpenFailure::Malformed | OpenFailure::UnknownKey | OpenFailure::Rejected => {
                Failure::ConsentNotOpened
            }
        })?;
    request_log.client_by_name(&consent.request.client_kind);
    if !cookie::is_bound(request, &cookie::browser_name(settings), &consent.browser) {
        return Err(Failure::ConsentOtherBrowser);
    }
    if form.required("decision")? != "allow" {
        request_log.failure = Some(Failure::ConsentDenied.name());
        let back = ClientRedirect::checked(
            &consent.request.redirect_uri,
            consent.request.state.as_ref(),
        );
        return Ok(server
            .pages
            .to_client(settings, &back.refusal(settings, &Failure::ConsentDenied)));
    }
    approved(server, keys, consent, now)
}

fn approved(
    server: &AuthorizationServer,
    keys: &Keys,
    consent: ConsentRequest,
    now: Timestamp,
) -> Result<Response, Failure> {
    let settings = &server.settings;
    let randomness = server.capabilities.randomness.as_ref();
    let id = cookie::random_id(randomness)?;
    let approval = cookie::random_value(randomness)?;
    let upstream_verifier = cookie::random_value(randomness)?;
    let transaction = Transaction {
        id,
        approval: Digest::of(approval.expose().as_bytes()),
        client: client_digest(&consent.client_id),
        request: consent.request,
        upstream_verifier,
    };
    let state = keys.keyring.seal(
        Purpose::Transaction,
        &transaction,
        &[],
        now.plus(SIGN_IN_SECONDS),
        randomness,
    )?;
    let url = SignInRequest {
        verifier: &transaction.upstream_verifier,
        state: &state,
        scope: &transaction.request.scopes.join(" "),
        resource: settings
            .resources
            .of_grant(&transaction.request.scopes)
            .ok_or(Failure::ConsentExpired)?,
        nonce: transaction.request.nonce.as_ref(),
    }
    .url(settings)?;
    let mut answer = server.pages.to_sign_in(settings, &url);
    set(
        &mut answer,
        header::SET_COOKIE,
        &cookie::set_approval(settings, &transaction.id, &approval),
    );
    Ok(answer)
}

/// Browsers send the origin of a form; a form of another site is always refused. Programs without these headers still
/// need the sealed request and its cookie.
fn check_same_origin(request: &Request, settings: &Settings) -> Result<(), Failure> {
    let origin_differs = match request.headers.get(header::ORIGIN) {
        Some(_) => request.header(header::ORIGIN) != Some(settings.origin().as_str()),
        None => false,
    };
    let fetch_site = HeaderName::from_static("sec-fetch-site");
    let site_differs = match request.headers.get(&fetch_site) {
        Some(_) => request.header(fetch_site) != Some("same-origin"),
        None => false,
    };
    if origin_differs || site_differs {
        Err(Failure::ConsentCrossOrigin)
    } else {
        Ok(())
    }
}
