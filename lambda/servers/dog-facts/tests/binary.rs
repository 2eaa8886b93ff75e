//! The binary: what it prints, and what it answers as a Lambda function.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[test]
fn the_checked_in_contract_is_what_the_server_prints() {
    let path = format!("{}/contract.json", env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(env!("CARGO_BIN_EXE_dog-facts"))
        .arg("contract")
        .env_clear()
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        checked_in == printed,
        "lambda/servers/dog-facts/contract.json is stale; run: cargo run -p dog-facts -- contract > lambda/servers/dog-facts/contract.json"
    );
}

#[test]
fn the_tool_is_declared_as_read_only_and_open_to_the_world() {
    let contract = dog_facts::definition().contract().unwrap();
    let [tool] = contract.tools.as_slice() else {
        panic!("one tool")
    };
    assert_eq!(
        (tool.name.as_str(), tool.scopes.as_slice()),
        ("getDogFacts", ["dog-facts".to_owned()].as_slice())
    );
    assert_eq!(
        tool.annotations,
        Some(json!({ "readOnlyHint": true, "openWorldHint": true }))
    );
    let limit = &tool.input_schema["properties"]["limit"];
    let bounds: BTreeMap<_, _> = ["type", "minimum", "maximum", "default"]
        .map(|member| (member, limit[member].clone()))
        .into();
    assert_eq!(
        bounds,
        [
            ("type", json!("integer")),
            ("minimum", json!(1)),
            ("maximum", json!(10)),
            ("default", json!(5))
        ]
        .into()
    );
    assert_eq!(
        tool.output_schema.as_ref().unwrap()["required"],
        json!(["facts"])
    );
}

/// Ends the function with the test.
struct Function(Child);

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Reads one HTTP request: everything up to its last byte.
async fn read_request(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let length = stream.read(&mut buffer).await.unwrap();
        request.extend_from_slice(&buffer[..length]);
        let text = String::from_utf8_lossy(&request).into_owned();
        let is_complete = if text.starts_with("GET ") {
            text.contains("\r\n\r\n")
        } else {
            text.ends_with("0\r\n\r\n")
        };
        if length == 0 || is_complete {
            return text;
        }
    }
}

#[tokio::test]
async fn answers_a_tool_call_as_a_lambda_function_with_five_facts_by_default() {
    let runtime_api = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dog_api = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let _function = Function(
        Command::new(env!("CARGO_BIN_EXE_dog-facts"))
            .env_clear()
            .env(
                "AWS_LAMBDA_RUNTIME_API",
                runtime_api.local_addr().unwrap().to_string(),
            )
            .env("MCP_RESOURCE", "https://d111.cloudfront.net/mcp")
            .env(
                "MCP_ISSUER",
                "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Example01",
            )
            .env(
                "DOG_API_BASE_URL",
                format!("http://{}/api/v2", dog_api.local_addr().unwrap()),
            )
            .stderr(Stdio::null())
            .spawn()
            .unwrap(),
    );
    let message = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": "getDogFacts" } });
    let event = json!({
        "httpMethod": "POST", "path": "/mcp", "body": message.to_string(), "isBase64Encoded": false,
        "headers": {
            "Host": "d111.cloudfront.net", "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-11-25",
        },
        "requestContext": { "authorizer": { "claims": {
            "sub": "m", "client_id": "m", "token_use": "access", "scope": "https://d111.cloudfront.net/mcp/dog-facts",
            "iss": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Example01",
        } } },
    })
    .to_string();

    let (mut runtime, _) = runtime_api.accept().await.unwrap();
    assert!(
        read_request(&mut runtime)
            .await
            .starts_with("GET /2018-06-01/runtime/invocation/next ")
    );
    let head = "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: one\r\nLambda-Runtime-Deadline-Ms: 99999999999999";
    runtime
        .write_all(format!("{head}\r\nContent-Length: {}\r\n\r\n{event}", event.len()).as_bytes())
        .await
        .unwrap();

    let (mut upstream, _) = dog_api.accept().await.unwrap();
    assert!(
        read_request(&mut upstream)
            .await
            .starts_with("GET /api/v2/facts?limit=5 ")
    );
    let facts =
        json!({ "data": [{ "id": "1", "type": "fact", "attributes": { "body": "Dogs bark." } }] })
            .to_string();
    upstream
        .write_all(
            format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{facts}",
                facts.len()
            )
            .as_bytes(),
        )
        .await
        .unwrap();

    let answer = read_request(&mut runtime).await;
    assert!(
        answer.starts_with("POST /2018-06-01/runtime/invocation/one/response "),
        "{answer}"
    );
    assert!(
        answer.contains("\"structuredContent\":{\"facts\":[\"Dogs bark.\"]}"),
        "{answer}"
    );
    let prelude: Value = serde_json::from_str(
        answer
            .split_once("\r\n\r\n")
            .unwrap()
            .1
            .split_once("\r\n")
            .unwrap()
            .1
            .split_once('\0')
            .unwrap()
            .0,
    )
    .unwrap();
    assert_eq!(prelude["statusCode"], 200);
}
