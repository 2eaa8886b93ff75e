//! Converts buffered REST proxy events of API Gateway.

use std::sync::Arc;

use aws_lambda_events::{
    apigw::{ApiGatewayProxyRequest, ApiGatewayProxyResponse},
    encodings::Body,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use lambda_runtime::{LambdaEvent, service_fn};

use super::{Clock, StartFailure, timestamp};
use crate::{
    context::AuthorizationServer,
    oauth::request::{Request, Response},
};

/// A request from an event. API Gateway has already decoded the query, and its `path` is without the API stage.
pub fn from_event(event: ApiGatewayProxyRequest) -> Request {
    let headers = if event.multi_value_headers.is_empty() {
        event.headers
    } else {
        event.multi_value_headers
    };
    let query = if event.multi_value_query_string_parameters.is_empty() {
        event.query_string_parameters
    } else {
        event.multi_value_query_string_parameters
    };
    let text = event.body.unwrap_or_default();
    // A body that claims to be base64 and is not counts as empty.
    let body = if event.is_base64_encoded {
        BASE64_STANDARD.decode(text).unwrap_or_default()
    } else {
        text.into_bytes()
    };
    Request {
        method: event.http_method,
        path: event.path.unwrap_or_default(),
        query: query
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        headers,
        body,
        request_id: event.request_context.request_id,
    }
}

/// The proxy response; every header as a list, because `Set-Cookie` may repeat.
pub fn into_answer(answer: Response) -> ApiGatewayProxyResponse {
    let (head, body) = answer.into_parts();
    let mut out = ApiGatewayProxyResponse::default();
    out.status_code = i64::from(head.status.as_u16());
    out.multi_value_headers = head.headers;
    out.body = Some(Body::Text(body));
    out
}

/// Serves events until the runtime ends the process.
///
/// # Errors
/// If the runtime cannot be reached.
pub async fn serve_events(
    server: Arc<AuthorizationServer>,
    clock: Clock,
) -> Result<(), StartFailure> {
    let handler = service_fn(move |event: LambdaEvent<ApiGatewayProxyRequest>| {
        let server = Arc::clone(&server);
        async move {
            let answer = server
                .handle(&from_event(event.payload), timestamp(clock()))
                .await;
            Ok::<_, StartFailure>(into_answer(answer))
        }
    });
    lambda_runtime::run(handler).await
}
