//! `GET /sign-in`: the beginning and the end of a sign-in without a client, and the end of every sign-in that is refused.
//!
//! A person who wants an account begins here and not at Cognito, so that this sign-in too has PKCE, a `state` and a
//! cookie. With `outcome` it is a page: the callback redirects the browser here, so that neither its address bar nor
//! its history contains a code.

use http::{StatusCode, header};
use openidconnect::{PkceCodeChallenge, PkceCodeVerifier};
use url::Url;

use crate::{
    context::Context,
    failure::Failure,
    oauth::{request::Response, resource::ProtectedResource},
    response::{empty_answer, redirect_answer, set},
    sealed::{
        cookie,
        seal::Purpose,
        secret::{Digest, Secret},
        transaction::{AccountSignIn, SIGN_IN_SECONDS},
    },
    settings::Settings,
};

/// The outcome of a successful sign-in without a client. Every other outcome is the name of a failure.
const DONE: &str = "done";

pub(crate) fn sign_in(context: &Context<'_>) -> Result<Response, Failure> {
    let pages = &context.server.pages;
    match context.request.query_parameters()?.optional("outcome") {
        None => begin(context),
        Some(DONE) => Ok(pages.without_client(context.settings)),
        Some(name) => {
            let failure = Failure::of_sign_in(name).ok_or(Failure::NoSuchPath)?;
            Ok(pages.refusal(&failure))
        }
    }
}

/// Moves the browser from the callback to the page of a sign-in without a client.
pub(crate) fn done(settings: &Settings) -> Response {
    to_outcome(settings, DONE)
}

/// Moves the browser from the callback to the page of a refusal; `None` for one that is no outcome of a sign-in.
pub(crate) fn refused(settings: &Settings, failure: &Failure) -> Option<Response> {
    let name = failure.name();
    Failure::of_sign_in(name).map(|_| to_outcome(settings, name))
}

/// `303` to a page of the same origin: a redirect after Cognito's form may go where the callback itself is.
fn to_outcome(settings: &Settings, outcome: &str) -> Response {
    let mut answer = empty_answer(StatusCode::SEE_OTHER);
    let location = format!(
        "{}/sign-in?outcome={outcome}",
        settings.addresses.issuer.text
    );
    set(&mut answer, header::LOCATION, &location);
    answer
}

fn begin(context: &Context<'_>) -> Result<Response, Failure> {
    let settings = context.settings;
    let approval = context.random_value()?;
    let sign_in = AccountSignIn {
        id: context.random_id()?,
        approval: Digest::of(approval.expose().as_bytes()),
        upstream_verifier: context.random_value()?,
    };
    let state = context.seal(Purpose::AccountSignIn, &sign_in, &[], SIGN_IN_SECONDS)?;
    // Cognito requires a resource and scopes. The tokens are revoked at the callback, so the minimum is enough.
    let (resource, scope) = settings
        .resources
        .iter()
        .find_map(|resource| Some((resource, resource.scopes.names().into_iter().next()?)))
        .ok_or(Failure::UpstreamRefusedUs)?;
    let url = SignInRequest {
        verifier: &sign_in.upstream_verifier,
        state: &state,
        scope,
        resource,
        nonce: None,
    }
    .url(settings)?;
    let mut answer = redirect_answer(&url);
    let cookie = cookie::set_approval(settings, &sign_in.id, &approval);
    set(&mut answer, header::SET_COOKIE, &cookie);
    Ok(answer)
}

/// The parameters for Cognito's authorization endpoint.
pub(crate) struct SignInRequest<'a> {
    pub(crate) verifier: &'a Secret,
    pub(crate) state: &'a Secret,
    pub(crate) scope: &'a str,
    pub(crate) resource: &'a ProtectedResource,
    pub(crate) nonce: Option<&'a Secret>,
}

impl SignInRequest<'_> {
    /// Cognito's authorization endpoint, as our app client: our callback, our PKCE, our state.
    pub(crate) fn url(&self, settings: &Settings) -> Result<String, Failure> {
        let verifier = PkceCodeVerifier::new(self.verifier.expose().to_owned());
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier);
        let mut url = Url::parse(&format!("{}/oauth2/authorize", settings.sign_in_url()))
            .map_err(|_| Failure::UpstreamRefusedUs)?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &settings.addresses.cognito_client_id)
            .append_pair("redirect_uri", &settings.callback_url())
            .append_pair("scope", self.scope)
            .append_pair("state", self.state.expose())
            .append_pair("code_challenge", challenge.as_str())
            .append_pair("code_challenge_method", challenge.method().as_str())
            .append_pair("resource", self.resource.identifier.as_str());
        if let Some(nonce) = self.nonce {
            url.query_pairs_mut().append_pair("nonce", nonce.expose());
        }
        Ok(url.into())
    }
}
