//! How a client gets an id, and what its authorization and token requests meet.

use url::Url;

use super::client::{Halt, Step_, Walk, ends};
use super::fetch::is_shown_to_page;
use super::resource::Found;
use super::server::Server;
use crate::doctor::ask::Ask;
use crate::doctor::cause;
use crate::doctor::challenge::Challenge;
use crate::doctor::documents::{ServerMetadata, origin};
use crate::doctor::evidence::Received;
use crate::doctor::profile::{Configured, Identity, Lane};
use crate::doctor::verdict::{Obstacle, Step};

/// A client that the authorization server knows, with what it asks for.
struct Known {
    client_id: String,
    scope: Option<String>,
    resource: Option<String>,
    by_document: bool,
}

impl Walk<'_> {
    /// From the metadata to the token endpoint.
    pub(super) fn identify(
        &mut self,
        challenge: Option<&Challenge>,
        resource: Option<&Found>,
        server: &Server,
    ) -> Step_<()> {
        let scope = challenge
            .and_then(|challenge| challenge.parameter("scope"))
            .map(str::to_owned)
            .or_else(|| Some(resource?.metadata.scopes.as_ref()?.join(" ")))
            .or_else(|| Some(server.metadata.scopes.as_ref()?.join(" ")))
            .filter(|scope| !scope.is_empty());
        let resource = resource.and_then(|found| found.metadata.resource.clone());
        let (client_id, by_document) = self.client_id(server, scope.as_deref())?;
        let known = Known {
            client_id,
            scope,
            resource,
            by_document,
        };
        self.authorize(&server.metadata, &known)?;
        self.redeem(&server.metadata, &known)
    }

    /// The id by the first way that the server offers, and whether it is that of a metadata document.
    fn client_id(&mut self, server: &Server, scope: Option<&str>) -> Step_<(String, bool)> {
        let metadata = &server.metadata;
        for identity in self.profile.identities {
            match *identity {
                Identity::Document { url, needs_none } => {
                    let none = metadata
                        .token_auth_methods
                        .as_ref()
                        .is_some_and(|methods| methods.iter().any(|method| method == "none"));
                    if metadata.takes_client_documents && (none || !needs_none) {
                        self.identity = Some("metadata document");
                        let Some(url) = url else {
                            let what = "the authorization request, because the client's metadata document differs by connector";
                            return Err(Halt::Unchecked(what.to_owned()));
                        };
                        return Ok((url.to_owned(), true));
                    }
                }
                Identity::Register => {
                    let named = metadata.registration_endpoint.clone();
                    let is_assumed = named.is_none();
                    let Some(endpoint) = named.or_else(|| self.default_registration(metadata))
                    else {
                        continue;
                    };
                    match self.register(&endpoint, scope) {
                        // A failure where the metadata names no endpoint leaves the next way to an id.
                        Err(Halt::Ends(_)) if is_assumed => {}
                        registered => {
                            self.identity = Some("registers itself");
                            return registered.map(|id| (id, false));
                        }
                    }
                }
                Identity::Configured(configured) => {
                    return Err(configured_only(server, configured));
                }
            }
        }
        Err(Halt::Ends(Obstacle {
            step: Step::Registration,
            check: "client-registration-missing",
            detail: "the client has no id and no way to get one".to_owned(),
            exchange: Some(server.number),
        }))
    }

    /// The endpoint that a client of revision 2025-03-26 assumes where the metadata names none.
    fn default_registration(&self, metadata: &ServerMetadata) -> Option<String> {
        if !self.profile.server.default_endpoints {
            return None;
        }
        let issuer: Url = metadata.issuer.as_deref()?.parse().ok()?;
        ServerMetadata::of_default_endpoints(&origin(&issuer)).registration_endpoint
    }

    fn register(&self, endpoint: &str, scope: Option<&str>) -> Step_<String> {
        let step = Step::Registration;
        if !self.limits.register {
            return Err(Halt::Unchecked(
                "registration and what follows it (--no-register)".to_owned(),
            ));
        }
        let ask = Ask::Register {
            endpoint: endpoint.to_owned(),
            body: self.profile.registration.body(scope),
        };
        let (number, response) = self.response(&ask, step)?;
        if self.profile.lane == Lane::Page && !is_shown_to_page(response) {
            let detail = "the registration response lacks Access-Control-Allow-Origin";
            return Err(ends(step, "metadata-cors", detail, number));
        }
        if !response.is_success() {
            let (check, detail) = refused_registration(response, endpoint);
            return Err(ends(step, check, detail, number));
        }
        let Some(client_id) = response.member("client_id") else {
            let detail = format!("{endpoint} responds {} without client_id", response.status);
            return Err(ends(step, "registration-unreadable", detail, number));
        };
        let redirect = self.profile.registration.redirect;
        let kept = registered_redirects(response);
        match kept {
            Some(kept) if !kept.iter().any(|uri| uri == redirect) => {
                let detail = format!(
                    "redirect URI {redirect} was dropped; registered: {}",
                    kept.join(", ")
                );
                return Err(ends(step, "registration-redirect-dropped", detail, number));
            }
            None if self.profile.server.strict => {
                let detail = "the response lacks redirect_uris".to_owned();
                return Err(ends(step, "registration-unreadable", detail, number));
            }
            Some(_) | None => {}
        }
        let method = response.member("token_endpoint_auth_method");
        if method.as_deref().is_some_and(|method| method != "none")
            && response.member("client_secret").is_none()
        {
            let detail = format!(
                "token_endpoint_auth_method became {}, without a client_secret",
                method.unwrap_or_default()
            );
            return Err(ends(step, "registration-secret-missing", detail, number));
        }
        Ok(client_id)
    }

    /// What the browser meets at the authorization endpoint.
    fn authorize(&mut self, metadata: &ServerMetadata, known: &Known) -> Step_<()> {
        let step = Step::AuthorizationRequest;
        let endpoint = metadata.authorization_endpoint.clone().unwrap_or_default();
        let redirect_uri = self.profile.registration.redirect;
        let ask = Ask::Authorize {
            endpoint: endpoint.clone(),
            client_id: known.client_id.clone(),
            redirect_uri: redirect_uri.to_owned(),
            scope: known.scope.clone(),
            resource: known.resource.clone(),
        };
        let (number, response) = self.response(&ask, step)?;
        if let Some(error) = error_of_redirect(response, &endpoint) {
            let detail = format!("the browser is sent back with {error}");
            return Err(ends(step, "authorization-refused", detail, number));
        }
        let detail = format!(
            "{endpoint} responds {}{}",
            response.status,
            reason(response)
        );
        match response.status {
            403 | 429 => {
                let what = format!(
                    "the authorization endpoint, which responds {}",
                    response.status
                );
                self.unchecked.push(what);
                Ok(())
            }
            404 | 405 | 410 | 500.. => {
                Err(ends(step, "authorization-endpoint-broken", detail, number))
            }
            400..=499 if known.by_document => {
                let detail = format!("{} as client_id: {detail}", known.client_id);
                Err(ends(step, "client-document-refused", detail, number))
            }
            400..=499 => Err(ends(step, "authorization-refused", detail, number)),
            _ => Ok(()),
        }
    }

    /// What a code that does not exist meets at the token endpoint: `invalid_grant` is right.
    fn redeem(&self, metadata: &ServerMetadata, known: &Known) -> Step_<()> {
        let step = Step::TokenEndpoint;
        let endpoint = metadata.token_endpoint.clone().unwrap_or_default();
        let ask = Ask::Redeem {
            endpoint: endpoint.clone(),
            client_id: known.client_id.clone(),
            redirect_uri: self.profile.registration.redirect.to_owned(),
            resource: known.resource.clone(),
        };
        let (number, response) = self.response(&ask, step)?;
        if self.profile.lane == Lane::Page && !is_shown_to_page(response) {
            let detail = "the token endpoint's response lacks Access-Control-Allow-Origin";
            return Err(ends(step, "metadata-cors", detail, number));
        }
        let error = response.member("error");
        let detail = format!(
            "{endpoint} responds {}{}",
            response.status,
            reason(response)
        );
        match (response.status, error.as_deref()) {
            (400 | 401, Some("invalid_client" | "unauthorized_client")) => {
                Err(ends(step, "token-endpoint-refuses-client", detail, number))
            }
            (400, Some("unsupported_grant_type")) => {
                Err(ends(step, "token-grant-unsupported", detail, number))
            }
            (400, Some("invalid_target")) => {
                Err(ends(step, "token-resource-refused", detail, number))
            }
            (400..=403, Some(_)) | (429, _) => Ok(()),
            _ => Err(ends(step, "token-endpoint-broken", detail, number)),
        }
    }
}

