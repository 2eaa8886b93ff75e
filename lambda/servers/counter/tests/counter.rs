//! The counter server as a Lambda function, against a stand-in of DynamoDB.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use mcp_lambda_testing::{Function, FunctionOptions, TransferMode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

const RESOURCE: &str = "https://d111.cloudfront.net/mcp";
const KEYS: &str = "one:0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ01";

/// Two operations of DynamoDB, as far as the counter uses them, or one refusal for everything.
#[derive(Default)]
struct Table {
    items: Mutex<BTreeMap<String, Value>>,
    requests: Mutex<Vec<(String, Value)>>,
    refusal: Mutex<Option<(u16, &'static str)>>,
}

impl Table {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let operation = request.headers()["x-amz-target"]
            .to_str()
            .unwrap()
            .replace("DynamoDB_20120810.", "");
        let signed = request.headers()["authorization"]
            .to_str()
            .unwrap()
            .to_owned();
        assert!(
            signed.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"),
            "{signed}"
        );
        let body: Value =
            serde_json::from_slice(&request.into_body().collect().await.unwrap().to_bytes())
                .unwrap();
        self.requests
            .lock()
            .unwrap()
            .push((operation.clone(), body.clone()));
        if let Some((status, code)) = *self.refusal.lock().unwrap() {
            return refused(status, code);
        }
        let mut items = self.items.lock().unwrap();
        match operation.as_str() {
            "GetItem" => match items.get(body["Key"]["pk"]["S"].as_str().unwrap()) {
                Some(item) => answer(200, &json!({ "Item": item })),
                None => answer(200, &json!({})),
            },
            "PutItem" => {
                let key = body["Item"]["pk"]["S"].as_str().unwrap().to_owned();
                let held = items.get(&key).map(|item| &item["version"]);
                if held.unwrap_or(&Value::Null) != &body["ExpressionAttributeValues"][":replaced"] {
                    return refused(400, "ConditionalCheckFailedException");
                }
                items.insert(key, body["Item"].clone());
                answer(200, &json!({}))
            }
            other => panic!("the counter does not need {other}"),
        }
    }

    fn operations(&self) -> Vec<String> {
        self.requests
            .lock()
            .unwrap()
            .iter()
            .map(|(operation, _)| operation.clone())
            .collect()
    }
}

fn refused(status: u16, code: &str) -> Response<Full<Bytes>> {
    let text = json!({
        "__type": format!("com.amazonaws.dynamodb.v20120810#{code}"),
        "message": "User: arn:aws:sts::123456789012:assumed-role/secret is not authorized",
    });
    answer(status, &text)
}

fn answer(status: u16, body: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response.headers_mut().insert(
        "content-type",
        "application/x-amz-json-1.0".parse().unwrap(),
    );
    response
}

struct Counter {
    table: Arc<Table>,
    function: Arc<Function>,
}

