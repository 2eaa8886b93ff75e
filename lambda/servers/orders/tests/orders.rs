//! The orders server as a Lambda function, with its tables on the emulator.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

#[path = "../../products/tests/shop/mod.rs"]
mod shop;

#[path = "orders/asking.rs"]
mod asking;
#[path = "orders/buyers.rs"]
mod buyers;
#[path = "orders/conflict.rs"]
mod conflict;

use std::process::Command;
use std::sync::Arc;

use mcp_lambda_testing::{Function, TransferMode};
use serde_json::{Value, json};

use shop::{Shop, call_with, text};

const BOTH: &str = "orders.read orders.write";

fn orders(shop: &Shop) -> Arc<Function> {
    shop.function(env!("CARGO_BIN_EXE_orders"), TransferMode::Buffered)
}

/// The result of a call by a person who may do everything.
async fn call(function: &Function, person: &str, tool: &str, arguments: Value) -> Value {
    let (status, mut body) = call_with(function, person, BOTH, tool, arguments).await;
    assert_eq!(status, 200, "{body}");
    body["result"].take()
}

/// The arguments that order pieces of one product.
fn of(product: &str, quantity: u64) -> Value {
    json!({ "lines": [{ "productId": product, "quantity": quantity }] })
}

fn order_id(result: &Value) -> String {
    let id = result["structuredContent"]["orderId"].as_str();
    id.unwrap_or_else(|| panic!("{result}")).to_owned()
}

#[tokio::test]
async fn an_order_has_the_catalogue_s_prices_and_takes_its_pieces_from_the_stock() {
    let shop = Shop::open().await;
    let function = orders(&shop);
    let lines = json!({ "lines": [
        { "productId": "p002", "quantity": 1 },
        { "productId": "p001", "quantity": 3 },
        { "productId": "p002", "quantity": 1 },
    ] });
    let placed = call(&function, "ada", "create-order", lines).await;
    let order = &placed["structuredContent"];
    assert_eq!(
        order["lines"],
        json!([
            { "productId": "p002", "name": "Headphones", "quantity": 2, "price": 149.99, "subtotal": 299.98 },
            { "productId": "p001", "name": "Smartphone X", "quantity": 3, "price": 799.99, "subtotal": 2399.97 },
        ])
    );
    assert_eq!(
        (&order["total"], &order["currency"]),
        (&json!(2699.95), &json!("USD"))
    );
    assert_eq!(order["status"], "placed");
    assert!(text(&placed).contains("total $2699.95"), "{placed}");
    assert_eq!((shop.left("p002").await, shop.left("p001").await), (48, 22));

    let checked = call(
        &function,
        "ada",
        "check-order-status",
        json!({ "orderId": order["orderId"] }),
    )
    .await;
    assert_eq!(&checked["structuredContent"], order);
    let listed = call(&function, "ada", "list-orders", json!({})).await;
    assert_eq!(listed["structuredContent"]["orders"], json!([order]));
}

#[tokio::test]
async fn an_order_is_placed_in_whole_or_not_at_all() {
    let shop = Shop::open().await;
    let function = orders(&shop);
    for (lines, problem) in [
        (
            json!([["p001", 1], ["p004", 1]]),
            "nothing was ordered: Running Shoes (p004) is out of stock",
        ),
        (
            json!([["p001", 1], ["p002", 51]]),
            "nothing was ordered: only 50 of Headphones (p002) are left, and 51 were asked for",
        ),
        (
            json!([["p001", 1], ["headphones", 1]]),
            "nothing was ordered: there is no product \"headphones\"; near ones: p002 (Headphones)",
        ),
        (json!([]), "lines: must have at least 1 item, got 0"),
        (
            json!([["p001", 0]]),
            "lines[0].quantity: must be at least 1, got 0",
        ),
        (
            json!([["p001", 600], ["p001", 600]]),
            "lines[1].quantity must be a whole number from 1 to 1000 for each product, got 600",
        ),
        (
            json!([["", 1]]),
            "lines[0].productId: must have at least 1 character, got 0",
        ),
    ] {
        let lines: Vec<Value> = lines
            .as_array()
            .unwrap()
            .iter()
            .map(|line| json!({ "productId": line[0], "quantity": line[1] }))
            .collect();
        let result = call(&function, "ada", "create-order", json!({ "lines": lines })).await;
        assert_eq!(result["isError"], true, "{result}");
        assert_eq!(text(&result), problem);
    }
    assert_eq!((shop.left("p001").await, shop.order_count().await), (25, 0));
}

