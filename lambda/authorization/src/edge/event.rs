//! Converts buffered REST proxy events of API Gateway.

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use mcp_lambda_runtime::event::Event;
use mcp_lambda_runtime::response::{PayloadFormat, buffered_response};

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
