//! Routes requests, reloads keys and turns failures into responses.

use std::sync::Arc;

use http::{HeaderName, Method, StatusCode, header};

use crate::{
    capability::Timestamp,
    client::register,
    context::{AuthorizationServer, Keys, RequestLog},
    endpoints::burn::burn_refused,
    endpoints::{
        authorize::authorize,
        callback::callback,
        consent::consent,
        metadata::{MetadataForm, authorization_server_metadata, form_at},
        revoke::revoke,
        sign_in::{self, sign_in},
        token::token,
    },
    failure::Failure,
    log::LogEvent,
    oauth::request::{Request, Response},
    response::{empty_answer, json_answer, json_refusal, set},
    settings::{Origin, Settings},
};

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

    /// Whether people see the responses in a browser.
    fn is_page(self) -> bool {
        matches!(
            self,
            Self::Authorize | Self::Consent | Self::Callback | Self::SignIn
        )
    }

    /// Whether programs in listed web origins may read the responses. Never the pages.
    fn is_shared(self) -> bool {
        matches!(self, Self::Token | Self::Register | Self::Revoke)
    }
}

impl AuthorizationServer {
    /// Handles one request. Every refusal becomes a response; there is no separate error.
    pub async fn handle(&self, request: &Request, now: Timestamp) -> Response {
        let mut request_log = RequestLog::default();
        let endpoint = Endpoint::of(&request.path, &self.settings);
        let answer = match endpoint {
            Some(endpoint) => self.answer(endpoint, request, &mut request_log, now).await,
            None => Err(Failure::NoSuchPath),
        };
        let mut answer = match answer {
            Ok(answer) => answer,
            Err(failure) => {
                request_log.failure = Some(failure.name());
                self.refusal(endpoint, request, &failure, &mut request_log, now)
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
            failure: request_log.failure,
            mismatch: request_log.mismatch,
            detail: request_log.detail,
            client_registration: request_log.client_registration,
            client_digest: request_log.client_digest,
            client_host: request_log.client_host,
            request_id: request.request_id.clone(),
        });
        answer
    }

    async fn refusal(
        &self,
        endpoint: Option<Endpoint>,
        request: &Request,
        failure: &Failure,
        request_log: &mut RequestLog,
        now: Timestamp,
    ) -> Response {
        match endpoint {
            Some(Endpoint::Callback) if !request.query.is_empty() => {
                self.refused_callback(request, failure, request_log, now)
                    .await
            }
            Some(endpoint) if endpoint.is_page() => self.pages.refusal(&self.settings, failure),
            Some(_) | None => json_refusal(&self.settings, failure),
        }
    }

    /// A refused callback leaves no redeemable code, and none in the address bar.
    async fn refused_callback(
        &self,
        request: &Request,
        failure: &Failure,
        request_log: &mut RequestLog,
        now: Timestamp,
    ) -> Response {
        let Some(moved_on) = sign_in::refused(&self.settings, failure) else {
            return self.pages.refusal(&self.settings, failure);
        };
        if let Ok(keys) = self.keys(None, request_log, now).await {
            burn_refused(self, &keys, request, request_log).await;
        }
        moved_on
    }

    async fn answer(
        &self,
        endpoint: Endpoint,
        request: &Request,
        request_log: &mut RequestLog,
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
        let keys = self.keys(None, request_log, now).await?;
        let answer = self.serve(endpoint, &keys, request, request_log, now).await;
        // A value with an unknown key may be sealed with a newer secret: reload the secrets and retry once. This is
        // safe, because a value that does not open has no effect.
        if answer.is_err() && keys.keyring.take_unknown_key_seen() {
            let newer = self.keys(Some(&keys), request_log, now).await?;
            if !Arc::ptr_eq(&newer, &keys) {
                return self
                    .serve(endpoint, &newer, request, request_log, now)
                    .await;
            }
        }
        answer
    }

    async fn serve(
        &self,
        endpoint: Endpoint,
        keys: &Keys,
        request: &Request,
        request_log: &mut RequestLog,
        now: Timestamp,
    ) -> Result<Response, Failure> {
        match endpoint {
            Endpoint::Authorize => authorize(self, keys, request, request_log, now).await,
            Endpoint::Consent => consent(self, keys, request, request_log, now),
            Endpoint::Callback => callback(self, keys, request, request_log, now).await,
            Endpoint::SignIn => sign_in(self, keys, request, now),
            Endpoint::Token => token(self, keys, request, request_log, now).await,
            Endpoint::Revoke => revoke(self, keys, request, request_log, now).await,
            Endpoint::Register => {
                let randomness = self.capabilities.randomness.as_ref();
                let body = register(request, &self.settings, &keys.keyring, randomness, now)?;
                request_log.client("registered", body["client_id"].as_str().unwrap_or_default());
                Ok(json_answer(&self.settings, StatusCode::CREATED, &body))
            }
            Endpoint::Metadata(form) => Ok(json_answer(
                &self.settings,
                StatusCode::OK,
                &authorization_server_metadata(&self.settings, form),
            )),
        }
    }

    /// The origin to name in `Access-Control-Allow-Origin`: a listed one that asks, never `*`.
    fn shared_with(&self, endpoint: Option<Endpoint>, request: &Request) -> Option<String> {
        let origin = request.header(header::ORIGIN)?;
        let listed = self
            .settings
            .edge
            .allowed_origins
            .0
            .iter()
            .any(|Origin(allowed)| allowed == origin);
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
