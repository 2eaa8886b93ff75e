//! Converts buffered REST proxy events of API Gateway, and serves them on `lambda_runtime`.

use std::sync::Arc;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use lambda_runtime::{LambdaEvent, service_fn};
use mcp_lambda_runtime::event::Event;
use mcp_lambda_runtime::response::{PayloadFormat, buffered_response};
use mcp_lambda_runtime::start_error::StartError;
use serde_json::value::RawValue;

use super::clock::{Clock, timestamp};
use crate::context::AuthorizationServer;
use crate::oauth::request::{Request, Response};

/// A request from an event, `None` for another one. API Gateway has already decoded the query, and its `path` is without
/// the API stage.
pub fn from_event(event: &[u8]) -> Option<Request> {
    let Event::Rest(event) = Event::read(event) else {
        return None;
    };
    let (head, body) = event.request.into_parts();
    Some(Request {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: event.query,
        headers: head.headers,
        body: body.into(),
        request_id: event.request_id,
    })
}

/// The proxy response, as JSON.
pub async fn into_answer(answer: Response) -> Bytes {
    buffered_response(
        answer.map(|body| Full::from(body).boxed()),
        PayloadFormat::V1,
    )
    .await
}

/// Serves events until the process ends. An event that is no HTTP request is an error of its invocation.
pub(super) async fn serve_events(
    server: Arc<AuthorizationServer>,
    clock: Clock,
) -> Result<(), StartError> {
    let handler = service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let server = Arc::clone(&server);
        async move {
            let request = from_event(event.payload.get().as_bytes())
                .ok_or("the event is not an HTTP request")?;
            let answer = into_answer(server.handle(&request, timestamp(clock())).await).await;
            Ok::<Box<RawValue>, lambda_runtime::Error>(serde_json::from_slice(&answer)?)
        }
    });
    let served = lambda_runtime::run(handler).await;
    served.map_err(|error| StartError::RuntimeApi(error.to_string()))
}
