//! `POST /consent`: accepts the decision of the person at the browser, and of no one else.

use http::{HeaderName, header};

use crate::{
    client::client_digest,
    context::Context,
    endpoints::sign_in::SignInRequest,
    failure::Failure,
    oauth::request::{Request, Response},
    response::{ClientRedirect, set},
    sealed::{
        cookie,
        seal::{OpenFailure, Purpose},
        secret::Digest,
        transaction::{ClientRequest, ConsentRequest, SIGN_IN_SECONDS, Transaction},
    },
    settings::Settings,
};

pub(crate) fn consent(context: &mut Context<'_>) -> Result<Response, Failure> {
    let (settings, request) = (context.settings, context.request);
    check_same_origin(request, settings)?;
    let form = request.form_parameters()?;
    let consent: ConsentRequest = context
        .open(Purpose::ConsentRequest, form.required("request")?, &[])
        .map_err(|failure: OpenFailure| {
            failure.or(Failure::ConsentExpired, Failure::ConsentNotOpened)
        })?;
    context.log_client_kind(&consent.request.client_kind);
    if !cookie::is_bound(request, &cookie::browser_name(settings), &consent.browser) {
        return Err(Failure::ConsentOtherBrowser);
    }
    if form.required("decision")? != "allow" {
        let denied = Failure::ConsentDenied;
        context.log.failure = Some(denied.name());
        let ClientRequest {
            redirect_uri,
            state,
            ..
        } = &consent.request;
        let back = ClientRedirect::checked(redirect_uri, state.as_ref());
        let pages = &context.server.pages;
        return Ok(pages.to_client(&back.refusal(settings, &denied)));
    }
    approved(context, consent)
}

fn approved(context: &Context<'_>, consent: ConsentRequest) -> Result<Response, Failure> {
    let settings = context.settings;
    let approval = context.random_value()?;
    let transaction = Transaction {
        id: context.random_id()?,
        approval: Digest::of(approval.expose().as_bytes()),
        client: client_digest(&consent.client_id),
        request: consent.request,
        upstream_verifier: context.random_value()?,
    };
    let state = context.seal(Purpose::Transaction, &transaction, &[], SIGN_IN_SECONDS)?;
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
    let mut answer = context.server.pages.to_sign_in(&url);
    let cookie = cookie::set_approval(settings, &transaction.id, &approval);
    set(&mut answer, header::SET_COOKIE, &cookie);
    Ok(answer)
}

/// Browsers send the origin of a form; a form of another site is always refused. Programs without these headers still
/// need the sealed request and its cookie.
fn check_same_origin(request: &Request, settings: &Settings) -> Result<(), Failure> {
    let differs = |name: HeaderName, own: &str| {
        request.headers.contains_key(&name) && request.header(name) != Some(own)
    };
    let fetch_site = HeaderName::from_static("sec-fetch-site");
    if differs(header::ORIGIN, &settings.origin()) || differs(fetch_site, "same-origin") {
        return Err(Failure::ConsentCrossOrigin);
    }
    Ok(())
}
