//! Checks the `Host` header, so that a foreign page cannot reach a server on loopback through DNS rebinding.

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// The accepted `Host` values of one port.
#[derive(Debug, Clone)]
pub struct LoopbackHost {
    allowed: [String; 2],
}

impl LoopbackHost {
    /// `127.0.0.1:port` and `localhost:port`.
    #[must_use]
    pub fn new(port: u16) -> Self {
        Self {
            allowed: [format!("127.0.0.1:{port}"), format!("localhost:{port}")],
        }
    }

    /// Middleware: 403 for every other `Host`, like a CloudFront distribution for an unknown name. Does not check
    /// `Origin`: the function does, as on AWS.
    pub(crate) async fn check(State(host): State<Self>, request: Request, next: Next) -> Response {
        let asked = request
            .headers()
            .get(header::HOST)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        if host
            .allowed
            .iter()
            .any(|allowed| allowed.eq_ignore_ascii_case(asked))
        {
            return next.run(request).await;
        }
        let message = format!(
            "host {asked:?} is not served here: use http://{}",
            host.allowed[0]
        );
        let body = serde_json::json!({ "message": message }).to_string();
        (
            StatusCode::FORBIDDEN,
            [(header::CONTENT_TYPE, "application/json")],
            body,
        )
            .into_response()
    }
}