#[tokio::test]
async fn a_cancelled_order_s_pieces_are_in_stock_again_once() {
    let shop = Shop::open().await;
    let function = orders(&shop);
    let id = order_id(&call(&function, "ada", "create-order", of("p003", 4)).await);
    assert_eq!(shop.left("p003").await, 26);
    for (time, begins) in [(1, "order "), (2, "nothing changed: ")] {
        let result = call(&function, "ada", "cancel-order", json!({ "orderId": id })).await;
        assert_eq!(result["structuredContent"]["status"], "cancelled", "{time}");
        assert!(text(&result).starts_with(begins), "{result}");
        assert_eq!(shop.left("p003").await, 30);
    }
    let both = tokio::join!(
        call(&function, "ada", "create-order", of("p003", 2)),
        call(&function, "ada", "create-order", of("p003", 3)),
    );
    let id = order_id(&both.0);
    let cancelled = tokio::join!(
        call(&function, "ada", "cancel-order", json!({ "orderId": id })),
        call(&function, "ada", "cancel-order", json!({ "orderId": id })),
        call(&function, "ada", "cancel-order", json!({ "orderId": id })),
    );
    for result in [cancelled.0, cancelled.1, cancelled.2] {
        assert_eq!(
            result["structuredContent"]["status"], "cancelled",
            "{result}"
        );
    }
    assert_eq!(
        shop.left("p003").await,
        27,
        "three of them are still ordered"
    );
    let open = call(
        &function,
        "ada",
        "list-orders",
        json!({ "status": "placed" }),
    )
    .await;
    assert_eq!(
        open["structuredContent"]["orders"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn an_order_of_a_product_that_is_gone_can_be_cancelled() {
    let shop = Shop::open().await;
    let function = orders(&shop);
    let lines = json!({ "lines": [{ "productId": "p003", "quantity": 1 }, { "productId": "p005", "quantity": 1 }] });
    let id = order_id(&call(&function, "ada", "create-order", lines).await);
    let gone = aws_sdk_dynamodb::types::AttributeValue::S("p003".to_owned());
    let remove = shop
        .client
        .delete_item()
        .table_name(&shop.catalogue)
        .key("pk", gone);
    remove.send().await.unwrap();
    let result = call(&function, "ada", "cancel-order", json!({ "orderId": id })).await;
    assert_eq!(
        result["structuredContent"]["status"], "cancelled",
        "{result}"
    );
    assert_eq!(shop.left("p005").await, 15);
}

#[tokio::test]
async fn the_same_idempotency_key_places_one_order() {
    let shop = Shop::open().await;
    let function = orders(&shop);
    let mut arguments = of("p005", 2);
    arguments["idempotencyKey"] = json!("cart-7");
    let at_once = tokio::join!(
        call(&function, "ada", "create-order", arguments.clone()),
        call(&function, "ada", "create-order", arguments.clone()),
        call(&function, "ada", "create-order", arguments.clone()),
        call(&function, "ada", "create-order", arguments.clone()),
    );
    let first = order_id(&at_once.0);
    for result in [at_once.1, at_once.2, at_once.3] {
        assert_eq!(order_id(&result), first);
    }
    let later = call(&function, "ada", "create-order", arguments.clone()).await;
    assert_eq!(order_id(&later), first);
    assert!(
        text(&later).starts_with("no second order was placed: order "),
        "{later}"
    );
    assert_eq!((shop.left("p005").await, shop.order_count().await), (13, 1));

    let mut others = of("p005", 1);
    others["idempotencyKey"] = json!("cart-7");
    let refused = call(&function, "ada", "create-order", others).await;
    assert_eq!(refused["isError"], true);
    assert!(
        text(&refused).starts_with(
            "nothing was ordered: idempotencyKey has placed another order already, order "
        ),
        "{refused}"
    );
    let of_bob = call(&function, "bob", "create-order", arguments).await;
    assert_ne!(
        order_id(&of_bob),
        first,
        "another person's key is another key"
    );
    assert_eq!((shop.left("p005").await, shop.order_count().await), (11, 2));
}

#[tokio::test]
async fn lists_orders_in_pages_the_newest_first() {
    let shop = Shop::open().await;
    let function = orders(&shop);
    let mut placed = Vec::new();
    for quantity in 1..=5 {
        placed.push(order_id(
            &call(&function, "ada", "create-order", of("p037", quantity)).await,
        ));
        call(&function, "bob", "create-order", of("p037", 1)).await;
    }
    placed.reverse();
    let (mut seen, mut cursor) = (Vec::new(), Value::Null);
    loop {
        let mut arguments = json!({ "limit": 2 });
        if cursor.is_string() {
            arguments["cursor"] = cursor;
        }
        let page = call(&function, "ada", "list-orders", arguments).await;
        for order in page["structuredContent"]["orders"].as_array().unwrap() {
            seen.push(order["orderId"].as_str().unwrap().to_owned());
        }
        cursor = page["structuredContent"]["nextCursor"].clone();
        if cursor.is_null() {
            break;
        }
        let wrong = json!({ "limit": 2, "status": "placed", "cursor": cursor });
        assert_eq!(
            call(&function, "ada", "list-orders", wrong).await["isError"],
            true
        );
    }
    assert_eq!(seen, placed);
}

#[tokio::test]
async fn a_caller_who_may_only_read_orders_nothing() {
    let shop = Shop::open().await;
    let function = orders(&shop);
    for tool in ["create-order", "cancel-order"] {
        let (status, body) = call_with(&function, "ada", "orders.read", tool, of("p002", 1)).await;
        assert_eq!(
            (status, body["error"]["code"].as_i64()),
            (403, Some(-32003)),
            "{tool}"
        );
    }
    let (status, _) = call_with(&function, "ada", "orders.read", "list-orders", json!({})).await;
    assert_eq!(status, 200);
    assert_eq!(shop.order_count().await, 0);
}

#[test]
fn the_checked_in_contract_is_what_the_server_prints() {
    let path = format!("{}/contract.json", env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(env!("CARGO_BIN_EXE_orders"))
        .arg("contract")
        .env_clear()
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        checked_in == printed,
        "lambda/servers/orders/contract.json is stale; run: cargo run -p orders -- contract > lambda/servers/orders/contract.json"
    );
}