/// The end where only an id that a person configures helps, or not even that.
fn configured_only(server: &Server, configured: Configured) -> Halt {
    let issuer = server.metadata.issuer.as_deref().unwrap_or_default();
    let obstacle = |check, detail| Obstacle {
        step: Step::Registration,
        check,
        detail,
        exchange: Some(server.number),
    };
    if is_cognito(&server.metadata) && !configured.fixed_redirect {
        let detail = format!(
            "{issuer} is Cognito, which compares redirect URIs with their port, and the client uses a new port and path each time"
        );
        return Halt::Ends(obstacle("redirect-not-fixed", detail));
    }
    let detail = format!(
        "{issuer} takes neither registrations nor client metadata documents; {}",
        configured.how
    );
    Halt::AsksForClientId(obstacle("client-registration-missing", detail))
}

/// Whether the endpoints or the issuer are a Cognito user pool's.
pub(crate) fn is_cognito(metadata: &ServerMetadata) -> bool {
    metadata
        .issuer
        .iter()
        .chain(&metadata.authorization_endpoint)
        .filter_map(|url| Url::parse(url).ok())
        .any(|url| {
            let host = url.host_str().unwrap_or_default().to_owned();
            host.contains("cognito-idp.") || host.ends_with(".amazoncognito.com")
        })
}

