//! The HTTP service: `POST /model/{id}/converse` and `/converse-stream`, as the AWS SDKs call them.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::event_stream::{Framing, exception, exception_name, millis, stop_name, used};
use super::source::Source;
use crate::conversation::{ModelReply, Said};
use crate::model::{Assembly, ModelError};

/// The largest request of Converse.
const LARGEST_BODY: usize = 25 * 1024 * 1024;

/// The service over `source`. Requests need no signature that can be verified: serve it on loopback alone.
pub fn router(source: Source) -> Router {
    Router::new()
        .route("/model/{id}/converse", post(converse))
        .route("/model/{id}/converse-stream", post(converse_stream))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(source)
}

fn read(body: &Bytes) -> Result<Value, ModelError> {
    serde_json::from_slice(body).map_err(|error| {
        ModelError::Refused(format!("The request body is not valid JSON: {error}"))
    })
}

async fn converse(
    State(source): State<Source>,
    Path(model): Path<String>,
    body: Bytes,
) -> Response {
    let began = Instant::now();
    match complete(&source, &model, &body).await {
        Ok(reply) => {
            let message = json!({ "role": "assistant", "content": content(&reply) });
            Json(json!({
                "output": { "message": message },
                "stopReason": stop_name(reply.stop),
                "usage": used(reply.usage),
                "metrics": { "latencyMs": millis(began.elapsed()) },
            }))
            .into_response()
        }
        Err(error) => refused(&error),
    }
}

async fn complete(source: &Source, model: &str, body: &Bytes) -> Result<ModelReply, ModelError> {
    let mut events = source.events(model, &read(body)?).await?;
    let mut assembly = Assembly::default();
    while let Some(event) = events.next().await {
        assembly.take(event?, &mut |_| {});
    }
    assembly.finish()
}

fn content(reply: &ModelReply) -> Vec<Value> {
    let said = reply.said.iter().filter_map(|said| match said {
        Said::Text(text) => Some(json!({ "text": text.as_str() })),
        Said::Reasoning(_) => None,
    });
    let calls = reply.calls.iter().map(|call| {
        let input = call.input.clone().unwrap_or_default();
        json!({ "toolUse": { "toolUseId": call.id, "name": call.name, "input": input } })
    });
    said.chain(calls).collect()
}

async fn converse_stream(
    State(source): State<Source>,
    Path(model): Path<String>,
    body: Bytes,
) -> Response {
    let began = Instant::now();
    let body = match read(&body) {
        Ok(body) => body,
        Err(error) => return refused(&error),
    };
    let events = match source.events(&model, &body).await {
        Ok(events) => events,
        Err(error) => return refused(&error),
    };
    let mut framing = Framing::default();
    let frames = events.map(move |event| {
        Ok::<_, Infallible>(match event {
            Ok(event) => framing.frames(event, began.elapsed()),
            Err(error) => exception(&error),
        })
    });
    let media_type = "application/vnd.amazon.eventstream";
    (
        [(header::CONTENT_TYPE, media_type)],
        Body::from_stream(frames),
    )
        .into_response()
}

/// An error as Bedrock sends it: the exception's name in a header, its message in the body.
fn refused(error: &ModelError) -> Response {
    let (status, name) = exception_name(error);
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let message = match error {
        // Bedrock's own words.
        ModelError::Refused(message)
        | ModelError::TooLong(message)
        | ModelError::Throttled(message)
        | ModelError::NotFound(message) => message.clone(),
        ModelError::Unavailable(_)
        | ModelError::Cut(_)
        | ModelError::AccessDenied(_)
        | ModelError::Credentials(_) => error.to_string(),
    };
    let body = Json(json!({ "message": message }));
    (status, [("x-amzn-errortype", name)], body).into_response()
}
