//! A client of the Lambda Runtime API: fetches invocations and posts responses and errors.

use std::convert::Infallible;
use std::fmt::Display;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{HOST, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpStream;
use tokio::sync::Mutex;

use crate::deadline::Deadline;
use crate::invocation_ids::InvocationIds;
use crate::start_error::StartError;

const VERSION: &str = "/2018-06-01";
/// The `User-Agent` of this library.
pub const NAME: &str = concat!("mcp-lambda/", env!("CARGO_PKG_VERSION"));
/// The header with the type of a function's error.
pub const ERROR_TYPE: &str = "Lambda-Runtime-Function-Error-Type";

/// The body of a post, buffered or streamed.
pub type ApiBody = BoxBody<Bytes, Infallible>;

/// A buffered body.
pub fn whole(body: impl Into<Bytes>) -> ApiBody {
    Full::new(body.into()).boxed()
}

/// A client of the Lambda Runtime API.
///
/// One connection, because there is one request at a time, and `TCP_NODELAY`, without which every streamed response
/// waits some 40 ms for a delayed acknowledgement. A connection that the peer has closed is replaced.
pub struct RuntimeApi {
    address: String,
    host: HeaderValue,
    connection: Mutex<Option<SendRequest<ApiBody>>>,
}

/// One invocation from the Runtime API.
pub struct Invocation {
    /// Its identifiers.
    pub ids: InvocationIds,
    /// When it ends.
    pub deadline: Deadline,
    /// The event, as JSON.
    pub event: Bytes,
}

impl RuntimeApi {
    /// A client for the address in `AWS_LAMBDA_RUNTIME_API`; it connects with the first call.
    ///
    /// # Errors
    ///
    /// [`StartError::RuntimeApi`] when the string is not an address.
    pub fn new(address: &str) -> Result<Self, StartError> {
        let failed = |cause: &dyn Display| {
            StartError::RuntimeApi(format!(
                "AWS_LAMBDA_RUNTIME_API={address:?} is not an address: {cause}"
            ))
        };
        let authority = address.trim_start_matches("http://");
        let endpoint: Uri = format!("http://{authority}")
            .parse()
            .map_err(|error: http::uri::InvalidUri| failed(&error))?;
        let host = endpoint
            .authority()
            .ok_or_else(|| failed(&"it has no host"))?;
        Ok(Self {
            address: match host.port_u16() {
                Some(_) => host.as_str().to_owned(),
                None => format!("{host}:80"),
            },
            host: HeaderValue::from_str(host.as_str()).map_err(|error| failed(&error))?,
            connection: Mutex::new(None),
        })
    }

    async fn call(&self, request: Request<ApiBody>) -> Result<Response<Incoming>, StartError> {
        let mut connection = self.connection.lock().await;
        let mut sender = match usable(connection.take()).await {
            Some(sender) => sender,
            None => self.connect().await?,
        };
        let response = match sender.try_send_request(request).await {
            Ok(response) => response,
            // The connection was closed before anything was sent on it: retry with a new one.
            Err(mut error) => match error.take_message() {
                None => return Err(unreachable(error.into_error())),
                Some(request) => {
                    sender = self.connect().await?;
                    sender.send_request(request).await.map_err(unreachable)?
                }
            },
        };
        *connection = Some(sender);
        Ok(response)
    }

    async fn connect(&self) -> Result<SendRequest<ApiBody>, StartError> {
        let stream = TcpStream::connect(&self.address)
            .await
            .map_err(unreachable)?;
        stream.set_nodelay(true).map_err(unreachable)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(unreachable)?;
        // Ends with the connection; its users get the error.
        tokio::spawn(connection);
        Ok(sender)
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        body: ApiBody,
    ) -> Result<Request<ApiBody>, StartError> {
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = format!("{VERSION}{path}")
            .parse()
            .map_err(|error: http::uri::InvalidUri| unreachable(error))?;
        let headers = request.headers_mut();
        headers.insert(HOST, self.host.clone());
        headers.insert(USER_AGENT, HeaderValue::from_static(NAME));
        Ok(request)
    }

    /// Posts a response or an error.
    ///
    /// # Errors
    ///
    /// [`StartError::RuntimeApi`] when the Runtime API is unreachable or refuses the post.
    pub async fn post(
        &self,
        path: &str,
        headers: &[(&'static str, &'static str)],
        body: ApiBody,
    ) -> Result<(), StartError> {
        let mut request = self.request(Method::POST, path, body)?;
        for (name, value) in headers {
            let name = http::HeaderName::try_from(*name).map_err(unreachable)?;
            request
                .headers_mut()
                .insert(name, HeaderValue::from_static(value));
        }
        let response = self.call(request).await?;
        if !response.status().is_success() {
            return Err(StartError::RuntimeApi(format!(
                "POST {path} answered {}",
                response.status()
            )));
        }
        // Reading the rest frees the connection.
        let _ = response.into_body().collect().await;
        Ok(())
    }

    /// Waits for the next invocation.
    ///
    /// # Errors
    ///
    /// [`StartError::RuntimeApi`] when the Runtime API is unreachable or breaks its protocol.
    pub async fn next(&self, now: fn() -> SystemTime) -> Result<Invocation, StartError> {
        let request = self.request(Method::GET, "/runtime/invocation/next", whole(Bytes::new()))?;
        let response = self.call(request).await?;
        let status = response.status();
        if !status.is_success() {
            return Err(StartError::RuntimeApi(format!(
                "the next invocation answered {status}"
            )));
        }
        let ids = InvocationIds {
            trace_id: text(response.headers(), "lambda-runtime-trace-id"),
            request_id: text(response.headers(), "lambda-runtime-aws-request-id").ok_or_else(
                || StartError::RuntimeApi("an invocation has no request id".to_owned()),
            )?,
        };
        let deadline = text(response.headers(), "lambda-runtime-deadline-ms")
            .and_then(|milliseconds| milliseconds.parse().ok())
            .and_then(|milliseconds| {
                SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(milliseconds))
            })
            .map_or_else(Deadline::none, |end| {
                Deadline::after(end.duration_since(now()).unwrap_or_default())
            });
        let event = response.into_body().collect().await;
        let event = event
            .map_err(|error| StartError::RuntimeApi(error.to_string()))?
            .to_bytes();
        Ok(Invocation {
            ids,
            deadline,
            event,
        })
    }

    /// What has started; reports to Lambda why it cannot start otherwise.
    ///
    /// # Errors
    ///
    /// The reason, or that of [`RuntimeApi::post`].
    pub async fn started<T>(&self, start: Result<T, StartError>) -> Result<T, StartError> {
        if let Err(error) = &start {
            let body =
                json!({ "errorType": error.name(), "errorMessage": error.to_string() }).to_string();
            let headers = [(ERROR_TYPE, error.name())];
            self.post("/runtime/init/error", &headers, whole(body))
                .await?;
        }
        start
    }
}

/// The connection, unless the peer has closed it meanwhile.
async fn usable(connection: Option<SendRequest<ApiBody>>) -> Option<SendRequest<ApiBody>> {
    let mut sender = connection?;
    sender.ready().await.ok()?;
    Some(sender)
}

fn unreachable(cause: impl Display) -> StartError {
    StartError::RuntimeApi(cause.to_string())
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned)
}
