//! Confirmation by the person: clients before 2026-07-28 are asked in the middle of the call, later ones call again.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use mcp_lambda_testing::{Answer, Function, TransferMode};
use serde_json::{Value, json};

use crate::shop::{Shop, event, invoke, message, text};
use crate::{BOTH, of};

const QUESTION: &str = "Order 2 × Headphones (p002) at $149.99; total $299.98?";

fn streamed(shop: &Shop) -> Arc<Function> {
    shop.function(env!("CARGO_BIN_EXE_orders"), TransferMode::Stream)
}

/// A session of a client of 2025-11-25 with these capabilities.
async fn session(function: &Function, capabilities: Value) -> String {
    let initialize = json!({
        "jsonrpc": "2.0", "id": 0, "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25", "capabilities": capabilities,
            "clientInfo": { "name": "test-client", "version": "1.0.0" },
        },
    });
    let answer = invoke(function, &event("ada", BOTH, &initialize, &[])).await;
    answer.headers()["mcp-session-id"]
        .to_str()
        .unwrap()
        .to_owned()
}

async fn send(function: &Function, session: &str, message: &Value) -> Answer {
    let headers = [
        ("MCP-Protocol-Version", "2025-11-25"),
        ("Mcp-Session-Id", session),
    ];
    invoke(function, &event("ada", BOTH, message, &headers)).await
}

/// The next JSON-RPC message of a response, streamed or not.
async fn next(answer: &mut Answer, received: &mut String) -> Value {
    loop {
        if let Some((event, rest)) = received.split_once("\n\n") {
            let data: String = event
                .lines()
                .filter_map(|line| line.strip_prefix("data:"))
                .collect();
            *received = rest.to_owned();
            if let Ok(message) = serde_json::from_str(data.trim()) {
                return message;
            }
            continue;
        }
        if let Ok(message) = serde_json::from_str(received) {
            received.clear();
            return message;
        }
        let frame = tokio::time::timeout(Duration::from_secs(60), answer.frame()).await;
        let frame = frame
            .expect("the stream goes on")
            .expect("the stream goes on")
            .unwrap();
        received.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
    }
}

/// Orders with a client of 2025-11-25 that is asked, and responds with this.
async fn order_and_respond(function: &Function, response: Value) -> Value {
    let session = session(function, json!({ "elicitation": {} })).await;
    let mut answer = send(function, &session, &message("create-order", &of("p002", 2))).await;
    let mut received = String::new();
    let question = next(&mut answer, &mut received).await;
    assert_eq!(question["method"], "elicitation/create", "{question}");
    assert_eq!(question["params"]["message"], QUESTION);
    assert_eq!(
        question["params"]["requestedSchema"]["required"],
        json!(["confirm"]),
        "{question}"
    );
    let response = json!({ "jsonrpc": "2.0", "id": question["id"], "result": response });
    assert_eq!(send(function, &session, &response).await.status(), 202);
    next(&mut answer, &mut received).await["result"].take()
}

#[tokio::test]
async fn a_client_that_can_ask_orders_after_its_person_has_confirmed() {
    let shop = Shop::open().await;
    let function = streamed(&shop);
    let result = order_and_respond(
        &function,
        json!({ "action": "accept", "content": { "confirm": true } }),
    )
    .await;
    assert_eq!(result["structuredContent"]["total"], 299.98, "{result}");
    assert_eq!(shop.left("p002").await, 48);
}

#[tokio::test]
async fn an_order_that_the_person_does_not_confirm_is_not_placed() {
    let shop = Shop::open().await;
    let function = streamed(&shop);
    for response in [
        json!({ "action": "decline" }),
        json!({ "action": "cancel" }),
        json!({ "action": "accept", "content": { "confirm": false } }),
        json!({ "action": "accept" }),
    ] {
        let result = order_and_respond(&function, response).await;
        assert_eq!(result["isError"], true);
        assert_eq!(
            text(&result),
            "nothing was ordered: the person did not confirm"
        );
    }
    assert_eq!((shop.left("p002").await, shop.order_count().await), (50, 0));
}

#[tokio::test]
async fn a_client_that_cannot_ask_orders_without_a_question() {
    let shop = Shop::open().await;
    let function = streamed(&shop);
    for capabilities in [json!({}), json!({ "elicitation": { "url": {} } })] {
        let session = session(&function, capabilities).await;
        let mut answer = send(
            &function,
            &session,
            &message("create-order", &of("p002", 2)),
        )
        .await;
        let placed = next(&mut answer, &mut String::new()).await;
        assert_eq!(
            placed["result"]["structuredContent"]["total"], 299.98,
            "{placed}"
        );
    }
    assert_eq!(shop.left("p002").await, 46);
}

/// The result of a call by a client of 2026-07-28 that shows forms, with these further parameters.
async fn modern(function: &Function, parameters: Value) -> Value {
    let mut message = message("create-order", &of("p002", 2));
    for (name, value) in parameters.as_object().unwrap() {
        message["params"][name] = value.clone();
    }
    message["params"]["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": { "elicitation": { "form": {} } },
        "io.modelcontextprotocol/clientInfo": { "name": "test-client", "version": "1.0.0" },
    });
    let headers = [
        ("MCP-Protocol-Version", "2026-07-28"),
        ("Mcp-Method", "tools/call"),
        ("Mcp-Name", "create-order"),
    ];
    let mut answer = invoke(function, &event("ada", BOTH, &message, &headers)).await;
    next(&mut answer, &mut String::new()).await["result"].take()
}

#[tokio::test]
async fn a_client_of_2026_07_28_is_asked_by_a_result_and_calls_again() {
    let shop = Shop::open().await;
    let function = streamed(&shop);
    let asked = modern(&function, json!({})).await;
    assert_eq!(asked["resultType"], "input_required", "{asked}");
    let question = &asked["inputRequests"]["confirm"];
    assert_eq!(question["params"]["message"], QUESTION, "{asked}");
    assert_eq!(shop.order_count().await, 0);

    let retry = |response: Value, state: &Value| json!({ "inputResponses": { "confirm": response }, "requestState": state });
    let accepted = json!({ "action": "accept", "content": { "confirm": true } });
    let declined = modern(
        &function,
        retry(json!({ "action": "decline" }), &asked["requestState"]),
    )
    .await;
    assert_eq!(
        text(&declined),
        "nothing was ordered: the person did not confirm"
    );

    shop.client
        .update_item()
        .table_name(&shop.catalogue)
        .key(
            "pk",
            aws_sdk_dynamodb::types::AttributeValue::S("p002".to_owned()),
        )
        .update_expression("SET priceCents = :dearer")
        .expression_attribute_values(
            ":dearer",
            aws_sdk_dynamodb::types::AttributeValue::N("15999".to_owned()),
        )
        .send()
        .await
        .unwrap();
    let again = modern(&function, retry(accepted.clone(), &asked["requestState"])).await;
    assert_eq!(
        again["inputRequests"]["confirm"]["params"]["message"],
        "Order 2 × Headphones (p002) at $159.99; total $319.98?",
        "a confirmation of another price counts for nothing: {again}"
    );
    let placed = modern(&function, retry(accepted, &again["requestState"])).await;
    assert_eq!(placed["structuredContent"]["total"], 319.98, "{placed}");
    assert_eq!(shop.left("p002").await, 48);
}
