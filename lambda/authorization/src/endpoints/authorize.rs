//! `GET /authorize`: from an authorization request to the consent page.
//!
//! Until client and redirect URI are verified, an error is a page in the browser. After that it is a redirect to the
//! client. This endpoint does not call Cognito: there is no sign-in without a decision on the page.

use http::header;

use crate::{
    capability::Timestamp,
    client::{
        Client, ClientKind, fetch_document, harmless_name, is_url, open_registration,
        pre_registered,
    },
    context::{AuthorizationServer, Keys, RequestLog},
    failure::Failure,
    oauth::{
        redirect::{Destination, RedirectPolicy, RedirectUri},
        request::{Parameters, Request, Response},
        resource::ProtectedResource,
    },
    pages::ConsentView,
    response::{ClientRedirect, redirect_answer, set},
    sealed::{
        cookie,
        seal::Purpose,
        secret::{Digest, Secret},
        transaction::{ClientRequest, ConsentRequest, SIGN_IN_SECONDS},
    },
    settings::Settings,
};

/// Longest `state` and `nonce` of a client: they are part of a sealed value in URLs.
const MAX_STATE: usize = 1024;

pub(crate) async fn authorize(
    server: &AuthorizationServer,
    keys: &Keys,
    request: &Request,
    request_log: &mut RequestLog,
    now: Timestamp,
) -> Result<Response, Failure> {
    let settings = &server.settings;
    let parameters = request.query_parameters()?;
    let client = load_client(server, keys, parameters.required("client_id")?, now).await?;
    request_log.client(client.kind.name(), &client.id);
    if let ClientKind::MetadataDocument { host } = &client.kind {
        request_log.client_host = Some(host.clone());
    }
    let redirect_uri = match parameters.optional("redirect_uri") {
        Some(requested) => matched_redirect(&client, requested, &settings.redirects)?,
        None => only_redirect(&client, &settings.redirects)?,
    };
    let state = parameters.optional("state").map(Secret::new);
    let client_redirect = ClientRedirect::checked(&redirect_uri, state.as_ref());
    let answer = match checked_parameters(&parameters, &client, settings) {
        Ok(checked) => consent_page(
            server,
            keys,
            request,
            &client,
            &redirect_uri,
            state.as_ref(),
            checked,
            now,
        ),
        Err(failure) => Err(failure),
    };
    answer.or_else(|failure| {
        request_log.failure = Some(failure.name());
        Ok(redirect_answer(
            settings,
            &client_redirect.refusal(settings, &failure),
        ))
    })
}

async fn load_client(
    server: &AuthorizationServer,
    keys: &Keys,
    client_id: &str,
    now: Timestamp,
) -> Result<Client, Failure> {
    let settings = &server.settings;
    settings.choices.refused_clients.check(client_id)?;
    if let Some(client) = pre_registered(settings, client_id) {
        return Ok(Client {
            id: client.client_id.clone(),
            kind: ClientKind::PreRegistered,
            name: harmless_name(&client.client_name),
            redirect_uris: client.redirect_uris.clone(),
            scopes: client.scopes.clone(),
            confidential: !client.secret_digests.is_empty(),
        });
    }
    if is_url(client_id) {
        let hosts = server.capabilities.metadata_hosts.as_ref();
        return fetch_document(
            client_id,
            settings,
            hosts,
            &server.documents,
            &server.fetches,
            now,
        )
        .await;
    }
    let registration = open_registration(settings, &keys.keyring, client_id, now)?;
    Ok(Client {
        id: client_id.to_owned(),
        kind: ClientKind::Registered,
        name: registration.name,
        redirect_uris: registration.redirect_uris,
        scopes: None,
        confidential: false,
    })
}

/// The requested redirect URI, if the client registered it.
fn matched_redirect(
    client: &Client,
    requested: &str,
    policy: &RedirectPolicy,
) -> Result<RedirectUri, Failure> {
    let requested = RedirectUri::parse(requested).map_err(|_| Failure::RedirectNotRegistered)?;
    let is_registered = client
        .redirect_uris
        .iter()
        .any(|registered| registered.matches(&requested));
    // A registration contains only usable redirect URIs: of the others, a scheme that the operator could list is named.
    let is_other_scheme = *requested.destination() == Destination::CustomScheme
        && client.kind == ClientKind::Registered;
    if is_registered || is_other_scheme {
        admit(client, &requested, policy)?;
    }
    if is_registered {
        Ok(requested)
    } else {
        Err(Failure::RedirectNotRegistered)
    }
}

/// The redirect URI of a client that names none: the only one that it registered, whole (RFC 6749 section 3.1.2.3). A
/// loopback URI is whole with its port; without, the port is what the request would have said.
fn only_redirect(client: &Client, policy: &RedirectPolicy) -> Result<RedirectUri, Failure> {
    match client.redirect_uris.as_slice() {
        [only] if only.is_whole() => {
            admit(client, only, policy)?;
            Ok(only.clone())
        }
        _ => Err(Failure::RedirectMissing),
    }
}

