use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::answer::{Answer, gateway_answer};
use crate::function::Function;
use crate::url_event::url_event;

/// How the gateway makes events.
#[derive(Clone, Debug)]
pub enum GatewayOptions {
    /// A REST API with one Lambda proxy integration: payload format 1.0.
    RestApi {
        /// The one path that has an integration, for example `/mcp`; others answer 404.
        path: String,
        /// Claims of the caller, as a Cognito authorizer leaves them: all of them text. Empty: no authorizer.
        claims: BTreeMap<String, String>,
    },
    /// A function URL that anybody may call (`NONE`): payload format 2.0, every path reaches the function.
    FunctionUrl,
}

/// A REST API or a function URL.
pub struct Gateway {
    function: Arc<Function>,
    options: GatewayOptions,
}

impl Gateway {
    /// A gateway in front of this function.
    #[must_use]
    pub fn new(function: Arc<Function>, options: GatewayOptions) -> Arc<Self> {
        Arc::new(Self { function, options })
    }

    /// Answers HTTP/1.1 requests until the listener fails.
    ///
    /// # Errors
    ///
    /// The listener's.
    pub async fn serve(self: Arc<Self>, listener: TcpListener) -> std::io::Result<()> {
        loop {
            let (connection, peer) = listener.accept().await?;
            connection.set_nodelay(true)?;
            let gateway = Arc::clone(&self);
            tokio::spawn(async move {
                let service = service_fn(|request| {
                    let gateway = Arc::clone(&gateway);
                    async move { gateway.answer(request, peer).await }
                });
                // Ends with an error when a client goes away, or an answer is cut off.
                let _ = http1::Builder::new()
                    .serve_connection(TokioIo::new(connection), service)
                    .await;
            });
        }
    }

    async fn answer(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
    ) -> Result<Answer, Infallible> {
        if let GatewayOptions::RestApi { path, .. } = &self.options
            && request.uri().path() != path
        {
            return gateway_answer(StatusCode::NOT_FOUND, "Not Found");
        }
        let (parts, body) = request.into_parts();
        let Ok(body) = body.collect().await else {
            return gateway_answer(StatusCode::BAD_REQUEST, "Bad Request");
        };
        let body = body.to_bytes();
        let event = match &self.options {
            GatewayOptions::RestApi { claims, .. } => proxy_event(&parts, &body, peer, claims),
            GatewayOptions::FunctionUrl => url_event(&parts, &body, peer),
        };
        match self.function.invoke(event).await {
            Ok(answer) => Ok(answer),
            Err(failure) => {
                let message = match failure.status() {
                    StatusCode::GATEWAY_TIMEOUT => "Endpoint request timed out",
                    _ => "Internal server error",
                };
                report(&format!("{} {}: {failure}", parts.method, parts.uri));
                gateway_answer(failure.status(), message)
            }
        }
    }
}

/// The event of a REST API's proxy integration, payload format 1.0.
fn proxy_event(
    parts: &Parts,
    body: &Bytes,
    peer: SocketAddr,
    claims: &BTreeMap<String, String>,
) -> Bytes {
    let path = parts.uri.path();
    let mut headers = Map::new();
    let mut multi_value_headers = Map::new();
    for name in parts.headers.keys() {
        let values: Vec<Value> = parts
            .headers
            .get_all(name)
            .iter()
            .map(|value| {
                String::from_utf8_lossy(value.as_bytes())
                    .into_owned()
                    .into()
            })
            .collect();
        if let Some(last) = values.last() {
            headers.insert(name.to_string(), last.clone());
        }
        multi_value_headers.insert(name.to_string(), values.into());
    }
    for (name, value) in [
        ("X-Forwarded-For", peer.ip().to_string()),
        ("X-Forwarded-Proto", "https".to_owned()),
    ] {
        headers.insert(name.to_owned(), value.clone().into());
        multi_value_headers.insert(name.to_owned(), json!([value]));
    }
    let host = parts
        .headers
        .get("host")
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    let mut event = json!({
        "resource": path,
        "path": path,
        "httpMethod": parts.method.as_str(),
        "headers": headers,
        "multiValueHeaders": multi_value_headers,
        "queryStringParameters": null,
        "multiValueQueryStringParameters": null,
        "pathParameters": null,
        "stageVariables": null,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "undertest0",
            "domainName": host,
            "httpMethod": parts.method.as_str(),
            "identity": { "sourceIp": peer.ip().to_string() },
            "path": format!("/prod{path}"),
            "protocol": "HTTP/1.1",
            "requestId": Uuid::new_v4().to_string(),
            "resourcePath": path,
            "stage": "prod",
        },
        "body": if body.is_empty() { Value::Null } else { String::from_utf8_lossy(body).into_owned().into() },
        "isBase64Encoded": false,
    });
    if !claims.is_empty() {
        event["requestContext"]["authorizer"] = json!({ "claims": claims });
    }
    event.to_string().into()
}
/// The gateway's log.
#[expect(
    clippy::print_stderr,
    reason = "a test's program, whose log is the standard error stream"
)]
fn report(text: &str) {
    eprintln!("gateway: {text}");
}
