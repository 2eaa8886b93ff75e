//! Responses with the headers that every one of them needs.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full};
use mcp_lambda_runtime::response::Response;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;

/// A response, and what goes on after it.
pub struct Reply {
    /// The response.
    pub response: Response,
    /// A turn that goes on when its browser has left. A function waits for it.
    pub turn: Option<JoinHandle<()>>,
}

impl From<Response> for Reply {
    fn from(response: Response) -> Self {
        Self {
            response,
            turn: None,
        }
    }
}

/// No inline script and no inline style: what gets into a page nevertheless does nothing. Images of results are in the page itself.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
    frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Headers of every response that has none of its own.
const COMMON: [(HeaderName, &str); 6] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::REFERRER_POLICY, "same-origin"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
];

/// Adds the headers of every response.
pub(crate) fn add_common_headers(response: &mut Response, is_secure: bool) {
    for (name, value) in COMMON {
        let value = HeaderValue::from_static(value);
        response.headers_mut().entry(name).or_insert(value);
    }
    if is_secure {
        let name = header::STRICT_TRANSPORT_SECURITY;
        set(response, name, "max-age=31536000");
    }
}

/// A body of a media type.
pub(crate) fn body(status: StatusCode, media_type: &str, body: impl Into<Bytes>) -> Response {
    let mut response = Response::new(Full::new(body.into()).boxed());
    *response.status_mut() = status;
    set(&mut response, header::CONTENT_TYPE, media_type);
    response
}

/// A page, or a piece of one.
pub(crate) fn html(status: StatusCode, html: String) -> Response {
    body(status, "text/html; charset=utf-8", html)
}

/// Another page of this origin, by GET.
pub(crate) fn see(path: &str) -> Response {
    let mut response = body(StatusCode::SEE_OTHER, "text/plain; charset=utf-8", "");
    set(&mut response, header::LOCATION, path);
    response
}

/// Server-sent events, each written as soon as it is there.
pub(crate) fn events(events: UnboundedReceiver<Bytes>) -> Response {
    let mut response = Response::new(BodyExt::boxed(Events(events)));
    set(&mut response, header::CONTENT_TYPE, "text/event-stream");
    // Proxies that look for it do not collect the events.
    set(
        &mut response,
        HeaderName::from_static("x-accel-buffering"),
        "no",
    );
    response
}

struct Events(UnboundedReceiver<Bytes>);

impl Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let event = self.0.poll_recv(context);
        event.map(|event| event.map(|event| Ok(Frame::data(event))))
    }
}

/// Adds a header.
pub(crate) fn set(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().append(name, value);
    }
}
