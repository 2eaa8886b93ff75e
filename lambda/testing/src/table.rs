//! A DynamoDB table in memory: the operations and conditions that state of a server uses, on loopback.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// One table with the partition key `pk`. Items do not expire; the server checks that itself.
#[derive(Default)]
pub(crate) struct Table {
    items: Mutex<BTreeMap<String, Value>>,
    operations: Mutex<Vec<String>>,
}

impl Table {
    /// Starts to serve a table, and returns it with the URL of its endpoint.
    pub(crate) async fn serve() -> std::io::Result<(Arc<Self>, String)> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let table = Arc::new(Self::default());
        let served = Arc::clone(&table);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let table = Arc::clone(&served);
                tokio::spawn(async move {
                    let service = service_fn(|request| {
                        let table = Arc::clone(&table);
                        async move { Ok::<_, Infallible>(table.respond(request).await) }
                    });
                    // Ends with an error when the function goes away.
                    let _ = http1::Builder::new()
                        .serve_connection(TokioIo::new(connection), service)
                        .await;
                });
            }
        });
        Ok((table, endpoint))
    }

    pub(crate) fn operations(&self) -> Vec<String> {
        lock(&self.operations).clone()
    }

    pub(crate) fn len(&self) -> usize {
        lock(&self.items).len()
    }

    async fn respond(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let target = request.headers().get("x-amz-target");
        let operation = target
            .and_then(|target| target.to_str().ok()?.split_once('.'))
            .map_or_else(String::new, |(_, operation)| operation.to_owned());
        let body = match request.into_body().collect().await {
            Ok(body) => body.to_bytes(),
            Err(_) => return refusal("SerializationException", None),
        };
        let Ok(input) = serde_json::from_slice::<Value>(&body) else {
            return refusal("SerializationException", None);
        };
        lock(&self.operations).push(operation.clone());
        self.perform(&operation, &input)
    }

    fn perform(&self, operation: &str, input: &Value) -> Response<Full<Bytes>> {
        let key = match operation {
            "PutItem" => &input["Item"]["pk"]["S"],
            _ => &input["Key"]["pk"]["S"],
        };
        let Some(key) = key.as_str() else {
            return refusal("ValidationException", None);
        };
        let mut items = lock(&self.items);
        let held = items.get(key);
        match allows(input, held) {
            Some(true) => {}
            Some(false) => return refusal("ConditionalCheckFailedException", held),
            None => return refusal("ValidationException", None),
        }
        match operation {
            "GetItem" => {
                let held = held.map_or_else(|| json!({}), |item| json!({ "Item": item }));
                response(StatusCode::OK, &held)
            }
            "PutItem" => {
                items.insert(key.to_owned(), input["Item"].clone());
                response(StatusCode::OK, &json!({}))
            }
            "UpdateItem" => {
                let values = &input["ExpressionAttributeValues"];
                let count = held.map_or(0, |item| number(&item["count"])) + number(&values[":one"]);
                let item = json!({
                    "pk": { "S": key }, "count": { "N": count.to_string() }, "expires": values[":expires"],
                });
                items.insert(key.to_owned(), item);
                response(StatusCode::OK, &json!({}))
            }
            "DeleteItem" => {
                items.remove(key);
                response(StatusCode::OK, &json!({}))
            }
            _ => refusal("UnknownOperationException", None),
        }
    }
}

/// Whether the condition holds for the item; `None` for a condition that state does not use.
fn allows(input: &Value, held: Option<&Value>) -> Option<bool> {
    let value = |name: &str| &input["ExpressionAttributeValues"][name];
    let is_alive = held.is_some_and(|item| number(&item["expires"]) > number(value(":now")));
    let has_version = |name: &str| held.is_some_and(|item| item["version"] == *value(name));
    match input["ConditionExpression"].as_str() {
        None => Some(true),
        Some("attribute_not_exists(#pk) OR #expires <= :now") => Some(!is_alive),
        Some("attribute_not_exists(#count) OR #count < :limit") => {
            Some(held.is_none_or(|item| number(&item["count"]) < number(value(":limit"))))
        }
        Some("#version = :replaced AND #expires > :now") => {
            Some(is_alive && has_version(":replaced"))
        }
        Some("attribute_not_exists(#pk) OR #version = :version") => {
            Some(held.is_none() || has_version(":version"))
        }
        Some(_) => None,
    }
}

/// A number attribute, `{ "N": "42" }`.
fn number(attribute: &Value) -> u64 {
    let number = attribute["N"].as_str().and_then(|text| text.parse().ok());
    number.unwrap_or_default()
}

fn refusal(code: &str, held: Option<&Value>) -> Response<Full<Bytes>> {
    let mut body = json!({
        "__type": format!("com.amazonaws.dynamodb.v20120810#{code}"),
        "message": "refused by the table of mcp-lambda-testing",
    });
    if let Some(held) = held {
        body["Item"] = held.clone();
    }
    response(StatusCode::BAD_REQUEST, &body)
}

fn response(status: StatusCode, body: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(
        http::header::CONTENT_TYPE,
        http::HeaderValue::from_static("application/x-amz-json-1.0"),
    );
    response
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
