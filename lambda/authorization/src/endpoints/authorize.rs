//! `GET /authorize`: from an authorization request to the consent page.
//!
//! Until client and redirect URI are verified, an error is a page in the browser. After that it is a redirect to the
//! client. This endpoint does not call Cognito: there is no sign-in without a decision on the page.

use http::header;

use crate::{
    client::{
        Client, ClientKind, fetch_document, harmless_name, is_url, open_registration,
        pre_registered,
    },
    context::Context,
    failure::Failure,
    oauth::{
        redirect::{Destination, RedirectPolicy, RedirectUri},
        request::{Parameters, Response},
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

pub(crate) async fn authorize(context: &mut Context<'_>) -> Result<Response, Failure> {
    let settings = context.settings;
    let parameters = context.request.query_parameters()?;
    let client = load_client(context, parameters.required("client_id")?).await?;
    context.log_client(client.kind.name(), &client.id);
    context.log.client_host = client.kind.document_host().map(str::to_owned);
    let redirect_uri = match parameters.optional("redirect_uri") {
        Some(requested) => matched_redirect(&client, requested, &settings.redirects)?,
        None => only_redirect(&client, &settings.redirects)?,
    };
    let state = parameters.optional("state").map(Secret::new);
    checked_parameters(&parameters, &client, settings)
        .and_then(|checked| consent_page(context, &client, &redirect_uri, state.as_ref(), checked))
        .or_else(|failure| {
            context.log.failure = Some(failure.name());
            let back = ClientRedirect::checked(&redirect_uri, state.as_ref());
            Ok(redirect_answer(&back.refusal(settings, &failure)))
        })
}

async fn load_client(context: &Context<'_>, client_id: &str) -> Result<Client, Failure> {
    let Context {
        server,
        settings,
        now,
        ..
    } = *context;
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
        let (cache, budgets) = (&server.documents, &server.fetches);
        return fetch_document(client_id, settings, hosts, cache, budgets, now).await;
    }
    let registration = open_registration(settings, &context.keys.keyring, client_id, now)?;
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

fn consent_page(
    context: &Context<'_>,
    client: &Client,
    redirect_uri: &RedirectUri,
    state: Option<&Secret>,
    checked: Checked<'_>,
) -> Result<Response, Failure> {
    let settings = context.settings;
    let browser = match cookie::single(context.request, &cookie::browser_name(settings)) {
        Some(value) => value,
        None => context.random_value()?,
    };
    let wants_id_token = checked.scopes.iter().any(|scope| scope == "openid");
    let nonce = match checked.nonce {
        _ if !wants_id_token => None,
        Some(nonce) => Some(nonce),
        None => Some(context.random_value()?),
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
    let sealed = context.seal(Purpose::ConsentRequest, &consent, &[], SIGN_IN_SECONDS)?;
    let redirect_host = redirect_uri.shown_host();
    let view = ConsentView {
        name: client.name.as_deref(),
        vouched: client.is_vouched_for(redirect_uri),
        registered_here: client.kind == ClientKind::PreRegistered,
        document_host: client.kind.document_host(),
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
    let mut answer = context.server.pages.consent(&view);
    let browser = cookie::set_browser(settings, &browser);
    set(&mut answer, header::SET_COOKIE, &browser);
    Ok(answer)
}
