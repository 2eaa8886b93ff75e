//! `POST /register`, dynamic client registration (RFC 7591): the `client_id` in the response is the registration itself,
//! sealed. Nothing is stored, no Cognito app client is created, and it expires by itself.

use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use crate::{
    client::{Registration, harmless_name},
    context::Context,
    failure::Failure,
    oauth::{
        redirect::{Destination, RedirectProblem, RedirectUri},
        request::Response,
        scope::shown,
    },
    response::json_answer,
    sealed::seal::Purpose,
    settings::Settings,
};

const MAX_BODY: usize = 8 * 1024;
const MAX_REDIRECTS: usize = 10;
/// The `client_id` is part of URLs; API Gateway accepts about 10 KB of request line and headers together.
const MAX_CLIENT_ID: usize = 2000;

#[derive(Deserialize)]
struct Metadata {
    redirect_uris: Option<Vec<String>>,
    client_name: Option<String>,
    application_type: Option<String>,
    token_endpoint_auth_method: Option<String>,
    grant_types: Option<Vec<String>>,
    response_types: Option<Vec<String>>,
    scope: Option<String>,
}

/// Registers a client as a public one, with `201`.
///
/// Every client becomes a public one with the code and refresh grants, whatever else it asked for, and gets those of
/// its redirect URIs that can be used here (RFC 7591 section 3.2.1 lets a server replace values if the response lists
/// the registered ones). A value whose replacement would weaken security is refused instead, and so is a client without
/// a redirect URI.
pub(crate) fn register(context: &mut Context<'_>) -> Result<Response, Failure> {
    let Context {
        settings,
        request,
        now,
        ..
    } = *context;
    if !settings.choices.registration_enabled {
        return Err(Failure::RegistrationOff);
    }
    if !request.has_content_type("application/json") {
        return Err(Failure::ContentType {
            expected: "application/json",
        });
    }
    if request.body.len() > MAX_BODY {
        return Err(Failure::BodyTooLarge { limit: MAX_BODY });
    }
    let metadata: Metadata =
        serde_json::from_slice(&request.body).map_err(|_| Failure::MalformedBody)?;
    check_methods(&metadata)?;
    let (redirect_uris, application_type) = redirects(&metadata, settings)?;
    let registration = Registration {
        name: metadata.client_name.as_deref().and_then(harmless_name),
        redirect_uris,
        issued_at: now.0,
    };
    let lifetime = settings.choices.registration_lifetime.0;
    let client_id = context.seal(Purpose::ClientRegistration, &registration, &[], lifetime)?;
    let client_id = client_id.expose();
    if client_id.len() > MAX_CLIENT_ID {
        return refused(
            "redirect_uris",
            "is too long in sum; register fewer or shorter URIs",
        );
    }
    context.log_client("registered", client_id);
    let mut answer = json!({
        "client_id": client_id,
        "client_id_issued_at": now.0,
        "redirect_uris": registration.redirect_uris,
        "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "application_type": application_type,
        "scope": informative_scope(metadata.scope.as_deref(), settings),
    });
    if let Some(name) = registration.name {
        answer["client_name"] = json!(name);
    }
    Ok(json_answer(StatusCode::CREATED, &answer))
}

fn refused<T>(member: &'static str, fix: &'static str) -> Result<T, Failure> {
    Err(Failure::RegistrationMember { member, fix })
}

fn check_methods(metadata: &Metadata) -> Result<(), Failure> {
    match metadata.token_endpoint_auth_method.as_deref() {
        // Registration is open, so a secret would protect nothing: the response says `none`, and PKCE protects the
        // client.
        None | Some("none" | "client_secret_basic" | "client_secret_post") => {}
        Some(_) => return refused("token_endpoint_auth_method", "must be none"),
    }
    if metadata
        .grant_types
        .as_ref()
        .is_some_and(|grants| !grants.iter().any(|grant| grant == "authorization_code"))
    {
        return refused(
            "grant_types",
            "must include authorization_code; clients for client_credentials are created by the operator",
        );
    }
    if metadata
        .response_types
        .as_ref()
        .is_some_and(|types| !types.iter().any(|kind| kind == "code"))
    {
        return refused("response_types", "must include code");
    }
    Ok(())
}

/// The redirect URIs that can be used here, one at least, and the application type (OpenID Connect Registration section 2). A client that does not say is taken
/// for what its redirects are: clients of the revisions before 2026-07-28 do not send the type.
fn redirects(
    metadata: &Metadata,
    settings: &Settings,
) -> Result<(Vec<RedirectUri>, &'static str), Failure> {
    let listed = metadata.redirect_uris.as_deref().unwrap_or_default();
    if listed.is_empty() {
        return refused(
            "redirect_uris",
            "is missing; list the callback of this client",
        );
    }
    if listed.len() > MAX_REDIRECTS {
        return refused("redirect_uris", "has more than 10 entries");
    }
    let web = match metadata.application_type.as_deref() {
        Some("web") => Some(true),
        Some("native") => Some(false),
        None => None,
        Some(_) => return refused("application_type", "must be native or web"),
    };
    let usable = |text: &str| {
        let uri = RedirectUri::parse(text)?;
        settings.redirects.admit(&uri)?;
        if web == Some(true) && *uri.destination() != Destination::Https {
            return Err(RedirectProblem::NotForWebClient);
        }
        Ok(uri)
    };
    let mut uris = Vec::with_capacity(listed.len());
    let mut refused = None;
    for text in listed {
        match usable(text) {
            Ok(uri) => uris.push(uri),
            Err(problem) => {
                refused.get_or_insert(Failure::RedirectRefused {
                    uri: shown(text),
                    problem,
                });
            }
        }
    }
    if let (Some(failure), true) = (refused, uris.is_empty()) {
        return Err(failure);
    }
    let all_https = uris
        .iter()
        .all(|uri| *uri.destination() == Destination::Https);
    let application_type = if web.unwrap_or(all_https) {
        "web"
    } else {
        "native"
    };
    Ok((uris, application_type))
}

/// The known ones among the scopes a client names. For its information: it is neither kept nor does it grant anything.
fn informative_scope(requested: Option<&str>, settings: &Settings) -> String {
    let known = settings.resources.scope_names();
    let named: Vec<&str> = requested
        .unwrap_or_default()
        .split(' ')
        .filter(|name| known.contains(name))
        .collect();
    if named.is_empty() {
        known.join(" ")
    } else {
        named.join(" ")
    }
}
