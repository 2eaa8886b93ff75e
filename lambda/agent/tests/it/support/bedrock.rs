//! Bedrock on a free port, with the failures that a test asks for.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use aws_sdk_bedrockruntime::config::retry::RetryConfig;
use aws_sdk_bedrockruntime::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_bedrockruntime::{Client, Config};
use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use mcp_lambda_agent::bedrock::BedrockModel;
use mcp_lambda_agent::local::{Source, router};

use super::listener::listener;

/// What happens to a request.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// 429.
    Throttled,
    /// The stream ends after so many pieces.
    CutAfter(usize),
    /// An error with this status and exception.
    Exception(u16, &'static str, &'static str),
    /// These events instead of the planner's: the type and the payload of each.
    Events(Vec<(&'static str, serde_json::Value)>),
}

/// Bedrock on a free port.
#[derive(Clone)]
pub(crate) struct Bedrock {
    pub(crate) url: String,
    faults: Arc<Mutex<VecDeque<Fault>>>,
    requests: Arc<Mutex<Vec<serde_json::Value>>>,
}

impl Bedrock {
    pub(crate) async fn start() -> Self {
        let (listener, url) = listener().await;
        let bedrock = Self {
            url,
            faults: Arc::default(),
            requests: Arc::default(),
        };
        let app =
            router(Source::Planner).layer(middleware::from_fn_with_state(bedrock.clone(), faulty));
        tokio::spawn(async move { axum::serve(listener, app).await });
        bedrock
    }

    /// The next requests meet these faults, one each.
    pub(crate) fn fail(&self, faults: impl IntoIterator<Item = Fault>) {
        self.faults.lock().unwrap().extend(faults);
    }

    pub(crate) fn requests(&self) -> Vec<serde_json::Value> {
        self.requests.lock().unwrap().clone()
    }

    pub(crate) fn client(&self) -> Client {
        Client::from_conf(
            Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::new("eu-central-1"))
                .credentials_provider(Credentials::new("test", "test", None, None, "test"))
                .endpoint_url(&self.url)
                .retry_config(RetryConfig::disabled())
                .http_client(aws_smithy_http_client::Builder::new().build_http())
                .build(),
        )
    }

    pub(crate) fn model(&self) -> BedrockModel {
        BedrockModel::new(self.client(), "eu.amazon.nova-lite-v1:0", None)
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
        Some(Fault::Throttled) => exception(429, "ThrottlingException", "Too many requests"),
        Some(Fault::Exception(status, name, message)) => exception(status, name, message),
        Some(Fault::Events(events)) => {
            let media_type = "application/vnd.amazon.eventstream";
            ([("content-type", media_type)], frames(&events)).into_response()
        }
        Some(Fault::CutAfter(pieces)) => {
            let response = next.run(request).await;
            let (parts, body) = response.into_parts();
            let pieces = body.into_data_stream().take(pieces);
            let cut = futures_util::stream::once(async {
                Err::<Bytes, _>(axum::Error::new(std::io::Error::other("cut")))
            });
            Response::from_parts(parts, Body::from_stream(pieces.chain(cut)))
        }
    }
}

fn exception(status: u16, name: &str, message: &str) -> Response {
    let body = serde_json::json!({ "message": message }).to_string();
    let status = StatusCode::from_u16(status).unwrap();
    (status, [("x-amzn-errortype", name.to_owned())], body).into_response()
}

fn frames(events: &[(&str, serde_json::Value)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, payload) in events {
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
        write_message_to(&message, &mut bytes).unwrap();
    }
    bytes
}
