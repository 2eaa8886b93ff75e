//! Dynamic client registration, RFC 7591: the `client_id` in the response is the registration itself, sealed. Nothing
//! is stored, no Cognito app client is created, and it expires by itself.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::name::harmless_name;
use crate::{
    capability::{Randomness, Timestamp},
    failure::Failure,
    oauth::{
        redirect::{Destination, RedirectProblem, RedirectUri},
        request::Request,
        scope::shown,
    },
    sealed::seal::{Keyring, Purpose},
    settings::Settings,
};

const MAX_BODY: usize = 8 * 1024;
const MAX_REDIRECTS: usize = 10;
/// The `client_id` is part of URLs; API Gateway accepts about 10 KB of request line and headers together.
const MAX_CLIENT_ID: usize = 2000;

/// What a sealed `client_id` holds. No scope and no secret: a registration gives a client nothing but its redirects.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Registration {
    #[serde(rename = "n", skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(rename = "r")]
    pub(crate) redirect_uris: Vec<RedirectUri>,
    #[serde(rename = "i")]
    pub(super) issued_at: u64,
}

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

/// Registers a client and returns the body of the `201`.
///
/// Every client becomes a public one with the code and refresh grants, whatever else it asked for, and gets those of
/// its redirect URIs that can be used here (RFC 7591 section 3.2.1 lets a server replace values if the response lists
/// the registered ones). A value whose replacement would weaken security is refused instead, and so is a client without
/// a redirect URI.
pub(crate) fn register(
    request: &Request,
    settings: &Settings,
    keyring: &Keyring,
    randomness: &dyn Randomness,
    now: Timestamp,
) -> Result<Value, Failure> {
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
    let name = metadata.client_name.as_deref().and_then(harmless_name);
    let registration = Registration {
        name: name.clone(),
        redirect_uris,
        issued_at: now.0,
    };
    let expires = now.plus(settings.choices.registration_lifetime.0);
    let client_id = keyring.seal(
        Purpose::ClientRegistration,
        &registration,
        &[],
        expires,
        randomness,
    )?;
    if client_id.expose().len() > MAX_CLIENT_ID {
        return Err(Failure::RegistrationMember {
            member: "redirect_uris",
            fix: "is too long in sum; register fewer or shorter URIs",
        });
    }
    let mut answer = Map::new();
    answer.insert("client_id".into(), json!(client_id.expose()));
    answer.insert("client_id_issued_at".into(), json!(now.0));
    answer.insert("redirect_uris".into(), json!(registration.redirect_uris));
    answer.insert("token_endpoint_auth_method".into(), json!("none"));
    answer.insert(
        "grant_types".into(),
        json!(["authorization_code", "refresh_token"]),
    );
    answer.insert("response_types".into(), json!(["code"]));
    answer.insert("application_type".into(), json!(application_type));
    if let Some(name) = name {
        answer.insert("client_name".into(), json!(name));
    }
    answer.insert(
        "scope".into(),
        json!(informative_scope(metadata.scope.as_deref(), settings)),
    );
    Ok(Value::Object(answer))
}

fn check_methods(metadata: &Metadata) -> Result<(), Failure> {
    let refused = |member, fix| Err(Failure::RegistrationMember { member, fix });
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
        return Err(Failure::RegistrationMember {
            member: "redirect_uris",
            fix: "is missing; list the callback of this client",
        });
    }
    if listed.len() > MAX_REDIRECTS {
        return Err(Failure::RegistrationMember {
            member: "redirect_uris",
            fix: "has more than 10 entries",
        });
    }
    let web = match metadata.application_type.as_deref() {
        Some("web") => Some(true),
        Some("native") => Some(false),
        None => None,
        Some(_) => {
            return Err(Failure::RegistrationMember {
                member: "application_type",
                fix: "must be native or web",
            });
        }
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
