use std::sync::atomic::Ordering;
use std::time::Duration;

use mcp_lambda_agent::conversation::{Image, ImageFormat, NonBlank, Outcome, ResultPart, ToolName};
use mcp_lambda_agent::limits::limited;
use mcp_lambda_agent::mcp::{ConnectError, McpTools, labels};
use mcp_lambda_agent::names::names;
use mcp_lambda_agent::schema::adapted;
use mcp_lambda_agent::tools::{Sent, Tools};
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use crate::support::{ShopServer, http};

async fn call(
    tools: &McpTools,
    name: &str,
    input: Value,
) -> mcp_lambda_agent::conversation::ToolResult {
    let name = ToolName::new(name).unwrap();
    let input: Map<String, Value> = serde_json::from_value(input).unwrap();
    let cancel = CancellationToken::new();
    let sent = Sent {
        name: &name,
        input: &input,
        timeout: Duration::from_secs(60),
        cancel: &cancel,
    };
    tools.call(sent, &mut |_| {}).await.unwrap()
}

fn strings(names: Vec<ToolName>) -> Vec<String> {
    names.into_iter().map(Into::into).collect()
}

#[test]
fn names_are_unique_and_fit_bedrock() {
    let long = "a".repeat(70);
    let tools = [
        ("shop", "get.product"),
        ("shop", "get/product"),
        ("depot", "get.product"),
        ("shop", long.as_str()),
        ("shop", &long[1..]),
        ("shop", "größe"),
    ];
    let several = strings(names(&tools, true));
    assert_eq!(several[..1], ["shop__get_product"]);
    assert_eq!(several[2], "depot__get_product");
    let unique: std::collections::HashSet<&String> = several.iter().collect();
    assert_eq!(unique.len(), several.len(), "{several:?}");
    assert!(
        several
            .iter()
            .all(|name| ToolName::new(name.as_str()).is_some()),
        "{several:?}"
    );
    assert_eq!(several, strings(names(&tools, true)));
    assert_eq!(strings(names(&[("shop", "buy")], false)), ["buy"]);
}

#[test]
fn labels_come_from_the_url() {
    let urls = [
        "https://example.com/orders/mcp",
        "https://orders.example.com/mcp",
        "http://127.0.0.1:3030/mcp",
        "http://localhost:3030/",
    ];
    assert_eq!(labels(&urls), ["orders", "orders2", "server", "server2"]);
}

#[test]
fn schemas_keep_what_bedrock_reads() {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Order",
        "type": "object",
        "properties": { "line": { "$ref": "#/$defs/Line" }, "node": { "$ref": "#/$defs/Node" } },
        "required": ["line"],
        "allOf": [{ "properties": { "note": { "type": "string" } }, "required": ["note"] }],
        "oneOf": [
            { "properties": { "sku": { "type": "string" }, "day": {} }, "required": ["sku", "day"] },
            { "properties": { "id": { "type": "string" }, "day": {} }, "required": ["id", "day"] },
        ],
        "$defs": {
            "Line": { "type": "object", "properties": { "quantity": { "type": "integer" } } },
            "Node": { "type": "object", "properties": { "next": { "$ref": "#/$defs/Node" } } },
        },
    });
    let adapted = Value::Object(adapted(schema.as_object().unwrap()).schema);
    let mut keys: Vec<&String> = adapted.as_object().unwrap().keys().collect();
    keys.sort_unstable();
    assert_eq!(keys, ["properties", "required", "type"]);
    assert_eq!(
        adapted["properties"]["line"]["properties"]["quantity"]["type"],
        "integer"
    );
    let required = adapted["required"].as_array().unwrap();
    let mut required: Vec<&str> = required.iter().filter_map(Value::as_str).collect();
    required.sort_unstable();
    assert_eq!(required, ["day", "line", "note"]);
    assert!(!adapted.to_string().contains("$ref"), "{adapted}");
    for name in ["line", "node", "note", "sku", "id", "day"] {
        assert!(
            adapted["properties"].get(name).is_some(),
            "{name}: {adapted}"
        );
    }
}

