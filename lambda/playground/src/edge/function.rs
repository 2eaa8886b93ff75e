//! Serves the events of a REST API with a Lambda proxy integration; every response is streamed.

use std::sync::Arc;

use mcp_lambda_runtime::event::Event;
use mcp_lambda_runtime::response::{PayloadFormat, streamed_response};
use mcp_lambda_runtime::runtime_api::{ApiBody, ERROR_TYPE, Invocation, RuntimeApi, whole};
use mcp_lambda_runtime::start_error::StartError;
use serde_json::json;

use crate::playground::Playground;
use crate::request::Request;

/// The headers of a streamed response: it has a prelude, eight NUL bytes, then the body.
const STREAMED: [(&str, &str); 2] = [
    (
        "Content-Type",
        "application/vnd.awslambda.http-integration-response",
    ),
    ("Lambda-Runtime-Function-Response-Mode", "streaming"),
];

/// Handles invocations until the Runtime API is unreachable.
///
/// Runs as a task: a woken task continues at once, whereas the future that the runtime blocks on waits for a poll of the sockets.
pub(super) async fn serve(api: RuntimeApi, playground: Arc<Playground>) -> Result<(), StartError> {
    let serving = tokio::spawn(async move {
        loop {
            let invocation = api.next(playground.process.now).await?;
            if let Err(error) = handle(&api, &playground, &invocation).await {
                report(&api, &playground, &invocation, &error).await;
            }
        }
    });
    serving
        .await
        .unwrap_or_else(|error| Err(StartError::System(error.into())))
}

async fn handle(
    api: &RuntimeApi,
    playground: &Arc<Playground>,
    invocation: &Invocation,
) -> Result<(), StartError> {
    let path = format!("/runtime/invocation/{}/response", invocation.ids.request_id);
    let Event::Rest(event) = Event::read(&invocation.event) else {
        let fields = json!({ "requestId": invocation.ids.request_id });
        let log = &playground.process.log;
        log.info("the event is not an HTTP request", &fields);
        return api.post(&path, &[], whole("null")).await;
    };
    let (head, body) = event.request.into_parts();
    let request = Request {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: event.query,
        headers: head.headers,
        body,
        deadline: invocation.deadline,
    };
    let reply = playground.respond(&request).await;
    let body = ApiBody::new(streamed_response(reply.response, PayloadFormat::V1));
    let posted = api.post(&path, &STREAMED, body).await;
    if let Some(turn) = reply.turn {
        // Also when the browser has left: the process is frozen when it asks for the next invocation. A panic is in the log.
        let _ = turn.await;
    }
    posted
}

/// Reports that the platform refused a response, for example because the browser has left.
async fn report(
    api: &RuntimeApi,
    playground: &Playground,
    invocation: &Invocation,
    error: &StartError,
) {
    let request_id = &invocation.ids.request_id;
    let log = |error: &StartError| {
        let fields = json!({ "requestId": request_id });
        playground.process.log.error(&error.to_string(), &fields);
    };
    log(error);
    let body = json!({ "errorType": error.name(), "errorMessage": error.to_string() });
    let path = format!("/runtime/invocation/{request_id}/error");
    let kind = [(ERROR_TYPE, error.name())];
    if let Err(error) = api.post(&path, &kind, whole(body.to_string())).await {
        log(&error);
    }
}
