//! A stand-in of an OTLP receiver.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use serde_json::{Value, json};
use tokio::sync::{Notify, Semaphore};

use crate::event_source::serve;

pub(crate) struct Receiver {
    pub(crate) url: String,
    shared: Arc<Shared>,
}

struct Shared {
    exports: Mutex<Vec<(Parts, ExportTraceServiceRequest)>>,
    arrived: Notify,
    status: Mutex<StatusCode>,
    body: Mutex<Vec<u8>>,
    /// An export is answered only with a permit.
    answers: Semaphore,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let receiver = Self::silent().await;
        receiver.answer();
        receiver
    }

    /// One that takes exports and does not answer.
    pub(crate) async fn silent() -> Self {
        let shared = Arc::new(Shared {
            exports: Mutex::default(),
            arrived: Notify::new(),
            status: Mutex::new(StatusCode::OK),
            body: Mutex::default(),
            answers: Semaphore::new(0),
        });
        let served = Arc::clone(&shared);
        let address = serve(move |request| {
            let shared = Arc::clone(&served);
            async move { shared.take(request).await }
        })
        .await;
        Self {
            url: format!("http://{address}"),
            shared,
        }
    }

    /// Answers from now on.
    pub(crate) fn answer(&self) {
        self.shared.answers.add_permits(1_000_000);
    }

    pub(crate) fn answer_with(&self, status: u16, body: Vec<u8>) {
        *self.shared.status.lock().unwrap() = StatusCode::from_u16(status).unwrap();
        *self.shared.body.lock().unwrap() = body;
    }

    /// How many exports have arrived.
    pub(crate) fn exports(&self) -> usize {
        self.shared.exports.lock().unwrap().len()
    }

    pub(crate) fn last_head(&self) -> Parts {
        let exports = self.shared.exports.lock().unwrap();
        exports.last().expect("an export").0.clone()
    }

    /// What the last export says about the service.
    pub(crate) fn last_resource(&self) -> Value {
        let exports = self.shared.exports.lock().unwrap();
        let resource = &exports.last().expect("an export").1.resource_spans[0].resource;
        members(&resource.as_ref().unwrap().attributes)
    }

    /// All spans so far.
    pub(crate) fn spans(&self) -> Vec<Span> {
        let exports = self.shared.exports.lock().unwrap();
        let groups = exports
            .iter()
            .flat_map(|(_, export)| &export.resource_spans);
        groups
            .flat_map(|group| &group.scope_spans)
            .flat_map(|group| group.spans.clone())
            .collect()
    }

    /// Every export as text.
    pub(crate) fn everything(&self) -> String {
        format!("{:?}", self.shared.exports.lock().unwrap())
    }

    /// Waits for the span of this name.
    pub(crate) async fn span(&self, name: &str) -> Span {
        let found = async {
            loop {
                let arrived = self.shared.arrived.notified();
                if let Some(span) = self.spans().into_iter().find(|span| span.name == name) {
                    return span;
                }
                arrived.await;
            }
        };
        let found = tokio::time::timeout(Duration::from_secs(10), found).await;
        found.unwrap_or_else(|_| panic!("no span {name} in {:?}", self.spans()))
    }

    /// Waits until an export has arrived.
    pub(crate) async fn arrival(&self) {
        let arrived = self.shared.arrived.notified();
        if self.exports() == 0 {
            tokio::time::timeout(Duration::from_secs(10), arrived)
                .await
                .expect("an export");
        }
    }
}

impl Shared {
    async fn take(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let export = ExportTraceServiceRequest::decode(body).expect("protobuf");
        self.exports.lock().unwrap().push((head, export));
        self.arrived.notify_waiters();
        self.answers.acquire().await.unwrap().forget();
        let body = self.body.lock().unwrap().clone();
        let mut response = Response::new(Full::from(body));
        *response.status_mut() = *self.status.lock().unwrap();
        response
    }
}

/// Attributes as one object.
pub(crate) fn members(attributes: &[KeyValue]) -> Value {
    let value = |attribute: &KeyValue| {
        let value = attribute
            .value
            .as_ref()
            .and_then(|value| value.value.as_ref());
        match value.expect("a value") {
            any_value::Value::StringValue(text) => json!(text),
            any_value::Value::BoolValue(value) => json!(value),
            any_value::Value::IntValue(value) => json!(value),
            other @ (any_value::Value::DoubleValue(_)
            | any_value::Value::ArrayValue(_)
            | any_value::Value::KvlistValue(_)
            | any_value::Value::BytesValue(_)
            | any_value::Value::StringValueStrindex(_)) => {
                panic!("not a kind that the library uses: {other:?}")
            }
        }
    };
    let all = attributes.iter();
    let members: serde_json::Map<String, Value> = all
        .map(|attribute| (attribute.key.clone(), value(attribute)))
        .collect();
    assert_eq!(members.len(), attributes.len(), "every attribute once");
    Value::Object(members)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
