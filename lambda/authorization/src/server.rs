//! The server: routes, keys, and the one place where a failure becomes an answer.

use std::sync::{Arc, Mutex};

use http::{HeaderName, Method, StatusCode, header};

use crate::{
    answer::{empty_answer, json_answer, json_refusal, set},
    authorize::authorize,
    burn::burn_refused,
    callback::callback,
    capability::{Capabilities, Timestamp},
    client::{DocumentCache, FetchBudgets, KnownClient, client_digest, register},
    consent::consent,
    failure::Failure,
    issued::Mismatch,
    log::LogEvent,
    metadata::{MetadataForm, authorization_server_metadata, form_at},
    page::Pages,
    request::{Request, Response},
    revoke::revoke,
    seal::Keyring,
    secret::Secret,
    settings::Settings,
    sign_in::{self, sign_in},
    token::token,
};

/// Secrets are read again after this time, so that a rotation reaches warm functions.
const SECRETS_SECONDS: u64 = 5 * 60;
/// An unknown key id makes them be read again, but not more often than this.
const RELOAD_SECONDS: u64 = 10;
/// If the secrets cannot be read again, the last ones are used this long.
const STALE_SECONDS: u64 = 60 * 60;

/// The authorization server. Keeps nothing about anybody between requests: only accepted metadata documents (public),
/// counters of its fetches, and its keys.
pub struct AuthorizationServer {
    pub(crate) settings: Settings,
    pub(crate) capabilities: Capabilities,
    pub(crate) pages: Pages,
    pub(crate) documents: DocumentCache,
    pub(crate) fetches: FetchBudgets,
    loaded: Mutex<Option<Arc<Loaded>>>,
}

/// Keys in use.
pub(crate) struct Loaded {
    pub(crate) keyring: Keyring,
    pub(crate) cognito_client: Option<Secret>,
    at: Timestamp,
}

/// What the log will say.
#[derive(Default)]
pub(crate) struct Visit {
    pub(crate) failure: Option<&'static str>,
    mismatch: Option<&'static str>,
    pub(crate) detail: Option<&'static str>,
    client_registration: Option<&'static str>,
    client_digest: Option<String>,
    pub(crate) client_host: Option<String>,
}

impl Visit {
    /// A client that is known here.
    pub(crate) fn client(&mut self, kind: &'static str, client_id: &str) {
        self.client_registration = Some(kind);
        self.client_digest = Some(client_digest(client_id).to_hex());
    }

    /// A client that is known at `/token` or `/revoke`.
    pub(crate) fn known_client(&mut self, client: &KnownClient) {
        self.client_registration = Some(client.kind);
        self.client_digest = Some(client.digest.to_hex());
        self.client_host.clone_from(&client.host);
    }

    /// Tokens of Cognito that were refused, and whether their refresh tokens could be revoked.
    pub(crate) fn refused_tokens(&mut self, mismatch: Mismatch, revoked: bool) {
        self.mismatch = Some(mismatch.name());
        if !revoked {
            self.detail = Some("the refresh token could not be revoked at Cognito");
        }
    }

    /// From a sealed value, back to one of our own words.
    pub(crate) fn client_by_name(&mut self, kind: &str) {
        self.client_registration = ["preRegistered", "metadataDocument", "registered"]
            .into_iter()
            .find(|known| *known == kind);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Endpoint {
    Authorize,
    Consent,
    Callback,
    SignIn,
    Token,
    Register,
    Revoke,
    Metadata(MetadataForm),
}

impl Endpoint {
    fn of(path: &str, settings: &Settings) -> Option<Self> {
        match path {
            "/authorize" => Some(Self::Authorize),
            "/consent" => Some(Self::Consent),
            "/callback" => Some(Self::Callback),
            "/sign-in" => Some(Self::SignIn),
            "/token" => Some(Self::Token),
            "/register" => Some(Self::Register),
            "/revoke" => Some(Self::Revoke),
            _ => form_at(path, settings).map(Self::Metadata),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Authorize => "authorize",
            Self::Consent => "consent",
            Self::Callback => "callback",
            Self::SignIn => "sign-in",
            Self::Token => "token",
            Self::Register => "register",
            Self::Revoke => "revoke",
            Self::Metadata(_) => "metadata",
        }
    }

    fn allow(self) -> &'static str {
        match self {
            Self::Authorize | Self::SignIn | Self::Metadata(_) => "GET, HEAD",
            // Not HEAD, which promises to change nothing: a callback ends its sign-in, and a refused one burns the code.
            Self::Callback => "GET",
            Self::Consent | Self::Token | Self::Register | Self::Revoke => "POST",
        }
    }

    fn takes(self, method: &Method) -> bool {
        self.allow()
            .split(", ")
            .any(|allowed| allowed == method.as_str())
    }

    /// Whether people look at the answers, in a browser.
    fn is_page(self) -> bool {
        matches!(
            self,
            Self::Authorize | Self::Consent | Self::Callback | Self::SignIn
        )
    }

    /// Whether programs in listed web origins may read the answers. Never the pages.
    fn is_shared(self) -> bool {
        matches!(self, Self::Token | Self::Register | Self::Revoke)
    }
}

impl AuthorizationServer {
    /// Builds the server. Reads no secret and opens no connection: that waits for the first request.
    pub fn new(settings: Settings, capabilities: Capabilities) -> Self {
        Self {
            pages: Pages::new(&settings),
            fetches: FetchBudgets::new(&settings.redirects),
            settings,
            capabilities,
            documents: DocumentCache::default(),
            loaded: Mutex::new(None),
        }
    }

