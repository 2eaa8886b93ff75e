use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::function::Function;

/// How often Lambda hands over an event whose invocation fails.
const ATTEMPTS: u32 = 3;

/// `Invoke` of Lambda's API with the invocation type `Event`, for this one function.
///
/// It delivers an event again at once where Lambda waits for a minute and more, and can deliver every event twice, which
/// Lambda may do. It does not check signatures.
pub struct LambdaApi {
    function: Arc<Function>,
    deliveries: u32,
}

impl LambdaApi {
    /// The API in front of this function.
    #[must_use]
    pub fn new(function: Arc<Function>, delivers_twice: bool) -> Arc<Self> {
        Arc::new(Self {
            function,
            deliveries: if delivers_twice { 2 } else { 1 },
        })
    }

    /// Answers HTTP/1.1 requests until the listener fails.
    ///
    /// # Errors
    ///
    /// The listener's.
    pub async fn serve(self: Arc<Self>, listener: TcpListener) -> std::io::Result<()> {
        loop {
            let (connection, _) = listener.accept().await?;
            connection.set_nodelay(true)?;
            let api = Arc::clone(&self);
            tokio::spawn(async move {
                let service = service_fn(|request| {
                    let api = Arc::clone(&api);
                    async move { Ok::<_, Infallible>(api.answer(request).await) }
                });
                // Ends with an error when the function's process is killed.
                let _ = http1::Builder::new()
                    .serve_connection(TokioIo::new(connection), service)
                    .await;
            });
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let is_event = request
            .headers()
            .get("x-amz-invocation-type")
            .is_some_and(|kind| kind == "Event");
        if request.uri().path() != "/2015-03-31/functions/under-test/invocations" {
            return status(StatusCode::NOT_FOUND);
        }
        let Ok(event) = request.into_body().collect().await else {
            return status(StatusCode::BAD_REQUEST);
        };
        if !is_event {
            return status(StatusCode::BAD_REQUEST);
        }
        let event = event.to_bytes();
        for _ in 0..self.deliveries {
            tokio::spawn(deliver(Arc::clone(&self.function), event.clone()));
        }
        status(StatusCode::ACCEPTED)
    }
}

async fn deliver(function: Arc<Function>, event: Bytes) {
    for _ in 0..ATTEMPTS {
        match function.invoke_asynchronously(event.clone()).await {
            Ok(()) => return,
            Err(failure) => report(&failure.to_string()),
        }
    }
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

/// Lambda's log.
#[expect(
    clippy::print_stderr,
    reason = "a test's program, whose log is the standard error stream"
)]
fn report(text: &str) {
    eprintln!("asynchronous invocation: {text}");
}
