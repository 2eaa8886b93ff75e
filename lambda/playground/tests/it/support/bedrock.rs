//! Bedrock on a free port, which fails as a test demands.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use mcp_lambda_agent::local::{Source, router};
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;

use super::listener::listener;

/// What happens to a request instead of the planner's reply.
#[derive(Debug)]
pub(crate) enum Fault {
    /// An error with this status and exception.
    Exception(u16, &'static str),
    /// The stream ends after so many pieces.
    CutAfter(usize),
    /// The model says these words.
    Says(String),
    /// The model calls this tool.
    Calls(&'static str, Value),
    /// The model says what arrives, piece by piece, until the sender is dropped.
    Hears(UnboundedReceiver<String>),
}

/// Bedrock.
#[derive(Clone)]
pub(crate) struct Bedrock {
    pub(crate) url: String,
    faults: Arc<Mutex<VecDeque<Fault>>>,
    requests: Arc<Mutex<Vec<Value>>>,
}

impl Bedrock {
    pub(crate) async fn start() -> Self {
        let (listener, url) = listener().await;
        let bedrock = Self {
            url,
            faults: Arc::default(),
            requests: Arc::default(),
        };
        let layer = middleware::from_fn_with_state(bedrock.clone(), faulty);
        let app = router(Source::Planner).layer(layer);
        tokio::spawn(async move { axum::serve(listener, app).await });
        bedrock
    }

    /// The next requests meet these faults, one each.
    pub(crate) fn fail(&self, faults: impl IntoIterator<Item = Fault>) {
        self.faults.lock().unwrap().extend(faults);
    }

    pub(crate) fn requests(&self) -> Vec<Value> {
        self.requests.lock().unwrap().clone()
    }
}

async fn faulty(State(bedrock): State<Bedrock>, request: Request<Body>, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let read = serde_json::from_slice(&body).unwrap();
    bedrock.requests.lock().unwrap().push(read);
    let fault = bedrock.faults.lock().unwrap().pop_front();
    let request = Request::from_parts(parts, Body::from(body));
    match fault {
        None => next.run(request).await,
        Some(Fault::Exception(status, name)) => {
            let body = json!({ "message": "refused by the test" }).to_string();
            let status = StatusCode::from_u16(status).unwrap();
            (status, [("x-amzn-errortype", name)], body).into_response()
        }
        Some(Fault::CutAfter(pieces)) => {
            let (parts, body) = next.run(request).await.into_parts();
            let pieces = body.into_data_stream().take(pieces);
            let cut = futures_util::stream::once(async {
                Err::<Bytes, _>(axum::Error::new(std::io::Error::other("cut")))
            });
            Response::from_parts(parts, Body::from_stream(pieces.chain(cut)))
        }
        Some(Fault::Says(words)) => streamed(Body::from([start(), delta(&words), end("end_turn")].concat())),
        Some(Fault::Calls(name, input)) => streamed(Body::from(
            [
                start(),
                frame("contentBlockStart", &json!({ "contentBlockIndex": 0, "start": { "toolUse": { "toolUseId": "tooluse_1", "name": name } } })),
                frame("contentBlockDelta", &json!({ "contentBlockIndex": 0, "delta": { "toolUse": { "input": input.to_string() } } })),
                frame("contentBlockStop", &json!({ "contentBlockIndex": 0 })),
                end("tool_use"),
            ]
            .concat(),
        )),
        Some(Fault::Hears(words)) => {
            let words = futures_util::stream::unfold((words, true), |(mut words, first)| async move {
                let said = words.recv().await;
                let bytes = match said {
                    Some(said) if first => [start(), delta(&said)].concat(),
                    Some(said) => delta(&said),
                    None => return None,
                };
                Some((Ok::<_, std::io::Error>(Bytes::from(bytes)), (words, false)))
            });
            let end = futures_util::stream::once(async { Ok(Bytes::from(end("end_turn"))) });
            streamed(Body::from_stream(words.chain(end)))
        }
    }
}

fn streamed(body: Body) -> Response {
    (
        [("content-type", "application/vnd.amazon.eventstream")],
        body,
    )
        .into_response()
}

fn start() -> Vec<u8> {
    frame("messageStart", &json!({ "role": "assistant" }))
}

fn delta(words: &str) -> Vec<u8> {
    frame(
        "contentBlockDelta",
        &json!({ "contentBlockIndex": 0, "delta": { "text": words } }),
    )
}

fn end(reason: &str) -> Vec<u8> {
    let usage = json!({ "usage": { "inputTokens": 1000, "outputTokens": 100, "totalTokens": 1100 }, "metrics": { "latencyMs": 1 } });
    [
        frame("messageStop", &json!({ "stopReason": reason })),
        frame("metadata", &usage),
    ]
    .concat()
}

fn frame(name: &str, payload: &Value) -> Vec<u8> {
    let header = |name: &str, value: &str| {
        Header::new(
            name.to_owned(),
            HeaderValue::String(value.to_owned().into()),
        )
    };
    let message = Message::new(payload.to_string())
        .add_header(header(":message-type", "event"))
        .add_header(header(":event-type", name))
        .add_header(header(":content-type", "application/json"));
    let mut bytes = Vec::new();
    write_message_to(&message, &mut bytes).unwrap();
    bytes
}