    /// The settings it was built with.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Answers one request. Every refusal becomes an answer; there is no error beside it.
    pub async fn handle(&self, request: &Request, now: Timestamp) -> Response {
        let mut visit = Visit::default();
        let endpoint = Endpoint::of(&request.path, &self.settings);
        let answer = match endpoint {
            Some(endpoint) => self.answer(endpoint, request, &mut visit, now).await,
            None => Err(Failure::NoSuchPath),
        };
        let mut answer = match answer {
            Ok(answer) => answer,
            Err(failure) => {
                visit.failure = Some(failure.name());
                self.refusal(endpoint, request, &failure, &mut visit, now)
                    .await
            }
        };
        if let Some(origin) = self.shared_with(endpoint, request) {
            set(&mut answer, header::ACCESS_CONTROL_ALLOW_ORIGIN, &origin);
        }
        if endpoint.is_some_and(Endpoint::is_shared) {
            set(&mut answer, header::VARY, "Origin");
        }
        // The body alone is left out: RFC 9110 section 9.3.2.
        if request.method == Method::HEAD {
            answer.body_mut().clear();
        }
        self.capabilities.log.record(&LogEvent {
            endpoint: endpoint.map_or("none", Endpoint::name),
            status: answer.status().as_u16(),
            failure: visit.failure,
            mismatch: visit.mismatch,
            detail: visit.detail,
            client_registration: visit.client_registration,
            client_digest: visit.client_digest,
            client_host: visit.client_host,
            request_id: request.request_id.clone(),
        });
        answer
    }

    async fn refusal(
        &self,
        endpoint: Option<Endpoint>,
        request: &Request,
        failure: &Failure,
        visit: &mut Visit,
        now: Timestamp,
    ) -> Response {
        match endpoint {
            Some(Endpoint::Callback) if !request.query.is_empty() => {
                self.refused_callback(request, failure, visit, now).await
            }
            Some(endpoint) if endpoint.is_page() => self.pages.refusal(&self.settings, failure),
            Some(_) | None => json_refusal(&self.settings, failure),
        }
    }

    /// A sign-in that ends here leaves no code behind that could still be redeemed, and none in the address bar.
    async fn refused_callback(
        &self,
        request: &Request,
        failure: &Failure,
        visit: &mut Visit,
        now: Timestamp,
    ) -> Response {
        let Some(moved_on) = sign_in::refused(&self.settings, failure) else {
            return self.pages.refusal(&self.settings, failure);
        };
        if let Ok(loaded) = self.keys(None, visit, now).await {
            burn_refused(self, &loaded, request, visit).await;
        }
        moved_on
    }

    async fn answer(
        &self,
        endpoint: Endpoint,
        request: &Request,
        visit: &mut Visit,
        now: Timestamp,
    ) -> Result<Response, Failure> {
        if request.method == Method::OPTIONS && endpoint.is_shared() {
            return self.preflight(endpoint, request);
        }
        if !endpoint.takes(&request.method) {
            return Err(Failure::MethodNotAllowed {
                allow: endpoint.allow(),
            });
        }
        if let Endpoint::Metadata(form) = endpoint {
            return Ok(json_answer(
                &self.settings,
                StatusCode::OK,
                &authorization_server_metadata(&self.settings, form),
            ));
        }
        let loaded = self.keys(None, visit, now).await?;
        let answer = self.serve(endpoint, &loaded, request, visit, now).await;
        // A value of a key we do not know may be of a newer secret than ours: look, and try once more. Nothing was done
        // with it yet, because nothing is done with a value that does not open.
        if answer.is_err() && loaded.keyring.take_unknown_key_seen() {
            let newer = self.keys(Some(&loaded), visit, now).await?;
            if !Arc::ptr_eq(&newer, &loaded) {
                return self.serve(endpoint, &newer, request, visit, now).await;
            }
        }
        answer
    }

