//! DynamoDB on a free port: the operations and conditions that the playground uses, and nothing else.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Map, Value, json};

use super::Program;
use super::listener::listener;

type Items = BTreeMap<(String, String), Map<String, Value>>;

/// A table.
#[derive(Clone, Default)]
pub(crate) struct Table {
    pub(crate) url: String,
    items: Arc<Mutex<Items>>,
    /// Writes until the table refuses all further ones.
    left: Arc<Mutex<Option<usize>>>,
    /// Writes until a process is killed.
    killing: Arc<Mutex<Option<(usize, Program)>>>,
}

impl Table {
    pub(crate) async fn start() -> Self {
        let (listener, url) = listener().await;
        let table = Self {
            url,
            ..Self::default()
        };
        let app = axum::Router::new()
            .route("/", post(respond))
            .with_state(table.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        table
    }

    /// After so many writes, every further one fails: what is in the table then is what a process leaves that is killed there.
    pub(crate) fn fail_after(&self, writes: Option<usize>) {
        *self.left.lock().unwrap() = writes;
    }

    /// Kills a process once it has made so many writes, before it knows of the last one.
    pub(crate) fn kill_after(&self, writes: usize, program: Program) {
        *self.killing.lock().unwrap() = Some((writes, program));
    }

    /// Counts a write that was made.
    fn written(&self) {
        let mut killing = self.killing.lock().unwrap();
        match &mut *killing {
            Some((left, program)) if *left == 1 => {
                program.kill();
                *killing = None;
            }
            Some((left, _)) => *left -= 1,
            None => {}
        }
    }

    /// Whether a write was refused.
    pub(crate) fn has_failed(&self) -> bool {
        *self.left.lock().unwrap() == Some(0)
    }

    /// Every item as text: what somebody reads who may read the table.
    pub(crate) fn text(&self) -> String {
        let items = self.items.lock().unwrap();
        let items: Vec<&Map<String, Value>> = items.values().collect();
        json!(items).to_string()
    }

    /// The partition keys.
    pub(crate) fn partitions(&self) -> Vec<String> {
        let items = self.items.lock().unwrap();
        let mut partitions: Vec<String> = items
            .keys()
            .map(|(partition, _)| partition.clone())
            .collect();
        partitions.dedup();
        partitions
    }

    /// The sort keys that begin with `prefix`.
    pub(crate) fn sorts(&self, prefix: &str) -> Vec<String> {
        let items = self.items.lock().unwrap();
        let sorts = items.keys().map(|(_, sort)| sort.clone());
        sorts.filter(|sort| sort.starts_with(prefix)).collect()
    }
}

async fn respond(State(table): State<Table>, headers: HeaderMap, body: String) -> Response {
    let operation = headers["x-amz-target"]
        .to_str()
        .unwrap()
        .rsplit('.')
        .next()
        .unwrap()
        .to_owned();
    let input: Value = serde_json::from_str(&body).unwrap();
    let is_write = matches!(operation.as_str(), "PutItem" | "UpdateItem" | "DeleteItem");
    if is_write {
        let mut left = table.left.lock().unwrap();
        match &mut *left {
            Some(0) => return refusal("ValidationException", None),
            Some(left) => *left -= 1,
            None => {}
        }
    }
    let response = perform(&table, &operation, &input);
    if is_write {
        table.written();
    }
    response
}

fn perform(table: &Table, operation: &str, input: &Value) -> Response {
    let mut items = table.items.lock().unwrap();
    match operation {
        "GetItem" => {
            let item = items.get(&key(&input["Key"]));
            Json(item.map_or_else(|| json!({}), |item| json!({ "Item": item }))).into_response()
        }
        "PutItem" => {
            let item = input["Item"].as_object().unwrap().clone();
            let key = key(&input["Item"]);
            let held = items.get(&key);
            if !allows(input, held) {
                return refusal("ConditionalCheckFailedException", held);
            }
            let size: usize = item
                .iter()
                .map(|(name, value)| name.len() + value.to_string().len())
                .sum();
            if size > 400 * 1024 {
                return refusal("ValidationException", None);
            }
            items.insert(key, item);
            Json(json!({})).into_response()
        }
        "DeleteItem" => {
            items.remove(&key(&input["Key"]));
            Json(json!({})).into_response()
        }
        "Query" => {
            let values = &input["ExpressionAttributeValues"];
            let partition = values[":pk"]["S"].as_str().unwrap();
            let prefix = values[":prefix"]["S"].as_str().unwrap();
            let found: Vec<&Map<String, Value>> = items
                .iter()
                .filter(|((pk, sk), _)| pk == partition && sk.starts_with(prefix))
                .map(|(_, item)| item)
                .collect();
            Json(json!({ "Items": found, "Count": found.len() })).into_response()
        }
        "UpdateItem" => {
            let key = key(&input["Key"]);
            let number = |value: &Value| -> u64 {
                value["N"].as_str().map_or(0, |text| text.parse().unwrap())
            };
            let values = &input["ExpressionAttributeValues"];
            let held = items.get(&key).map_or(0, |item| number(&item["number"]));
            if held >= number(&values[":limit"]) {
                return refusal("ConditionalCheckFailedException", None);
            }
            let item = items.entry(key.clone()).or_default();
            item.insert("pk".into(), json!({ "S": key.0 }));
            item.insert("sk".into(), json!({ "S": key.1 }));
            item.insert(
                "number".into(),
                json!({ "N": (held + number(&values[":amount"])).to_string() }),
            );
            item.insert("expires".into(), values[":expires"].clone());
            Json(json!({})).into_response()
        }
        other => panic!("the playground does not use {other}"),
    }
}

fn key(item: &Value) -> (String, String) {
    let string = |name: &str| item[name]["S"].as_str().unwrap().to_owned();
    (string("pk"), string("sk"))
}

fn allows(input: &Value, held: Option<&Map<String, Value>>) -> bool {
    let values = &input["ExpressionAttributeValues"];
    let number = |value: &Value| -> u64 { value["N"].as_str().unwrap().parse().unwrap() };
    match input["ConditionExpression"].as_str() {
        None => true,
        Some("attribute_not_exists(#pk) OR #expires <= :now") => {
            held.is_none_or(|item| number(&item["expires"]) <= number(&values[":now"]))
        }
        Some("#version = :old") => held.is_some_and(|item| item["version"] == values[":old"]),
        Some(other) => panic!("the playground has no condition {other}"),
    }
}

fn refusal(code: &str, held: Option<&Map<String, Value>>) -> Response {
    let mut body = json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": "refused" });
    if let Some(held) = held {
        body["Item"] = json!(held);
    }
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}
