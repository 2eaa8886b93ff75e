//! A stand-in of DynamoDB and of Lambda's Invoke, and processes of the function that can die between any two requests.
#![expect(
    clippy::disallowed_methods,
    reason = "a test's processes have clocks of their own"
)]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use mcp_lambda::Definition;
use rmcp::ServerHandler;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::event_source::{Function, modern_event, serve, set_header};
use crate::tasks::server;
use crate::wire::HttpAnswer;

const KEYS: &str = "k1:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU=";
pub(crate) const ALICE: &str = "alice";
/// Longer than any clock of a test is ahead.
const TIMEOUT: Duration = Duration::from_secs(2 * 60 * 60);
/// Of the invocations that work.
const WORK_TIMEOUT: Duration = Duration::from_secs(60);

/// What the processes of one function share.
pub(crate) struct Cloud {
    endpoint: String,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    items: Mutex<HashMap<String, Value>>,
    events: Mutex<Vec<Value>>,
    invoke_status: Mutex<Option<u16>>,
    processes: Mutex<HashMap<String, Life>>,
    died: Notify,
}

#[derive(Default)]
struct Life {
    requests: usize,
    death: Option<Death>,
}

/// The request with which a process dies: before it has reached the other side, or after.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Death {
    pub(crate) at_request: usize,
    pub(crate) is_sent: bool,
}

/// One process.
pub(crate) struct Running {
    pub(crate) function: Function,
    name: String,
}

impl Cloud {
    pub(crate) async fn start() -> Self {
        let shared = Arc::new(Shared::default());
        let served = Arc::clone(&shared);
        let address = serve(move |request| {
            let shared = Arc::clone(&served);
            async move { shared.answer(request).await }
        })
        .await;
        Self {
            endpoint: format!("http://{address}"),
            shared,
        }
    }

    pub(crate) async fn process(&self) -> Running {
        self.process_at(SystemTime::now).await
    }

    pub(crate) async fn process_at(&self, now: fn() -> SystemTime) -> Running {
        self.process_of(now, &[], server::definition).await
    }

    /// A process of this server, with more variables.
    pub(crate) async fn process_of<S: ServerHandler>(
        &self,
        now: fn() -> SystemTime,
        more: &[(&str, &str)],
        definition: fn() -> Definition<S>,
    ) -> Running {
        let name = {
            let mut processes = self.shared.processes.lock().unwrap();
            let name = format!("AKID{}", processes.len());
            processes.insert(name.clone(), Life::default());
            name
        };
        let mut variables = vec![
            ("AWS_ENDPOINT_URL", self.endpoint.as_str()),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ACCESS_KEY_ID", &name),
            ("AWS_SECRET_ACCESS_KEY", "secret-example"),
            ("AWS_LAMBDA_FUNCTION_NAME", "under-test"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "7"),
            ("MCP_STATE_TABLE", "state-table"),
            ("MCP_STATE_KEYS", KEYS),
        ];
        variables.extend(more);
        Running {
            function: Function::start_server_at(now, &variables, definition).await,
            name,
        }
    }

    /// A process that will die.
    pub(crate) async fn doomed(&self, death: Death) -> Running {
        let running = self.process().await;
        let mut processes = self.shared.processes.lock().unwrap();
        processes.get_mut(&running.name).unwrap().death = Some(death);
        drop(processes);
        running
    }

    /// How many requests the process has made so far.
    pub(crate) fn requests(&self, running: &Running) -> usize {
        self.shared.processes.lock().unwrap()[&running.name].requests
    }

    /// Lets Lambda answer an invocation with this status; `None` as it should.
    pub(crate) fn refuse_invocations(&self, status: Option<u16>) {
        *self.shared.invoke_status.lock().unwrap() = status;
    }

    /// The events that the function has sent to itself, once.
    pub(crate) fn take_events(&self) -> Vec<Value> {
        std::mem::take(&mut self.shared.events.lock().unwrap())
    }

    /// Hands every event to this process, also those that come of it.
    pub(crate) async fn deliver_all(&self, to: &Running) {
        loop {
            let events = self.take_events();
            if events.is_empty() {
                return;
            }
            for event in &events {
                to.deliver(event).await;
            }
        }
    }

    /// Lets a process do something during which it dies.
    pub(crate) async fn until_death(&self, doing: impl Future<Output = ()>) {
        tokio::select! {
            () = self.shared.died.notified() => {}
            () = doing => panic!("the process lives"),
        }
    }

    /// All that is kept, as text.
    pub(crate) fn everything(&self) -> String {
        json!(*self.shared.items.lock().unwrap()).to_string()
    }
}

impl Running {
    /// Hands over an event as Lambda does, and waits until it has been worked on.
    pub(crate) async fn deliver(&self, event: &Value) {
        let invoked = self.function.invoke(event, WORK_TIMEOUT).await;
        assert!(!invoked.is_error, "the invocation succeeds");
        assert_eq!(
            invoked.all().await,
            "null",
            "nothing is answered to a client"
        );
    }

    /// Sends a message of a client of 2026-07-28 that knows tasks.
    pub(crate) async fn send(&self, subject: &str, message: &Value) -> Value {
        self.answer(&task_event(subject, message)).await.json()
    }

    pub(crate) async fn answer(&self, event: &Value) -> HttpAnswer {
        let invoked = self.function.invoke(event, TIMEOUT).await;
        HttpAnswer::from_stream(&invoked.all().await)
    }

