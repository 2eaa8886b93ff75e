//! The products server as a Lambda function, with its table on the emulator.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::process::Command;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use mcp_lambda_testing::{Function, TransferMode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

mod shop;

use shop::{Shop, call_with, event, invoke, text};

fn products(shop: &Shop) -> Arc<Function> {
    shop.function(env!("CARGO_BIN_EXE_products"), TransferMode::Buffered)
}

async fn call(function: &Function, tool: &str, arguments: Value) -> Value {
    let (status, mut body) = call_with(function, "ada", "catalog.read", tool, arguments).await;
    assert_eq!(status, 200, "{body}");
    body["result"].take()
}

fn ids(result: &Value) -> Vec<&str> {
    let products = result["structuredContent"]["products"].as_array();
    products
        .unwrap_or_else(|| panic!("{result}"))
        .iter()
        .map(|product| product["id"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn returns_a_product_as_text_and_as_structured_content() {
    let function = products(&Shop::open().await);
    let result = call(&function, "get-product", json!({ "productId": "p001" })).await;
    assert_eq!(
        result["structuredContent"],
        json!({
            "id": "p001", "name": "Smartphone X", "category": "electronics", "price": 799.99, "currency": "USD",
            "description": "Smartphone with a 6.1 inch display, 128 GB and a day of battery.",
            "inStock": true, "stock": 25,
        })
    );
    assert!(
        text(&result).starts_with("p001 Smartphone X (electronics), $799.99, 25 in stock: "),
        "{result}"
    );
}

#[tokio::test]
async fn names_near_products_where_there_is_none() {
    let function = products(&Shop::open().await);
    for (wanted, near) in [
        ("headphone", "near ones: p002 (Headphones)"),
        ("Smart Wach", "near ones: p005 (Smart Watch)"),
        ("submarine", "find its id with search-products"),
    ] {
        let result = call(&function, "get-product", json!({ "productId": wanted })).await;
        assert_eq!(result["isError"], true);
        assert_eq!(result.get("structuredContent"), None);
        assert_eq!(
            text(&result),
            format!("there is no product {wanted:?}; {near}")
        );
    }
}

#[tokio::test]
async fn finds_what_the_workshop_asks_for() {
    let function = products(&Shop::open().await);
    let search = async |arguments: Value| {
        let result = call(&function, "search-products", arguments).await;
        ids(&result).join(" ")
    };
    let electronics = search(json!({ "category": "Electronics", "limit": 50 })).await;
    for id in ["p001", "p002", "p005"] {
        assert!(electronics.contains(id), "{electronics}");
    }
    for id in ["p003", "p004"] {
        assert!(!electronics.contains(id), "{electronics}");
    }
    let cheap = search(json!({ "maxPrice": 200, "limit": 50 })).await;
    assert!(cheap.contains("p005") && !cheap.contains("p001"), "{cheap}");
    assert_eq!(search(json!({ "query": "running shoes" })).await, "p004");
    assert_eq!(
        search(json!({ "query": "running shoes", "inStock": true })).await,
        ""
    );
    assert_eq!(
        search(json!({ "minPrice": 199.99, "maxPrice": 199.99 })).await,
        "p005"
    );
    assert_eq!(
        search(json!({ "category": "books", "query": "rust" })).await,
        "p031"
    );
}

#[tokio::test]
async fn pages_show_every_product_once_and_the_cheapest_first() {
    let shop = Shop::open().await;
    let function = products(&shop);
    for limit in [1, 7, 41, 50] {
        let (mut seen, mut prices, mut cursor) = (Vec::new(), Vec::new(), Value::Null);
        loop {
            let mut arguments = json!({ "limit": limit });
            if cursor.is_string() {
                arguments["cursor"] = cursor;
            }
            let result = call(&function, "search-products", arguments).await;
            seen.extend(ids(&result).iter().map(|id| (*id).to_owned()));
            let page = result["structuredContent"]["products"].as_array().unwrap();
            prices.extend(
                page.iter()
                    .map(|product| product["price"].as_f64().unwrap()),
            );
            cursor = result["structuredContent"]["nextCursor"].clone();
            if cursor.is_null() {
                break;
            }
            assert_eq!(page.len(), limit);
        }
        assert!(prices.is_sorted(), "{prices:?}");
        let unique: BTreeSet<_> = seen.iter().collect();
        assert_eq!((seen.len(), unique.len()), (42, 42), "in pages of {limit}");
    }
}

#[tokio::test]
async fn a_search_reads_on_when_what_fits_is_far_apart() {
    let shop = Shop::empty().await;
    for number in 0..230 {
        shop.stock(&format!("t{number:03}"), 1000 + number, 0).await;
    }
    shop.stock("rare", 9000, 1).await;
    let function = products(&shop);
    let result = call(&function, "search-products", json!({ "inStock": true })).await;
    assert_eq!(ids(&result), ["rare"]);
    assert_eq!(result["structuredContent"].get("nextCursor"), None);
}

#[tokio::test]
async fn lists_the_categories_with_their_numbers() {
    let function = products(&Shop::open().await);
    let result = call(&function, "list-categories", json!({})).await;
    let categories = result["structuredContent"]["categories"]
        .as_array()
        .unwrap();
    assert_eq!(
        categories.last(),
        Some(&json!({ "name": "toys", "products": 4, "inStock": 3 }))
    );
    assert!(text(&result).contains("toys: 4 products, 3 in stock"));
}

#[tokio::test]
async fn says_which_argument_is_wrong_and_why() {
    let function = products(&Shop::open().await);
    let page = call(&function, "search-products", json!({ "limit": 2 })).await;
    let cursor = page["structuredContent"]["nextCursor"].as_str().unwrap();
    for (tool, arguments, problem) in [
        (
            "get-product",
            json!({ "productId": "" }),
            "productId: must have at least 1 character, got 0",
        ),
        (
            "search-products",
            json!({ "limit": 51 }),
            "limit: must be at most 50, got 51",
        ),
        (
            "search-products",
            json!({ "maxPrice": -1 }),
            "maxPrice: must be at least 0, got -1",
        ),
        (
            "search-products",
            json!({ "maxPrice": 1.005 }),
            "maxPrice must be a price from 0 to $1000000.00 with at most two decimals, for example 199.99; got 1.005",
        ),
        (
            "search-products",
            json!({ "minPrice": 2, "maxPrice": 1.5 }),
            "minPrice must not be above maxPrice, got $2.00 and $1.50",
        ),
        (
            "search-products",
            json!({ "category": "submarines" }),
            "category must be one of books, clothing, electronics, home, sports, toys; got \"submarines\"",
        ),
        (
            "search-products",
            json!({ "query": "x".repeat(201) }),
            "query: must have at most 200 characters, got 201",
        ),
        (
            "search-products",
            json!({ "limit": 2, "inStock": true, "cursor": cursor }),
            "cursor must be the nextCursor of a result with the same other arguments; got ",
        ),
    ] {
        let result = call(&function, tool, arguments).await;
        assert_eq!(result["isError"], true, "{result}");
        assert!(text(&result).starts_with(problem), "{result}");
    }
}

#[tokio::test]
async fn a_table_that_refuses_is_a_tool_error_without_the_account_s_details() {
    let mut shop = Shop::empty().await;
    shop.catalogue = "gone".to_owned();
    let function = products(&shop);
    let result = call(&function, "get-product", json!({ "productId": "p001" })).await;
    assert_eq!(result["isError"], true);
    assert_eq!(
        text(&result),
        "the catalogue cannot be read now: DynamoDB refused the request (ResourceNotFoundException)"
    );
}

#[tokio::test]
async fn a_caller_without_the_oauth_scope_reads_nothing() {
    let function = products(&Shop::open().await);
    let (status, body) = call_with(&function, "ada", "other", "list-categories", json!({})).await;
    assert_eq!(
        (status, body["error"]["code"].as_i64()),
        (403, Some(-32003))
    );
}

/// Where CloudFormation waits for the outcome.
async fn response_url() -> (String, mpsc::UnboundedReceiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!(
        "http://{}/outcome?signature=1",
        listener.local_addr().unwrap()
    );
    let (told, outcomes) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let told = told.clone();
            let service = service_fn(move |request: Request<Incoming>| {
                let told = told.clone();
                async move {
                    assert_eq!(request.method(), "PUT");
                    assert_eq!(
                        request.headers().get("content-type"),
                        None,
                        "it is not signed"
                    );
                    let body = request.into_body().collect().await.unwrap().to_bytes();
                    told.send(serde_json::from_slice(&body).unwrap()).unwrap();
                    Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
                }
            });
            tokio::spawn(
                hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service),
            );
        }
    });
    (url, outcomes)
}