impl Counter {
    async fn start() -> Self {
        let table = Arc::new(Table::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let served = Arc::clone(&table);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let table = Arc::clone(&served);
                tokio::spawn(async move {
                    let service = service_fn(move |request| {
                        let table = Arc::clone(&table);
                        async move { Ok::<_, Infallible>(table.answer(request).await) }
                    });
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Self {
            table,
            function: function(&endpoint),
        }
    }

    async fn call(&self, caller: &str, tool: &str, arguments: Value) -> Value {
        call(
            &self.function,
            caller,
            "counter.read counter.write",
            tool,
            arguments,
        )
        .await
        .1
    }
}

fn function(endpoint: &str) -> Arc<Function> {
    let environment = [
        ("MCP_RESOURCE", RESOURCE),
        (
            "MCP_ISSUER",
            "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Example01",
        ),
        ("MCP_RESPONSE_MODE", "buffered"),
        ("MCP_STATE_TABLE", "state-table"),
        ("MCP_STATE_KEYS", KEYS),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "secret-example"),
        ("AWS_SESSION_TOKEN", "session-example"),
        ("AWS_ENDPOINT_URL", endpoint),
    ];
    Function::new(FunctionOptions {
        command: vec![env!("CARGO_BIN_EXE_counter").to_owned()],
        environment: environment
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        handler: "bootstrap".to_owned(),
        timeout: Duration::from_secs(10),
        transfer_mode: TransferMode::Buffered,
        kills: None,
    })
}

/// Status and body of one `tools/call` by a person, or by a machine when `caller` starts with `machine-`.
async fn call(
    function: &Arc<Function>,
    caller: &str,
    scopes: &str,
    tool: &str,
    arguments: Value,
) -> (u16, Value) {
    let app_client = if caller.starts_with("machine-") {
        caller
    } else {
        "client"
    };
    let scopes: Vec<String> = scopes
        .split(' ')
        .map(|scope| format!("{RESOURCE}/{scope}"))
        .collect();
    let message = json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": tool, "arguments": arguments }
    });
    let event = json!({
        "httpMethod": "POST", "path": "/mcp", "body": message.to_string(), "isBase64Encoded": false,
        "headers": {
            "Host": "d111.cloudfront.net", "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-11-25",
        },
        "requestContext": { "authorizer": { "claims": {
            "sub": caller, "client_id": app_client, "token_use": "access", "scope": scopes.join(" "),
            "iss": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Example01",
        } } },
    });
    let answer = function
        .invoke(event.to_string().into())
        .await
        .expect("the function answers");
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn counts_for_every_conversation_on_its_own() {
    let counter = Counter::start().await;
    let mut handles = BTreeMap::new();
    for (caller, conversation, tool, arguments, count) in [
        ("ada", "first", "getCounter", json!({}), 0),
        ("ada", "first", "incrementCounter", json!({}), 1),
        ("ada", "first", "incrementCounter", json!({ "by": 41 }), 42),
        ("ada", "second", "incrementCounter", json!({ "by": 3 }), 3),
        ("machine-1", "third", "incrementCounter", json!({}), 1),
        ("ada", "first", "getCounter", json!({}), 42),
    ] {
        let mut arguments = arguments;
        if let Some(handle) = handles.get(conversation) {
            arguments["conversation"] = Value::clone(handle);
        }
        let result = &counter.call(caller, tool, arguments).await["result"];
        let structured = &result["structuredContent"];
        assert_eq!(structured["count"], count, "{caller} {conversation} {tool}");
        assert_eq!(result["content"][0]["text"], count.to_string());
        if structured["conversation"].is_string() {
            handles.insert(conversation, structured["conversation"].clone());
        }
    }
    assert_eq!(counter.table.items.lock().unwrap().len(), 3);
    let stolen = json!({ "conversation": handles["first"] });
    let result = &counter.call("bob", "incrementCounter", stolen).await["result"];
    assert_eq!(result["isError"], true, "{result}");
    let requests = counter.table.requests.lock().unwrap();
    assert!(
        requests
            .iter()
            .all(|(_, body)| body["TableName"] == "state-table")
    );
}

#[tokio::test]
async fn needs_only_the_aws_actions_that_the_contract_declares() {
    let counter = Counter::start().await;
    let begun = counter.call("ada", "incrementCounter", json!({})).await;
    let handle = &begun["result"]["structuredContent"]["conversation"];
    for tool in ["getCounter", "incrementCounter"] {
        let result = counter
            .call("ada", tool, json!({ "conversation": handle }))
            .await;
        assert_ne!(result["result"]["isError"], true, "{result}");
    }
    let contract = counter::definition().contract().unwrap();
    let declared: BTreeSet<String> = contract
        .tools
        .iter()
        .flat_map(|tool| &tool.aws_actions)
        .flat_map(|permission| &permission.actions)
        .map(|action| action.replace("dynamodb:", ""))
        .collect();
    let operations = counter.table.operations();
    assert_eq!(operations.into_iter().collect::<BTreeSet<_>>(), declared);
}

#[tokio::test]
async fn refuses_amounts_out_of_bounds_without_asking_the_table() {
    let counter = Counter::start().await;
    for by in [0, -1, 101] {
        let answer = counter
            .call("ada", "incrementCounter", json!({ "by": by }))
            .await;
        assert_eq!(answer["result"]["isError"], true);
        assert_eq!(
            answer["result"]["content"][0]["text"],
            format!("by must be a whole number from 1 to 100, got {by}")
        );
    }
    assert_eq!(counter.table.operations(), Vec::<String>::new());
}

#[tokio::test]
async fn keeps_readers_from_writing() {
    let counter = Counter::start().await;
    let (status, body) = call(
        &counter.function,
        "ada",
        "counter.read",
        "incrementCounter",
        json!({}),
    )
    .await;
    assert_eq!(
        (status, body["error"]["code"].as_i64()),
        (403, Some(-32003))
    );
    assert_eq!(counter.table.operations(), Vec::<String>::new());
    let (status, _) = call(
        &counter.function,
        "ada",
        "counter.read",
        "getCounter",
        json!({}),
    )
    .await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn a_refusal_of_the_table_is_a_tool_error_without_the_accounts_details() {
    let counter = Counter::start().await;
    *counter.table.refusal.lock().unwrap() = Some((400, "AccessDeniedException"));
    let result = &counter.call("ada", "incrementCounter", json!({})).await["result"];
    assert_eq!(result["isError"], true);
    assert_eq!(
        result["content"][0]["text"],
        "the server is not allowed to use its state table (AccessDenied: dynamodb:PutItem)"
    );
}

#[test]
fn the_checked_in_contract_is_what_the_server_prints() {
    let path = format!("{}/contract.json", env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(env!("CARGO_BIN_EXE_counter"))
        .arg("contract")
        .env_clear()
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        checked_in == printed,
        "lambda/servers/counter/contract.json is stale; run: cargo run -p counter -- contract > lambda/servers/counter/contract.json"
    );
}

#[test]
fn names_the_missing_variables_of_lambda_itself() {
    let output = Command::new(env!("CARGO_BIN_EXE_counter"))
        .env_clear()
        .env("MCP_RESOURCE", RESOURCE)
        .env(
            "MCP_ISSUER",
            "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Example01",
        )
        .env("MCP_STATE_TABLE", "state-table")
        .env("MCP_STATE_KEYS", KEYS)
        .env("AWS_REGION", "eu-central-1")
        .output()
        .unwrap();
    assert!(!output.status.success());
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(
        log.contains("AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY not set"),
        "{log}"
    );
}