#[test]
fn arguments_whose_names_bedrock_refuses_are_renamed_on_the_way() {
    let long = "x".repeat(70);
    let schema = json!({ "type": "object", "properties": { "größe": {}, "gr__e": {}, "a b": {}, long.as_str(): {} }, "required": ["größe"] });
    let adapted = adapted(schema.as_object().unwrap());
    let tool = json!({ "toolSpec": { "name": "buy", "inputSchema": { "json": adapted.schema } } });
    let request = json!({ "messages": [{ "role": "user", "content": [{ "text": "hello" }] }], "toolConfig": { "tools": [tool] } });
    assert_eq!(mcp_lambda_agent::local::validate(&request), Ok(()));
    let renamed: Map<String, Value> = adapted.schema["properties"]
        .as_object()
        .unwrap()
        .keys()
        .map(|name| (name.clone(), json!(1)))
        .collect();
    let mut original: Vec<String> = adapted
        .original(&renamed)
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    original.sort();
    assert_eq!(original, ["a b", "gr__e", "größe", &long]);
    let required = adapted.schema["required"][0].as_str().unwrap();
    assert_eq!(adapted.renamed[required], "größe");
}

#[tokio::test]
async fn lists_the_tools_of_several_servers() {
    let (one, other) = (ShopServer::start().await, ShopServer::start().await);
    let tools = McpTools::new(vec![
        one.connect("north", "good"),
        other.connect("south", "good"),
    ]);
    let connected = tools.connect().await;
    assert!(connected.iter().all(Result::is_ok), "{connected:?}");
    let names: Vec<String> = tools
        .list()
        .await
        .into_iter()
        .map(|tool| tool.name.into())
        .collect();
    assert!(
        names.contains(&"north__create-order".into())
            && names.contains(&"south__create-order".into()),
        "{names:?}"
    );

    call(&tools, "south__list-orders", json!({})).await;
    assert_eq!(
        (one.shop.called(), other.shop.called()),
        (vec![], vec!["list-orders".to_owned()])
    );
}

#[tokio::test]
async fn a_server_that_is_away_leaves_the_others() {
    let shop = ShopServer::start().await;
    let (listener, address) = crate::support::listener().await;
    drop(listener);
    let away = mcp_lambda_agent::mcp::HttpServer::new("away", address, None, http());
    let tools = McpTools::new(vec![
        shop.connect("shop", "good"),
        Box::new(away),
        shop.connect("locked", "wrong"),
    ]);
    let connected = tools.connect().await;
    assert_eq!(connected[0].as_ref().unwrap().len(), 4);
    assert!(
        matches!(&connected[1], Err(ConnectError::Unreachable { server, .. }) if server == "away"),
        "{:?}",
        connected[1]
    );
    assert!(
        matches!(&connected[2], Err(ConnectError::SignIn { server }) if server == "locked"),
        "{:?}",
        connected[2]
    );
    assert_eq!(tools.list().await.len(), 4);
}

#[tokio::test]
async fn structured_content_and_pictures_are_passed_on() {
    let shop = ShopServer::start().await;
    let tools = shop.tools();
    let found = call(
        &tools,
        "search-products",
        json!({ "category": "electronics" }),
    )
    .await;
    let parts = found.content.into_vec();
    assert!(
        matches!(&parts[..], [ResultPart::Json(object)] if object["products"][0]["id"] == "p002"),
        "{parts:?}"
    );

    let product = call(&tools, "get-product", json!({ "productId": "p001" })).await;
    let image = Image {
        format: ImageFormat::Png,
        base64: NonBlank::new("iVBORw0KGgo=").unwrap(),
    };
    let words = ResultPart::Text(NonBlank::new("Smartphone X, 799.99").unwrap());
    assert_eq!(
        product.content.into_vec(),
        [words, ResultPart::Image(image)]
    );

    let missing = call(&tools, "get-product", json!({ "productId": "p999" })).await;
    assert_eq!(missing.outcome, Outcome::Failed);
}

#[tokio::test]
async fn a_changed_list_is_read_again() {
    let shop = ShopServer::start().await;
    let tools = shop.tools();
    assert_eq!(tools.list().await.len(), 4);
    shop.shop.has_refunds.store(true, Ordering::Relaxed);
    call(&tools, "list-orders", json!({})).await;
    // The notification and the result come on streams of their own.
    let patience = tokio::time::timeout(Duration::from_secs(120), async {
        while tools.list().await.len() == 4 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    patience.await.unwrap();
    assert!(
        tools
            .list()
            .await
            .iter()
            .any(|tool| tool.original_name == "refund")
    );
}

#[test]
fn a_large_result_is_cut_with_a_note() {
    let words = "é".repeat(1000);
    let cut = limited(mcp_lambda_agent::conversation::ToolResult::text(words), 101)
        .content
        .into_vec();
    let [ResultPart::Text(text)] = &cut[..] else {
        panic!("{cut:?}")
    };
    assert!(text.as_str().starts_with("éé"), "{}", text.as_str());
    assert!(
        text.as_str().ends_with(
            "[The result was cut: 100 of 2000 bytes are shown. Ask for less, or for the next page.]"
        ),
        "{}",
        text.as_str()
    );
}