#[tokio::test]
async fn a_deployment_fills_the_table_and_the_next_one_keeps_the_stock() {
    let shop = Shop::empty().await;
    let seed = shop.function(env!("CARGO_BIN_EXE_catalogue-seed"), TransferMode::Buffered);
    let (url, mut outcomes) = response_url().await;
    let request = |kind: &str| {
        json!({
            "RequestType": kind, "ResponseURL": url, "StackId": "stack", "RequestId": kind,
            "LogicalResourceId": "Content", "ResourceType": "Custom::CatalogueContent",
            "ResourceProperties": { "ServiceToken": "arn", "digest": "1" },
        })
    };
    let mut told = async |kind: &str| {
        seed.invoke_asynchronously(request(kind).to_string().into())
            .await
            .unwrap();
        outcomes.recv().await.unwrap()
    };
    let outcome = told("Create").await;
    assert_eq!(
        outcome,
        json!({
            "Status": "SUCCESS", "Reason": "", "PhysicalResourceId": "catalogue", "StackId": "stack",
            "RequestId": "Create", "LogicalResourceId": "Content",
        })
    );
    assert_eq!((shop.left("p001").await, shop.left("p004").await), (25, 0));

    shop.stock("p001", 1, 1).await;
    shop.client
        .update_item()
        .table_name(&shop.catalogue)
        .key(
            "pk",
            aws_sdk_dynamodb::types::AttributeValue::S("p001".to_owned()),
        )
        .update_expression("SET stock = stock - :sold")
        .expression_attribute_values(
            ":sold",
            aws_sdk_dynamodb::types::AttributeValue::N("5".to_owned()),
        )
        .send()
        .await
        .unwrap();
    assert_eq!(told("Update").await["Status"], "SUCCESS");
    assert_eq!(shop.left("p001").await, 20);
    let price = call(
        &products(&shop),
        "get-product",
        json!({ "productId": "p001" }),
    )
    .await;
    assert_eq!(
        price["structuredContent"]["price"], 799.99,
        "the price of the file"
    );
    assert_eq!(told("Delete").await["Status"], "SUCCESS");
    assert_eq!(shop.left("p001").await, 20);
}

