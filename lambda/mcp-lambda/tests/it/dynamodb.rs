//! A stand-in of DynamoDB: three operations, as far as the library uses them, and the ways in which they fail.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use serde_json::{Value, json};

use crate::event_source::serve;

#[derive(Default)]
struct Items {
    by_key: Mutex<HashMap<String, Value>>,
    operations: Mutex<Vec<String>>,
    refusal: Mutex<Option<&'static str>>,
    throttled: AtomicUsize,
    lost_answers: AtomicUsize,
    hangs: AtomicBool,
    expires_on_write: AtomicBool,
}

pub(crate) struct Table {
    pub(crate) endpoint: String,
    items: Arc<Items>,
}

impl Table {
    pub(crate) async fn start() -> Self {
        let items = Arc::new(Items::default());
        let served = Arc::clone(&items);
        let address = serve(move |request| {
            let items = Arc::clone(&served);
            async move { items.answer(request).await }
        })
        .await;
        Self {
            endpoint: format!("http://{address}"),
            items,
        }
    }

    /// What a function needs to reach it.
    pub(crate) fn variables(&self) -> [(&'static str, &str); 5] {
        [
            ("AWS_ENDPOINT_URL", &self.endpoint),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "secret-example"),
            ("MCP_STATE_TABLE", "state-table"),
        ]
    }

    /// Answers everything with this error code of DynamoDB from now on.
    pub(crate) fn refuse(&self, code: &'static str) {
        *self.items.refusal.lock().unwrap() = Some(code);
    }

    /// Does what it is asked for again.
    pub(crate) fn recover(&self) {
        *self.items.refusal.lock().unwrap() = None;
    }

    /// Throttles this many operations.
    pub(crate) fn throttle(&self, operations: usize) {
        self.items.throttled.store(operations, Ordering::SeqCst);
    }

    /// Fails after this many writes that it has done.
    pub(crate) fn lose_answers(&self, writes: usize) {
        self.items.lost_answers.store(writes, Ordering::SeqCst);
    }

    /// Answers nothing from now on.
    pub(crate) fn hang(&self) {
        self.items.hangs.store(true, Ordering::SeqCst);
    }

    /// Lets everything that is written expire at once. DynamoDB removes it days later.
    pub(crate) fn expire_on_write(&self) {
        self.items.expires_on_write.store(true, Ordering::SeqCst);
    }

    pub(crate) fn operations(&self) -> Vec<String> {
        self.items.operations.lock().unwrap().clone()
    }

    /// When each item expires, in seconds since 1970.
    pub(crate) fn expiries(&self) -> Vec<u64> {
        let items = self.items.by_key.lock().unwrap();
        let expires = |item: &Value| item["expires"]["N"].as_str().unwrap().parse().unwrap();
        items.values().map(expires).collect()
    }

    /// Bytes of the largest item; 0 for an empty table.
    pub(crate) fn largest(&self) -> usize {
        let items = self.items.by_key.lock().unwrap();
        let sizes = items.values().map(|item| item.to_string().len());
        sizes.max().unwrap_or_default()
    }

    /// Everything that is kept, as text.
    pub(crate) fn keys(&self) -> Vec<String> {
        let items = self.items.by_key.lock().unwrap();
        items.keys().cloned().collect()
    }
}

impl Items {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let operation = request.headers()["x-amz-target"].to_str().unwrap();
        let operation = operation.replace("DynamoDB_20120810.", "");
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["TableName"], "state-table");
        self.operations.lock().unwrap().push(operation.clone());
        if self.hangs.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        if let Some(code) = *self.refusal.lock().unwrap() {
            return refused(code, None);
        }
        if counts_down(&self.throttled) {
            return refused("ThrottlingException", None);
        }
        let mut items = self.by_key.lock().unwrap();
        match operation.as_str() {
            "GetItem" => {
                let key = body["Key"]["pk"]["S"].as_str().unwrap();
                answer(
                    200,
                    &items
                        .get(key)
                        .map_or(json!({}), |item| json!({ "Item": item })),
                )
            }
            "PutItem" => {
                let key = body["Item"]["pk"]["S"].as_str().unwrap().to_owned();
                if !is_met(&body, items.get(&key)) {
                    let shows = body["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD";
                    let held = items.get(&key).filter(|_| shows);
                    return refused("ConditionalCheckFailedException", held);
                }
                let mut item = body["Item"].clone();
                if self.expires_on_write.load(Ordering::SeqCst) {
                    item["expires"]["N"] = body["ExpressionAttributeValues"][":now"]["N"].clone();
                }
                items.insert(key, item);
                if counts_down(&self.lost_answers) {
                    return refused("InternalServerError", None);
                }
                answer(200, &json!({}))
            }
            "UpdateItem" => {
                let key = body["Key"]["pk"]["S"].as_str().unwrap().to_owned();
                if !is_met(&body, items.get(&key)) {
                    return refused("ConditionalCheckFailedException", None);
                }
                let counted = items.get(&key).map(|item| item["count"]["N"].clone());
                let counted = counted.map_or(0, |count| count.as_str().unwrap().parse().unwrap());
                let expires = &body["ExpressionAttributeValues"][":expires"];
                let count = json!({ "N": (counted + 1_u64).to_string() });
                items.insert(key, json!({ "count": count, "expires": expires }));
                if counts_down(&self.lost_answers) {
                    return refused("InternalServerError", None);
                }
                answer(200, &json!({}))
            }
            "DeleteItem" => {
                let key = body["Key"]["pk"]["S"].as_str().unwrap();
                if !is_met(&body, items.get(key)) {
                    return refused("ConditionalCheckFailedException", None);
                }
                items.remove(key);
                answer(200, &json!({}))
            }
            other => panic!("the library does not need {other}"),
        }
    }
}

fn counts_down(counter: &AtomicUsize) -> bool {
    let down = |left: usize| left.checked_sub(1);
    counter
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, down)
        .is_ok()
}

/// The three conditions that the library has, on the item that is there.
fn is_met(body: &Value, held: Option<&Value>) -> bool {
    let values = &body["ExpressionAttributeValues"];
    let number = |value: &Value| value["N"].as_str().unwrap().parse::<u64>().unwrap();
    let has_expired = |held: &Value| number(&held["expires"]) <= number(&values[":now"]);
    match body["ConditionExpression"].as_str().unwrap() {
        "attribute_not_exists(#pk) OR #expires <= :now" => held.is_none_or(has_expired),
        "attribute_not_exists(#count) OR #count < :limit" => {
            held.is_none_or(|held| number(&held["count"]) < number(&values[":limit"]))
        }
        "#version = :replaced AND #expires > :now" => {
            held.is_some_and(|held| held["version"] == values[":replaced"] && !has_expired(held))
        }
        "attribute_not_exists(#pk) OR #version = :version" => {
            held.is_none_or(|held| held["version"] == values[":version"])
        }
        other => panic!("the library does not have the condition {other}"),
    }
}

fn refused(code: &str, held: Option<&Value>) -> Response<Full<Bytes>> {
    let mut text = json!({
        "__type": format!("com.amazonaws.dynamodb.v20120810#{code}"),
        "message": "User: arn:aws:sts::123456789012:assumed-role/secret is not authorized",
    });
    if let Some(held) = held {
        text["Item"] = held.clone();
    }
    let status = if code == "InternalServerError" {
        500
    } else {
        400
    };
    answer(status, &text)
}

fn answer(status: u16, body: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    let json = "application/x-amz-json-1.0".parse().unwrap();
    response.headers_mut().insert("content-type", json);
    response
}
