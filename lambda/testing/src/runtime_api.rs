//! Serves the Lambda Runtime API to one process.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::answer::{AnswerBody, Failure, Prelude, TransferMode, read_document};
use crate::instance::{Instance, Signal};

const PREFIX: &str = "/2018-06-01/runtime/";

/// Chunks that may wait for a slow client.
const CHUNKS: usize = 64;

type ApiResponse = Response<Full<Bytes>>;

/// Serves the Lambda Runtime API to one process.
pub(crate) async fn serve(listener: TcpListener, instance: Arc<Instance>) {
    while let Ok((connection, _)) = listener.accept().await {
        if connection.set_nodelay(true).is_err() {
            continue;
        }
        let instance = Arc::clone(&instance);
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let instance = Arc::clone(&instance);
                async move { Ok::<_, Infallible>(answer(&instance, request).await) }
            });
            // Ends with an error when the process is killed.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(connection), service)
                .await;
        });
    }
}

async fn answer(instance: &Arc<Instance>, request: Request<Incoming>) -> ApiResponse {
    let path = request
        .uri()
        .path()
        .strip_prefix(PREFIX)
        .unwrap_or_default()
        .to_owned();
    let mut parts = path.split('/');
    match (
        request.method(),
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
    ) {
        (&Method::GET, Some("invocation"), Some("next"), None, None) => next(instance).await,
        (
            &Method::POST,
            Some("invocation"),
            Some(id),
            Some(kind @ ("response" | "error")),
            None,
        ) => {
            if !instance.is_running(id) {
                return status(StatusCode::BAD_REQUEST, "InvalidRequestID");
            }
            let outcome = match kind {
                "response" => respond(instance, request).await,
                _ => text(request).await.map(|text| Err(Failure::Reported(text))),
            };
            match outcome {
                Ok(outcome) => {
                    instance.finish(outcome).await;
                    status(StatusCode::ACCEPTED, "OK")
                }
                // The process is going away, and its guard will say what became of it.
                Err(CutOff) => status(StatusCode::BAD_REQUEST, "TruncatedRequest"),
            }
        }
        (&Method::POST, Some("init"), Some("error"), None, None) => {
            let text = text(request).await.unwrap_or_default();
            // Whoever waits for the first answer gets this one.
            if let Ok(invocation) = instance.waiting.lock().await.try_recv() {
                let _ = invocation.answer.send(Err(Failure::Reported(text)));
            }
            status(StatusCode::ACCEPTED, "OK")
        }
        _ => status(StatusCode::NOT_FOUND, "NotFound"),
    }
}

async fn next(instance: &Arc<Instance>) -> ApiResponse {
    instance.signal(Signal::Finish);
    let mut waiting = instance.waiting.lock().await;
    let invocation = match waiting.try_recv() {
        Ok(invocation) => Some(invocation),
        Err(_) => {
            instance.idle();
            waiting.recv().await
        }
    };
    let Some(invocation) = invocation else {
        return status(StatusCode::GONE, "Shutdown");
    };
    let deadline = wall_clock_milliseconds() + instance.options.timeout.as_millis();
    let response = Response::builder()
        .header(CONTENT_TYPE, "application/json")
        .header("lambda-runtime-aws-request-id", &invocation.request_id)
        .header("lambda-runtime-deadline-ms", deadline.to_string())
        .header(
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:us-east-1:000000000000:function:under-test",
        )
        .header(
            "lambda-runtime-trace-id",
            "Root=1-00000000-000000000000000000000000;Sampled=0",
        )
        .body(Full::new(invocation.event));
    instance.begin(
        invocation.request_id,
        invocation.is_asynchronous,
        invocation.answer,
    );
    response.unwrap_or_else(|_| status(StatusCode::INTERNAL_SERVER_ERROR, "InternalError"))
}

/// The process ended, or broke off, in the middle of a request.
#[derive(Debug)]
struct CutOff;

async fn respond(
    instance: &Instance,
    request: Request<Incoming>,
) -> Result<Result<(), Failure>, CutOff> {
    let mode = request
        .headers()
        .get("lambda-runtime-function-response-mode");
    let streamed = mode.is_some_and(|mode| mode == "streaming");
    let mut body = request.into_body();
    let outcome = match (instance.options.transfer_mode, streamed) {
        (_, _) if instance.is_asynchronous() => {
            instance.hand_back(AnswerBody::nothing(), None);
            Ok(())
        }
        (TransferMode::Stream, true) => stream(instance, &mut body).await?,
        (TransferMode::Buffered, false) => {
            let document = (&mut body).collect().await.map_err(|_| CutOff)?.to_bytes();
            read_document(&document).map(|answer| instance.hand_back(answer, None))
        }
        (TransferMode::Stream, false) => Err(Failure::Malformed(
            "the integration streams, and the function answered in one piece".to_owned(),
        )),
        (TransferMode::Buffered, true) => Err(Failure::Malformed(
            "the integration buffers, and the function streamed".to_owned(),
        )),
    };
    // What is refused is read to its end all the same, so that the process gets its answer.
    while let Some(frame) = body.frame().await {
        frame.map_err(|_| CutOff)?;
    }
    Ok(outcome)
}

/// Hands a streamed answer on, chunk by chunk.
async fn stream(instance: &Instance, body: &mut Incoming) -> Result<Result<(), Failure>, CutOff> {
    let mut prelude = Prelude::default();
    let mut chunks: Option<mpsc::Sender<Result<Bytes, Failure>>> = None;
    while let Some(frame) = body.frame().await {
        let Ok(chunk) = frame.map_err(|_| CutOff)?.into_data() else {
            continue; // Trailers report an error in the middle of a stream; what was sent is all there is.
        };
        if let Some(chunks) = &chunks {
            // A client that is gone does not stop the function: Lambda does not tell it.
            let _ = chunks.send(Ok(chunk)).await;
            continue;
        }
        match prelude.take(&chunk) {
            Ok(None) => {}
            Ok(Some((head, first))) => {
                let (sender, receiver) = mpsc::channel(CHUNKS);
                instance.hand_back(
                    head.map(|()| AnswerBody::streamed(first, receiver)),
                    Some(sender.clone()),
                );
                chunks = Some(sender);
            }
            Err(failure) => return Ok(Err(failure)),
        }
    }
    Ok(match chunks {
        Some(_) => Ok(()),
        None => Err(Failure::Malformed(
            "the stream ended within the prelude".to_owned(),
        )),
    })
}

async fn text(request: Request<Incoming>) -> Result<String, CutOff> {
    let body = request.into_body().collect().await.map_err(|_| CutOff)?;
    Ok(String::from_utf8_lossy(&body.to_bytes()).into_owned())
}

fn status(status: StatusCode, text: &str) -> ApiResponse {
    let mut response = Response::new(Full::new(Bytes::from(format!("{{\"status\":\"{text}\"}}"))));
    *response.status_mut() = status;
    response
}

/// The deadline that a function is told is a time of the wall clock.
#[expect(
    clippy::disallowed_methods,
    reason = "this crate is a test's clock and environment"
)]
fn wall_clock_milliseconds() -> u128 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_millis()
}