/// The redirect URIs of a registration response.
pub(crate) fn registered_redirects(response: &Received) -> Option<Vec<String>> {
    let list = response.json()?.get("redirect_uris")?.as_array()?.clone();
    Some(
        list.iter()
            .filter_map(|uri| uri.as_str().map(str::to_owned))
            .collect(),
    )
}

/// The check that explains a refused registration.
pub(crate) fn refused_registration(response: &Received, endpoint: &str) -> (&'static str, String) {
    let detail = format!(
        "{endpoint} responds {}{}",
        response.status,
        reason(response)
    );
    match response.status {
        500.. => ("registration-server-error", detail),
        404 | 405 | 410 => ("registration-endpoint-broken", detail),
        _ => ("registration-refused", detail),
    }
}

/// `error` and `error_description` of a redirect back to the client.
pub(crate) fn error_of_redirect(response: &Received, endpoint: &str) -> Option<String> {
    let target = response.location(&Url::parse(endpoint).ok()?)?;
    let parameter = |wanted: &str| {
        target
            .query_pairs()
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.into_owned())
    };
    let error = parameter("error")?;
    Some(match parameter("error_description") {
        Some(description) => format!("{error}: {description}"),
        None => error,
    })
}

/// The OAuth error of a response, for a sentence.
pub(crate) fn reason(response: &Received) -> String {
    match (
        response.member("error"),
        response.member("error_description"),
    ) {
        (Some(error), Some(description)) => format!(" ({error}: {description})"),
        (Some(error), None) => format!(" ({error})"),
        _ if response.is_html() => " with a web page".to_owned(),
        _ => response
            .member("message")
            .map_or_else(String::new, |message| format!(" ({message})")),
    }
}

/// What an exchange shows, for the checks of endpoints.
pub(crate) fn shown(exchange: &crate::doctor::evidence::Exchange) -> String {
    let reason = exchange.received().map(reason).unwrap_or_default();
    format!("{}{reason}", cause::shown(exchange))
}
