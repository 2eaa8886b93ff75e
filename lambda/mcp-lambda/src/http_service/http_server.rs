//! Responds to the requests of the plain HTTP mode, within its limits.

use std::error::Error;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use http_body::Body;
use http_body_util::BodyExt;
use mcp_lambda_contract::HEALTH_PATH;
use rmcp::ServerHandler;
use tokio::sync::Semaphore;

use crate::endpoint::refusal::Refusal;
use crate::http_service::health::{self, NotReady};
use crate::http_service::held_body::HeldBody;
use crate::http_service::open_work::OpenWork;
use crate::http_service::resource_server::ResourceServer;
use crate::http_settings::HttpSettings;
use crate::runtime::deadline::Deadline;
use crate::runtime::response::Response;
use crate::runtime::shutdown::Shutdown;
use crate::trusted_proxies::TrustedProxies;
use crate::work_permit::semaphore;

/// The server of the plain HTTP mode, for all its connections.
pub(crate) struct HttpServer<S: ServerHandler> {
    resource_server: ResourceServer<S>,
    proxies: TrustedProxies,
    /// One permit for each further request.
    requests: Arc<Semaphore>,
    call: Duration,
    shutdown: Shutdown,
}

impl<S: ServerHandler> HttpServer<S> {
    pub(crate) fn new(
        resource_server: ResourceServer<S>,
        settings: &HttpSettings,
        shutdown: Shutdown,
    ) -> Self {
        Self {
            resource_server,
            proxies: settings.trusted_proxies.clone().unwrap_or_default(),
            requests: semaphore(settings.requests.get()),
            call: settings.call.0,
            shutdown,
        }
    }

    /// Fetches the issuer's keys, so that the server becomes ready before its first request.
    pub(crate) async fn fetch_keys(&self) {
        self.resource_server.fetch_keys().await;
    }

    /// Handles one request of this peer. Work that goes on after the response keeps `open`.
    pub(crate) async fn respond<B>(
        &self,
        mut request: Request<B>,
        peer: IpAddr,
        open: &OpenWork,
    ) -> Response
    where
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        self.proxies.apply(peer, request.headers_mut());
        if let Some(health) = self.health(&request) {
            return health;
        }
        let Ok(admitted) = Arc::clone(&self.requests).try_acquire_owned() else {
            return self.refuse(&request);
        };
        let deadline = Deadline::after(self.call);
        let reply = self.resource_server.respond(request, deadline, None).await;
        if let Some(tail) = reply.tail {
            let open = open.clone();
            tokio::spawn(async move {
                tail.finish(deadline).await;
                drop(open);
            });
        }
        reply
            .response
            .map(|body| HeldBody::new(body, admitted).boxed())
    }

    /// The response to the request of a connection above the limit. A server that has as many as it takes is healthy.
    pub(crate) fn respond_above_limit<B>(&self, request: &Request<B>) -> Response {
        let health = self.health(request);
        health.unwrap_or_else(|| self.refuse(request))
    }

    fn refuse<B>(&self, request: &Request<B>) -> Response {
        let path = request.uri().path();
        self.resource_server.refuse(path, Refusal::Overloaded)
    }

    /// The response to a health check; `None` for any other request.
    fn health<B>(&self, request: &Request<B>) -> Option<Response> {
        let path = request.uri().path();
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        let is_check = path == HEALTH_PATH && path != self.resource_server.mcp_path() && is_read;
        is_check.then(|| health::respond(request.method(), self.is_ready()))
    }

    fn is_ready(&self) -> Result<(), NotReady> {
        if self.shutdown.has_begun() {
            return Err(NotReady::ShuttingDown);
        }
        if self.resource_server.has_keys() {
            Ok(())
        } else {
            Err(NotReady::NoKeys)
        }
    }
}