/// Whether an unverified client may use this redirect URI. Checked for each request, because settings change after
/// registration.
fn admit(client: &Client, uri: &RedirectUri, policy: &RedirectPolicy) -> Result<(), Failure> {
    if client.kind == ClientKind::PreRegistered {
        return Ok(());
    }
    policy
        .admit(uri)
        .map_err(|problem| Failure::RedirectRefused {
            uri: uri.as_str().to_owned(),
            problem,
        })
}

struct Checked<'a> {
    resource: &'a ProtectedResource,
    challenge: String,
    scopes: Vec<String>,
    nonce: Option<Secret>,
}

fn checked_parameters<'a>(
    parameters: &Parameters,
    client: &Client,
    settings: &'a Settings,
) -> Result<Checked<'a>, Failure> {
    if parameters.optional("request").is_some() || parameters.optional("request_uri").is_some() {
        return Err(Failure::RequestObjectUnsupported);
    }
    if parameters.required("response_type")? != "code" {
        return Err(Failure::ResponseTypeUnsupported);
    }
    if parameters
        .optional("response_mode")
        .is_some_and(|mode| mode != "query")
    {
        return Err(Failure::ResponseModeUnsupported);
    }
    for name in ["state", "nonce"] {
        if parameters
            .optional(name)
            .is_some_and(|value| value.len() > MAX_STATE)
        {
            return Err(Failure::ParameterTooLong {
                name: name.to_owned(),
            });
        }
    }
    let challenge = parameters
        .optional("code_challenge")
        .ok_or(Failure::ChallengeMissing)?;
    // A missing method means plain, RFC 7636 section 4.3.
    if parameters.optional("code_challenge_method") != Some("S256") {
        return Err(Failure::ChallengeNotS256);
    }
    let decoded = crate::sealed::encoding::decode(challenge).filter(|bytes| bytes.len() == 32);
    if decoded.is_none() {
        return Err(Failure::ChallengeMalformed);
    }
    let resource = settings.resources.asked_for(parameters)?;
    let scopes = resource
        .scopes
        .request(parameters.optional("scope"), client.scopes.as_deref())?;
    // The operator has limited the client to the scopes of another server: there is no scope to grant.
    if scopes.is_empty() {
        return Err(Failure::ResourceNotForClient);
    }
    if parameters
        .optional("prompt")
        .is_some_and(|prompt| prompt.split(' ').any(|value| value == "none"))
    {
        return Err(Failure::InteractionRequired);
    }
    let nonce = parameters.optional("nonce").map(Secret::new);
    Ok(Checked {
        resource,
        challenge: challenge.to_owned(),
        scopes,
        nonce,
    })
}

#[allow(
    clippy::too_many_arguments,
    reason = "each is a checked part of one request"
)]
fn consent_page(
    server: &AuthorizationServer,
    keys: &Keys,
    request: &Request,
    client: &Client,
    redirect_uri: &RedirectUri,
    state: Option<&Secret>,
    checked: Checked<'_>,
    now: Timestamp,
) -> Result<Response, Failure> {
    let settings = &server.settings;
    let randomness = server.capabilities.randomness.as_ref();
    let browser = match cookie::single(request, &cookie::browser_name(settings)) {
        Some(value) => value,
        None => cookie::random_value(randomness)?,
    };
    let wants_id_token = checked.scopes.iter().any(|scope| scope == "openid");
    let nonce = match checked.nonce {
        _ if !wants_id_token => None,
        Some(nonce) => Some(nonce),
        None => Some(cookie::random_value(randomness)?),
    };
    let consent = ConsentRequest {
        client_id: client.id.clone(),
        request: ClientRequest {
            client_kind: client.kind.name().to_owned(),
            redirect_uri: redirect_uri.clone(),
            state: state.cloned(),
            challenge: checked.challenge,
            scopes: checked.scopes,
            nonce,
        },
        browser: Digest::of(browser.expose().as_bytes()),
    };
    let sealed = keys.keyring.seal(
        Purpose::ConsentRequest,
        &consent,
        &[],
        now.plus(SIGN_IN_SECONDS),
        randomness,
    )?;
    let document_host = match &client.kind {
        ClientKind::MetadataDocument { host } => Some(host.as_str()),
        ClientKind::PreRegistered | ClientKind::Registered => None,
    };
    let redirect_host = redirect_uri.shown_host();
    let view = ConsentView {
        name: client.name.as_deref(),
        vouched: client.is_vouched_for(redirect_uri),
        registered_here: client.kind == ClientKind::PreRegistered,
        document_host,
        redirect_host: &redirect_host,
        loopback: *redirect_uri.destination() == Destination::Loopback,
        custom_scheme: *redirect_uri.destination() == Destination::CustomScheme,
        resource: &checked.resource.name,
        scopes: consent
            .request
            .scopes
            .iter()
            .filter_map(|name| checked.resource.scopes.definition(name))
            .collect(),
        request: sealed.expose(),
    };
    let mut answer = server.pages.consent(settings, &view);
    set(
        &mut answer,
        header::SET_COOKIE,
        &cookie::set_browser(settings, &browser),
    );
    Ok(answer)
}