    /// Calls a tool and returns the id of its task.
    pub(crate) async fn create(&self, subject: &str, tool: &str, arguments: &Value) -> String {
        let answer = self.send(subject, &call(tool, arguments)).await;
        assert_eq!(answer["result"]["resultType"], "task", "{answer}");
        answer["result"]["taskId"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn get(&self, subject: &str, task: &str) -> Value {
        self.send(subject, &about("tasks/get", task)).await
    }

    /// The task as its own caller sees it.
    pub(crate) async fn look(&self, task: &str) -> Value {
        let mut answer = self.get(ALICE, task).await;
        answer["result"].take()
    }

    pub(crate) async fn update(&self, task: &str, answers: &Value) -> Value {
        let mut message = about("tasks/update", task);
        message["params"]["inputResponses"] = answers.clone();
        self.send(ALICE, &message).await
    }
}

pub(crate) fn call(tool: &str, arguments: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": { "name": tool, "arguments": arguments } })
}

pub(crate) fn about(method: &str, task: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": 8, "method": method, "params": { "taskId": task } })
}

pub(crate) fn task_event(subject: &str, message: &Value) -> Value {
    let mut event = modern_event(message);
    let mut body: Value = serde_json::from_str(event["body"].as_str().unwrap()).unwrap();
    body["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"] =
        json!({ "extensions": { "io.modelcontextprotocol/tasks": {} }, "elicitation": {} });
    event["body"] = json!(body.to_string());
    if let Some(task) = message["params"]["taskId"].as_str() {
        set_header(&mut event, "Mcp-Name", task);
    }
    event["requestContext"]["authorizer"]["claims"]["sub"] = json!(subject);
    event
}

impl Shared {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let body: Value = serde_json::from_slice(&body).unwrap();
        let death = self.count(&head);
        let is_over = death.is_some_and(|(number, death)| number >= death.at_request);
        let reaches = death.is_none_or(|(number, death)| {
            number < death.at_request || (number == death.at_request && death.is_sent)
        });
        let answer = reaches.then(|| self.apply(&head, &body));
        if is_over {
            self.died.notify_one();
            return std::future::pending().await;
        }
        answer.unwrap()
    }

    /// Counts a request of a process, which signs with its name.
    fn count(&self, head: &Parts) -> Option<(usize, Death)> {
        let signature = head.headers["authorization"].to_str().unwrap();
        let name = signature.split(['=', '/']).nth(1).unwrap();
        let mut processes = self.processes.lock().unwrap();
        let life = processes.get_mut(name).unwrap();
        life.requests += 1;
        Some((life.requests, life.death?))
    }

    fn apply(&self, head: &Parts, body: &Value) -> Response<Full<Bytes>> {
        if head.uri.path() == "/2015-03-31/functions/under-test/invocations" {
            return self.invoke(head, body);
        }
        let mut items = self.items.lock().unwrap();
        let values = &body["ExpressionAttributeValues"];
        match head.headers["x-amz-target"].to_str().unwrap() {
            "DynamoDB_20120810.GetItem" => {
                let key = body["Key"]["pk"]["S"].as_str().unwrap();
                let item = items.get(key).map(|item| json!({ "Item": item }));
                respond(200, &item.unwrap_or(json!({})))
            }
            "DynamoDB_20120810.PutItem" => {
                let key = body["Item"]["pk"]["S"].as_str().unwrap().to_owned();
                let held = items.get(&key);
                let number = |value: &Value| value["N"].as_str().unwrap().parse::<u64>().unwrap();
                let lives =
                    held.is_some_and(|item| number(&item["expires"]) > number(&values[":now"]));
                let holds = match body["ConditionExpression"].as_str().unwrap() {
                    "attribute_not_exists(#pk) OR #expires <= :now" => !lives,
                    "#version = :replaced AND #expires > :now" => {
                        lives && held.is_some_and(|item| item["version"] == values[":replaced"])
                    }
                    other => panic!("not a condition of the library: {other}"),
                };
                if !holds {
                    let refusal = json!({
                        "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
                        "message": "The conditional request failed", "Item": held,
                    });
                    return respond(400, &refusal);
                }
                items.insert(key, body["Item"].clone());
                respond(200, &json!({}))
            }
            other => panic!("tasks do not need {other}"),
        }
    }

    fn invoke(&self, head: &Parts, body: &Value) -> Response<Full<Bytes>> {
        assert_eq!(head.headers["x-amz-invocation-type"], "Event");
        assert_eq!(head.uri.query(), Some("Qualifier=7"));
        let signature = head.headers["authorization"].to_str().unwrap();
        assert!(
            signature.starts_with("AWS4-HMAC-SHA256 ")
                && signature.contains("/eu-central-1/lambda/aws4_request"),
            "{signature}"
        );
        if let Some(status) = *self.invoke_status.lock().unwrap() {
            return respond(status, &json!({ "Message": "arn:aws:lambda:secret" }));
        }
        self.events.lock().unwrap().push(body.clone());
        respond(202, &json!({}))
    }
}

fn respond(status: u16, body: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    let json = "application/x-amz-json-1.0".parse().unwrap();
    response.headers_mut().insert("content-type", json);
    response
}

pub(crate) fn half_a_minute_ahead() -> SystemTime {
    SystemTime::now() + Duration::from_secs(30)
}

/// Every worker's time is over, and all work should have begun.
pub(crate) fn a_while_ahead() -> SystemTime {
    SystemTime::now() + Duration::from_secs(6 * 60)
}

pub(crate) fn after_the_time_to_live() -> SystemTime {
    SystemTime::now() + Duration::from_secs(60 * 60)
}
