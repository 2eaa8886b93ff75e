use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::post;
use mcp_lambda_agent::agent::{Agent, Approval, Pause, Settings};
use mcp_lambda_agent::conversation::{Conversation, Prompt};
use mcp_lambda_agent::local::{LocalModel, Source};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::support::{Screen, ShopServer, http, listener};

type Seen = Arc<Mutex<Vec<Value>>>;

/// Orders at the first request, in the pieces that OpenAI's API sends, and reports at the second.
async fn chat_completions(State(seen): State<Seen>, body: String) -> impl IntoResponse {
    let first = {
        let mut seen = seen.lock().unwrap();
        seen.push(serde_json::from_str(&body).unwrap());
        seen.len() == 1
    };
    let delta = |delta: Value, reason: Value| json!({ "choices": [{ "index": 0, "delta": delta, "finish_reason": reason }] });
    let call = |call: Value| delta(json!({ "tool_calls": [call] }), Value::Null);
    let usage = json!({ "choices": [], "usage": { "prompt_tokens": 120, "completion_tokens": 7 } });
    let chunks = if first {
        vec![
            delta(json!({ "role": "assistant", "content": "I " }), Value::Null),
            delta(json!({ "content": "order." }), Value::Null),
            call(
                json!({ "index": 0, "id": "call_x", "type": "function", "function": { "name": "create-order", "arguments": "" } }),
            ),
            call(json!({ "index": 0, "function": { "arguments": "{\"lines\":[{\"productId\":" } })),
            call(json!({ "index": 0, "function": { "arguments": "\"p002\",\"quantity\":2}]}" } })),
            // A server that sends calls whole, without an index.
            call(
                json!({ "id": "call_y", "function": { "name": "list-orders", "arguments": "{}" } }),
            ),
            delta(json!({}), json!("tool_calls")),
            usage,
        ]
    } else {
        vec![
            delta(json!({ "content": "Done." }), Value::Null),
            delta(json!({}), json!("stop")),
            usage,
        ]
    };
    let lines: String = chunks
        .iter()
        .map(|chunk| format!("data: {chunk}\n\n"))
        .collect();
    (
        [("content-type", "text/event-stream")],
        format!("{lines}data: [DONE]\n\n"),
    )
}

#[tokio::test]
async fn an_endpoint_that_is_compatible_with_openai_calls_tools() {
    let seen = Seen::default();
    let app = Router::new()
        .route("/v1/chat/completions", post(chat_completions))
        .with_state(seen.clone());
    let (listener, address) = listener().await;
    tokio::spawn(async move { axum::serve(listener, app).await });
    let (shop, mut screen) = (ShopServer::start().await, Screen::default());
    let source = Source::open_ai(&format!("{address}/v1"), Some("key".into()), http());
    let settings = Settings {
        approval: Approval::Never,
        ..Settings::default()
    };
    let agent = Agent::new(LocalModel::new("qwen3", source), shop.tools(), settings);

    let mut conversation = Conversation::new();
    conversation
        .ask(Prompt::new("Two of p002, please").unwrap())
        .unwrap();
    let pause = agent
        .advance(&mut conversation, &mut screen, &CancellationToken::new())
        .await
        .unwrap();
    assert_eq!(pause, Pause::TurnOver);
    let mut called = shop.shop.called();
    called.sort();
    assert_eq!(called, ["create-order", "list-orders"]);
    assert_eq!(
        (
            conversation.usage().input_tokens,
            conversation.usage().output_tokens
        ),
        (240, 14)
    );

    let seen = seen.lock().unwrap();
    assert_eq!(seen[0]["model"], "qwen3");
    assert_eq!(
        seen[0]["messages"][0],
        json!({ "role": "user", "content": "Two of p002, please" })
    );
    assert_eq!(seen[0]["tools"].as_array().unwrap().len(), 4);
    let messages = seen[1]["messages"].as_array().unwrap();
    assert_eq!(
        messages[1]["tool_calls"][0]["function"]["name"],
        "create-order"
    );
    assert_eq!(messages[2]["role"], "tool");
    assert_eq!(
        messages[2]["tool_call_id"],
        messages[1]["tool_calls"][0]["id"]
    );
    assert!(
        messages[2]["content"]
            .as_str()
            .unwrap()
            .contains("\"pieces\":2"),
        "{}",
        messages[2]
    );
    assert_eq!(
        messages[3]["tool_call_id"],
        messages[1]["tool_calls"][1]["id"]
    );
}

#[tokio::test]
async fn an_endpoint_that_is_away_is_named() {
    let (listener, address) = listener().await;
    drop(listener);
    let source = Source::open_ai(&address, None, http());
    let agent = Agent::new(
        LocalModel::new("qwen3", source),
        mcp_lambda_agent::mcp::McpTools::new(vec![]),
        Settings::default(),
    );
    let mut conversation = Conversation::new();
    conversation.ask(Prompt::new("hello").unwrap()).unwrap();
    let pause = agent
        .advance(
            &mut conversation,
            &mut Screen::default(),
            &CancellationToken::new(),
        )
        .await
        .unwrap();
    let Pause::Failed(error) = pause else {
        panic!("{pause:?}")
    };
    assert!(
        error
            .to_string()
            .contains(&format!("{address}/chat/completions")),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .contains("start the model's server, or correct the URL"),
        "{error}"
    );
}