#[tokio::test]
async fn a_table_that_cannot_be_filled_fails_the_deployment_with_the_reason() {
    let mut shop = Shop::empty().await;
    shop.catalogue = "gone".to_owned();
    let seed = shop.function(env!("CARGO_BIN_EXE_catalogue-seed"), TransferMode::Buffered);
    let (url, mut outcomes) = response_url().await;
    let request = json!({
        "RequestType": "Create", "ResponseURL": url, "StackId": "s", "RequestId": "r", "LogicalResourceId": "l",
    });
    seed.invoke_asynchronously(request.to_string().into())
        .await
        .unwrap();
    let outcome = outcomes.recv().await.unwrap();
    assert_eq!(outcome["Status"], "FAILED");
    assert_eq!(
        outcome["Reason"],
        "product p001 was not written: DynamoDB refused the request (ResourceNotFoundException)"
    );
}

#[test]
fn the_checked_in_contract_is_what_the_server_prints() {
    let path = format!("{}/contract.json", env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(env!("CARGO_BIN_EXE_products"))
        .arg("contract")
        .env_clear()
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        checked_in == printed,
        "lambda/servers/products/contract.json is stale; run: cargo run -p products --bin products -- contract > lambda/servers/products/contract.json"
    );
}

#[test]
fn every_tool_only_reads_and_has_a_title_an_icon_and_an_output_schema() {
    let contract = products::definition().contract().unwrap();
    for tool in &contract.tools {
        let declared: Vec<&str> = tool
            .aws_actions
            .iter()
            .flat_map(|permission| &permission.actions)
            .map(String::as_str)
            .collect();
        assert!(
            declared
                .iter()
                .all(|action| ["dynamodb:GetItem", "dynamodb:Query"].contains(action)),
            "{declared:?}"
        );
        assert_eq!(tool.annotations.as_ref().unwrap()["readOnlyHint"], true);
        assert!(
            tool.title.is_some() && tool.output_schema.is_some(),
            "{}",
            tool.name
        );
    }
    assert_eq!(contract.tools.len(), 3);
}

#[tokio::test]
async fn the_catalogue_is_an_app_that_reaches_nothing_but_its_host() {
    let function = products(&Shop::empty().await);
    let ask = async |method: &str, params: Value| {
        let message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let headers = [("MCP-Protocol-Version", "2025-11-25")];
        let answer = invoke(&function, &event("ada", "catalog.read", &message, &headers)).await;
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        let mut body: Value = serde_json::from_slice(&body).unwrap();
        body["result"].take()
    };
    let tools = ask("tools/list", json!({})).await;
    let tools = tools["tools"].as_array().unwrap();
    let search = tools.iter().find(|tool| tool["name"] == "search-products");
    let uri = &search.unwrap()["_meta"]["ui"]["resourceUri"];
    assert_eq!(uri, "ui://products/catalogue");

    let read = ask("resources/read", json!({ "uri": uri })).await;
    let document = &read["contents"][0];
    assert_eq!(document["mimeType"], "text/html;profile=mcp-app");
    assert_eq!(
        document["_meta"],
        json!({ "ui": { "prefersBorder": true } }),
        "no origin is declared"
    );
    let html = document["text"].as_str().unwrap();
    for foreign in [
        "http:",
        "https:",
        "src=",
        "href=",
        "import",
        "fetch(",
        "innerHTML",
    ] {
        assert!(!html.contains(foreign), "{foreign}");
    }
}
