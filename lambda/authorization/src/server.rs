//! Routes requests, reloads keys and turns failures into responses.

use std::sync::Arc;

use http::{Method, StatusCode, header};
use mcp_lambda_contract::AUTHORIZATION_ENDPOINTS;

use crate::{
    capability::Timestamp,
    context::{AuthorizationServer, Context, RELOAD_SECONDS, SECRETS_SECONDS},
    endpoints::{
        authorize::authorize,
        burn::burn_refused,
        callback::callback,
        consent::consent,
        metadata::{MetadataForm, form_at, metadata},
        register::register,
        revoke::revoke,
        sign_in::{self, sign_in},
        token::token,
    },
    failure::Failure,
    log::LogEvent,
    oauth::request::{Request, Response},
    response::{add_common_headers, empty_answer, json_refusal, set},
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

/// The endpoints beside metadata, in the order of [`AUTHORIZATION_ENDPOINTS`], which names their paths and methods.
const ENDPOINTS: [Endpoint; AUTHORIZATION_ENDPOINTS.len()] = [
    Endpoint::Authorize,
    Endpoint::Consent,
    Endpoint::Callback,
    Endpoint::SignIn,
    Endpoint::Token,
    Endpoint::Register,
    Endpoint::Revoke,
];

impl Endpoint {
    fn of(path: &str, settings: &Settings) -> Option<Self> {
        let mut named = ENDPOINTS.into_iter().zip(AUTHORIZATION_ENDPOINTS);
        named
            .find_map(|(endpoint, (known, _))| (known == path).then_some(endpoint))
            .or_else(|| form_at(path, settings).map(Self::Metadata))
    }

    fn name(self) -> &'static str {
        let mut named = ENDPOINTS.into_iter().zip(AUTHORIZATION_ENDPOINTS);
        named
            .find(|(endpoint, _)| *endpoint == self)
            .map_or("metadata", |(_, (path, _))| path.trim_start_matches('/'))
    }

    fn allow(self) -> &'static str {
        match self {
            Self::Authorize | Self::SignIn | Self::Metadata(_) => "GET, HEAD",
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
        let endpoint = Endpoint::of(&request.path, &self.settings);
        let mut log = LogEvent {
            endpoint: endpoint.map_or("none", Endpoint::name),
            request_id: request.request_id.clone(),
            ..LogEvent::default()
        };
        let answer = match endpoint {
            Some(endpoint) => self.answer(endpoint, request, &mut log, now).await,
            None => Err(Failure::NoSuchPath),
        };
        let mut answer = match answer {
            Ok(answer) => answer,
            Err(failure) => {
                log.failure = Some(failure.name());
                self.refusal(endpoint, request, &failure, &mut log, now)
                    .await
            }
        };
        add_common_headers(&mut answer, &self.settings);
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
        log.status = answer.status().as_u16();
        self.capabilities.log.record(&log);
        answer
    }

    /// A refused callback leaves no redeemable code, and none in the address bar.
    async fn refusal(
        &self,
        endpoint: Option<Endpoint>,
        request: &Request,
        failure: &Failure,
        log: &mut LogEvent,
        now: Timestamp,
    ) -> Response {
        let is_callback = endpoint == Some(Endpoint::Callback) && !request.query.is_empty();
        match sign_in::refused(&self.settings, failure).filter(|_| is_callback) {
            Some(moved_on) => {
                if let Ok(mut context) = self.context(request, log, now).await {
                    burn_refused(&mut context).await;
                }
                moved_on
            }
            None if endpoint.is_some_and(Endpoint::is_page) => self.pages.refusal(failure),
            None => json_refusal(failure),
        }
    }

    async fn context<'a>(
        &'a self,
        request: &'a Request,
        log: &'a mut LogEvent,
        now: Timestamp,
    ) -> Result<Context<'a>, Failure> {
        let keys = self.keys(SECRETS_SECONDS, log, now).await?;
        Ok(Context {
            server: self,
            settings: &self.settings,
            keys,
            request,
            log,
            now,
        })
    }

    async fn answer(
        &self,
        endpoint: Endpoint,
        request: &Request,
        log: &mut LogEvent,
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
            return Ok(metadata(&self.settings, form));
        }
        let mut context = self.context(request, log, now).await?;
        let answer = serve(endpoint, &mut context).await;
        // A value with an unknown key may be sealed with a newer secret: reload the secrets and retry once. This is
        // safe, because a value that does not open has no effect.
        if answer.is_err() && context.keys.keyring.take_unknown_key_seen() {
            let newer = self.keys(RELOAD_SECONDS, context.log, now).await?;
            if !Arc::ptr_eq(&newer, &context.keys) {
                context.keys = newer;
                return serve(endpoint, &mut context).await;
            }
        }
        answer
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
        let mut answer = empty_answer(StatusCode::NO_CONTENT);
        for (name, value) in [
            (header::ACCESS_CONTROL_ALLOW_METHODS, "POST"),
            (
                header::ACCESS_CONTROL_ALLOW_HEADERS,
                "Authorization, Content-Type, MCP-Protocol-Version",
            ),
            (header::ACCESS_CONTROL_MAX_AGE, "3600"),
        ] {
            set(&mut answer, name, value);
        }
        Ok(answer)
    }
}

async fn serve(endpoint: Endpoint, context: &mut Context<'_>) -> Result<Response, Failure> {
    match endpoint {
        Endpoint::Authorize => authorize(context).await,
        Endpoint::Consent => consent(context),
        Endpoint::Callback => callback(context).await,
        Endpoint::SignIn => sign_in(context),
        Endpoint::Token => token(context).await,
        Endpoint::Revoke => revoke(context).await,
        Endpoint::Register => register(context),
        Endpoint::Metadata(form) => Ok(metadata(context.settings, form)),
    }
}

#[cfg(test)]
mod tests {
    use super::{AUTHORIZATION_ENDPOINTS, ENDPOINTS};

    /// The gateway has the methods from the same table.
    #[test]
    fn every_endpoint_takes_the_methods_that_the_gateway_lets_through() {
        for (endpoint, (path, methods)) in ENDPOINTS.into_iter().zip(AUTHORIZATION_ENDPOINTS) {
            let mut taken: Vec<&str> = endpoint.allow().split(", ").collect();
            taken.extend(endpoint.is_shared().then_some("OPTIONS"));
            assert_eq!(taken, methods, "{path}");
        }
    }
}