    async fn serve(
        &self,
        endpoint: Endpoint,
        loaded: &Loaded,
        request: &Request,
        visit: &mut Visit,
        now: Timestamp,
    ) -> Result<Response, Failure> {
        match endpoint {
            Endpoint::Authorize => authorize(self, loaded, request, visit, now).await,
            Endpoint::Consent => consent(self, loaded, request, visit, now),
            Endpoint::Callback => callback(self, loaded, request, visit, now).await,
            Endpoint::SignIn => sign_in(self, loaded, request, now),
            Endpoint::Token => token(self, loaded, request, visit, now).await,
            Endpoint::Revoke => revoke(self, loaded, request, visit, now).await,
            Endpoint::Register => {
                let randomness = self.capabilities.randomness.as_ref();
                let body = register(request, &self.settings, &loaded.keyring, randomness, now)?;
                visit.client("registered", body["client_id"].as_str().unwrap_or_default());
                Ok(json_answer(&self.settings, StatusCode::CREATED, &body))
            }
            Endpoint::Metadata(form) => Ok(json_answer(
                &self.settings,
                StatusCode::OK,
                &authorization_server_metadata(&self.settings, form),
            )),
        }
    }

    /// The keys: those in memory, or read again when they are old or `outdated` knows less than a client does.
    async fn keys(
        &self,
        outdated: Option<&Arc<Loaded>>,
        visit: &mut Visit,
        now: Timestamp,
    ) -> Result<Arc<Loaded>, Failure> {
        let in_memory = self.loaded.lock().ok().and_then(|loaded| loaded.clone());
        let limit = if outdated.is_some() {
            RELOAD_SECONDS
        } else {
            SECRETS_SECONDS
        };
        if let Some(loaded) = in_memory
            .as_ref()
            .filter(|loaded| now.since(loaded.at) < limit)
        {
            return Ok(Arc::clone(loaded));
        }
        match self.capabilities.secrets.load(now).await {
            Ok(stored) => {
                let keyring = Keyring::derive(
                    &self.settings.issuer,
                    &stored.sealing,
                    stored.previous_sealing.as_ref(),
                )
                .ok_or(Failure::SecretsUnavailable)?;
                let loaded = Arc::new(Loaded {
                    keyring,
                    cognito_client: stored.cognito_client,
                    at: now,
                });
                if let Ok(mut slot) = self.loaded.lock() {
                    *slot = Some(Arc::clone(&loaded));
                }
                Ok(loaded)
            }
            Err(unavailable) => {
                visit.detail = Some(unavailable.0);
                in_memory
                    .filter(|loaded| now.since(loaded.at) < STALE_SECONDS)
                    .ok_or(Failure::SecretsUnavailable)
            }
        }
    }

    /// The origin to name in `Access-Control-Allow-Origin`: a listed one that asks, never `*`.
    fn shared_with(&self, endpoint: Option<Endpoint>, request: &Request) -> Option<String> {
        let origin = request.header(header::ORIGIN)?;
        let listed = self
            .settings
            .allowed_origins
            .iter()
            .any(|allowed| allowed == origin);
        (listed && endpoint.is_some_and(Endpoint::is_shared)).then(|| origin.to_owned())
    }

    fn preflight(&self, endpoint: Endpoint, request: &Request) -> Result<Response, Failure> {
        self.shared_with(Some(endpoint), request)
            .ok_or(Failure::OriginNotAllowed)?;
        let mut answer = empty_answer(&self.settings, StatusCode::NO_CONTENT);
        set(&mut answer, header::ACCESS_CONTROL_ALLOW_METHODS, "POST");
        set(
            &mut answer,
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "Authorization, Content-Type, MCP-Protocol-Version",
        );
        set(
            &mut answer,
            HeaderName::from_static("access-control-max-age"),
            "3600",
        );
        Ok(answer)
    }
}
