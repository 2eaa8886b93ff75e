//! The binary: what it prints, and what it answers as a Lambda function.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

use mcp_lambda_testing::{check_contract, serve_program};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

#[test]
fn the_checked_in_contract_is_what_the_server_prints() {
    check_contract(env!("CARGO_BIN_EXE_dog-facts"), "contract.json").unwrap();
}

#[test]
fn the_tool_is_declared_as_read_only_and_open_to_the_world() {
    let contract = json!(dog_facts::server().contract().unwrap());
    let tool = &contract["tools"][0];
    assert_eq!(
        (&tool["name"], &tool["scopes"]),
        (&json!("getDogFacts"), &json!(["dog-facts"]))
    );
    assert_eq!(
        tool["annotations"],
        json!({ "readOnlyHint": true, "openWorldHint": true })
    );
    let limit = &tool["inputSchema"]["properties"]["limit"];
    let bounds = ["type", "minimum", "maximum", "default"].map(|member| &limit[member]);
    assert_eq!(
        bounds,
        [&json!("integer"), &json!(1), &json!(10), &json!(5)]
    );
    assert_eq!(tool["outputSchema"]["required"], json!(["facts"]));
}

#[tokio::test]
async fn answers_a_tool_call_as_a_lambda_function_with_five_facts_by_default() {
    let dog_api = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = dog_api.local_addr().unwrap();
    let upstream = tokio::spawn(async move {
        let (mut stream, _) = dog_api.accept().await.unwrap();
        let mut request = vec![0; 4096];
        let length = stream.read(&mut request).await.unwrap();
        let facts = r#"{"data":[{"id":"1","type":"fact","attributes":{"body":"Dogs bark."}}]}"#;
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", facts.len());
        stream.write_all((head + facts).as_bytes()).await.unwrap();
        String::from_utf8_lossy(&request[..length]).into_owned()
    });
    let dog_facts = serve_program(env!("CARGO_BIN_EXE_dog-facts"))
        .await
        .unwrap()
        .setting("DOG_API_BASE_URL", &format!("http://{address}/api/v2"));
    let robot = dog_facts.machine("robot").scopes(&["dog-facts"]);
    let result = robot.call("getDogFacts", json!({})).await;
    assert_eq!(
        result.structured(),
        &json!({ "facts": ["Dogs bark."] }),
        "{result:?}"
    );
    let request = upstream.await.unwrap();
    assert!(
        request.starts_with("GET /api/v2/facts?limit=5 "),
        "{request}"
    );
}
