use mcp_lambda_agent::converse::{
    Block, InputSchema, Message, Request, Role, ToolConfig, ToolEntry, ToolResultBlock,
    ToolResultContent, ToolResultStatus, ToolSpec, ToolUseBlock,
};
use mcp_lambda_agent::local::{NOTICE, plan};
use mcp_lambda_agent::schema::adapted;
use serde_json::{Map, Value, json};

fn tool(name: &str, description: &str, properties: Value, required: Value) -> ToolSpec {
    ToolSpec {
        name: name.into(),
        description: Some(description.into()),
        input_schema: InputSchema {
            json: json!({ "type": "object", "properties": properties, "required": required }),
        },
    }
}

/// A shop of two servers whose schemas say what they want in their own way.
fn shop() -> Vec<ToolSpec> {
    let id = json!({ "type": "string", "description": "The product's id, such as p001" });
    vec![
        tool(
            "products__list-categories",
            "Lists the categories of the catalogue",
            json!({}),
            json!([]),
        ),
        tool(
            "products__get-product",
            "Gets the details of one product",
            json!({ "productId": id }),
            json!(["productId"]),
        ),
        tool(
            "products__search-products",
            "Searches the catalogue by words, category and price",
            json!({
                "text": { "type": "string", "description": "Words of the name or the description" },
                "category": { "type": "string", "description": "One category" },
                "priceFrom": { "type": "number" },
                "priceTo": { "type": "number" },
                "inStock": { "type": "boolean" },
                "cursor": { "type": "string" },
                "limit": { "type": "integer" },
            }),
            json!([]),
        ),
        tool(
            "orders__create-order",
            "Orders products for the person who signed in",
            json!({
                "lines": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": { "productId": id, "quantity": { "type": "integer", "minimum": 1 } },
                        "required": ["productId", "quantity"],
                    },
                },
                "idempotencyKey": { "type": "string" },
            }),
            json!(["lines"]),
        ),
        tool(
            "orders__check-order-status",
            "Tells how far an order is",
            json!({ "orderId": { "type": "string", "description": "The order's id, such as ord-17" } }),
            json!(["orderId"]),
        ),
        tool(
            "orders__list-orders",
            "Lists the orders of the person who signed in, with their status",
            json!({ "limit": { "type": "integer" } }),
            json!([]),
        ),
        tool(
            "orders__cancel-order",
            "Cancels an order",
            json!({ "orderId": { "type": "string" } }),
            json!(["orderId"]),
        ),
    ]
}

/// The same shop in other words: flat, with an enumeration, an amount and snake case.
fn other_shop() -> Vec<ToolSpec> {
    vec![
        tool(
            "lookup_item",
            "Returns everything known about an item",
            json!({ "item_code": { "type": "string", "pattern": "^p[0-9]{3}$" } }),
            json!(["item_code"]),
        ),
        tool(
            "find_products",
            "Finds items",
            json!({
                "department": { "type": ["string", "null"], "enum": ["electronics", "kitchen", null] },
                "max_price": { "anyOf": [{ "type": "number" }, { "type": "null" }] },
            }),
            json!([]),
        ),
        tool(
            "buy",
            "Buys an item",
            json!({ "item_code": { "type": "string" }, "count": { "type": "integer" } }),
            json!(["item_code", "count"]),
        ),
        tool(
            "order_status",
            "Returns the status of an order, or of all orders of the person",
            json!({}),
            json!([]),
        ),
    ]
}

fn request(tools: &[ToolSpec], messages: Vec<Message>) -> Request {
    let tools = tools.iter().cloned();
    Request {
        messages,
        tool_config: Some(ToolConfig {
            tools: tools.map(|tool_spec| ToolEntry { tool_spec }).collect(),
        }),
        ..Request::default()
    }
}

fn says(text: &str) -> Message {
    Message {
        role: Role::User,
        content: vec![Block::Text(text.into())],
    }
}

fn calls(tools: &[ToolSpec], text: &str) -> Vec<(String, Value)> {
    let reply = plan(&request(tools, vec![says(text)]));
    let calls = reply.calls.into_iter();
    calls
        .map(|(name, arguments)| (name, Value::Object(arguments)))
        .collect()
}

fn one(name: &str, arguments: Value) -> Vec<(String, Value)> {
    vec![(name.to_owned(), arguments)]
}

/// The servers of the workshop as the model gets them: by their contracts, with adapted schemas.
fn workshop() -> Vec<ToolSpec> {
    let contracts = [
        include_str!("../../../servers/products/contract.json"),
        include_str!("../../../servers/orders/contract.json"),
        include_str!("../../../servers/toolbox/contract.json"),
    ];
    let mut specs = Vec::new();
    for contract in contracts {
        let contract: Value = serde_json::from_str(contract).unwrap();
        let server = contract["server"]["name"].as_str().unwrap();
        for tool in contract["tools"].as_array().unwrap() {
            let schema = adapted(tool["inputSchema"].as_object().unwrap()).schema;
            specs.push(ToolSpec {
                name: format!("{server}__{}", tool["name"].as_str().unwrap()),
                description: tool["description"].as_str().map(str::to_owned),
                input_schema: InputSchema {
                    json: Value::Object(schema),
                },
            });
        }
    }
    specs
}

#[test]
fn carries_the_sentences_of_the_workshop_to_its_servers() {
    let workshop = workshop();
    let electronics = json!({ "category": "electronics" });
    let order = json!({ "lines": [{ "productId": "p002", "quantity": 2 }] });
    for (sentence, tool, arguments) in [
        (
            "Show me products in electronics",
            "products__search-products",
            electronics.clone(),
        ),
        (
            "Which products are in electronics?",
            "products__search-products",
            electronics,
        ),
        (
            "Give me the details of p001.",
            "products__get-product",
            json!({ "productId": "p001" }),
        ),
        (
            "Show me everything under $200",
            "products__search-products",
            json!({ "maxPrice": 200 }),
        ),
        (
            "What costs less than $200?",
            "products__search-products",
            json!({ "maxPrice": 200 }),
        ),
        ("Order 2 of p002.", "orders__create-order", order.clone()),
        ("Order 2 × p002", "orders__create-order", order.clone()),
        ("Please order 2x p002", "orders__create-order", order),
        (
            "What is the status of my orders?",
            "orders__list-orders",
            json!({}),
        ),
        (
            "Show the status of my orders",
            "orders__list-orders",
            json!({}),
        ),
    ] {
        assert_eq!(
            calls(&workshop, sentence),
            one(tool, arguments),
            "{sentence}"
        );
    }
}

#[test]
fn carries_the_five_sentences_of_a_shop() {
    let shop = shop();
    assert_eq!(
        calls(&shop, "Show me products in electronics"),
        one(
            "products__search-products",
            json!({ "category": "electronics" })
        )
    );
    assert_eq!(
        calls(&shop, "Give me the details of p001"),
        one("products__get-product", json!({ "productId": "p001" }))
    );
    assert_eq!(
        calls(&shop, "Show me everything under $200"),
        one("products__search-products", json!({ "priceTo": 200 }))
    );
    assert_eq!(
        calls(&shop, "Order 2 of p002"),
        one(
            "orders__create-order",
            json!({ "lines": [{ "productId": "p002", "quantity": 2 }] })
        )
    );
    assert_eq!(
        calls(&shop, "What is the status of my orders?"),
        one("orders__list-orders", json!({}))
    );
}

#[test]
fn carries_the_same_sentences_with_other_names_and_schemas() {
    let shop = other_shop();
    assert_eq!(
        calls(&shop, "Show me products in electronics"),
        one("find_products", json!({ "department": "electronics" }))
    );
    assert_eq!(
        calls(&shop, "Give me the details of p001"),
        one("lookup_item", json!({ "item_code": "p001" }))
    );
    assert_eq!(
        calls(&shop, "Show me everything under $200"),
        one("find_products", json!({ "max_price": 200 }))
    );
    assert_eq!(
        calls(&shop, "Order 2 of p002"),
        one("buy", json!({ "item_code": "p002", "count": 2 }))
    );
    assert_eq!(
        calls(&shop, "What is the status of my orders?"),
        one("order_status", json!({}))
    );
}

#[test]
fn fills_ranges_flags_and_several_sentences() {
    let shop = shop();
    assert_eq!(
        calls(&shop, "Find products between $50 and $150 in stock"),
        one(
            "products__search-products",
            json!({ "priceFrom": 50, "priceTo": 150, "inStock": true })
        )
    );
    assert_eq!(
        calls(&shop, "Cancel order ord-17"),
        one("orders__cancel-order", json!({ "orderId": "ord-17" }))
    );
    assert_eq!(
        calls(&shop, "Give me the details of p001 and order 1 of p003."),
        [
            one("products__get-product", json!({ "productId": "p001" })),
            one(
                "orders__create-order",
                json!({ "lines": [{ "productId": "p003", "quantity": 1 }] })
            ),
        ]
        .concat()
    );
}

#[test]
fn orders_nothing_that_it_was_not_asked_to_order() {
    let shop = shop();
    for text in [
        "Show me order ord-17",
        "What is p002?",
        "hello",
        "Thanks!",
        "2 + 2",
    ] {
        let called = calls(&shop, text);
        let writes = called
            .iter()
            .any(|(name, _)| name.ends_with("create-order") || name.ends_with("cancel-order"));
        assert!(!writes, "{text}: {called:?}");
    }
}

#[test]
fn says_that_it_is_no_model_and_which_tools_there_are() {
    let reply = plan(&request(
        &shop(),
        vec![says("Write me a poem about autumn")],
    ));
    assert_eq!(reply.calls, []);
    assert!(reply.text.starts_with(NOTICE), "{}", reply.text);
    assert!(
        reply
            .text
            .contains("`products__list-categories`: Lists the categories"),
        "{}",
        reply.text
    );
}

#[test]
fn asks_for_what_a_tool_needs() {
    let shop: Vec<ToolSpec> = shop()
        .into_iter()
        .filter(|tool| !tool.name.ends_with("list-orders"))
        .collect();
    let reply = plan(&request(
        &shop,
        vec![says("What is the status of my order?")],
    ));
    assert_eq!(reply.calls, []);
    assert!(
        reply.text.contains("I do not find orderId in it"),
        "{}",
        reply.text
    );
}

#[test]
fn remembers_ids_of_earlier_results() {
    let shop: Vec<ToolSpec> = shop()
        .into_iter()
        .filter(|tool| !tool.name.ends_with("list-orders"))
        .collect();
    let messages = vec![
        says("Order 2 of p002"),
        Message {
            role: Role::Assistant,
            content: vec![Block::ToolUse(ToolUseBlock {
                tool_use_id: "a".into(),
                name: "orders__create-order".into(),
                input: Map::new(),
            })],
        },
        Message {
            role: Role::User,
            content: vec![Block::ToolResult(ToolResultBlock {
                tool_use_id: "a".into(),
                content: vec![ToolResultContent::Json(
                    json!({ "order": { "orderId": "ord-99" } }),
                )],
                status: Some(ToolResultStatus::Success),
            })],
        },
        Message {
            role: Role::Assistant,
            content: vec![Block::Text("Ordered.".into())],
        },
        says("What is the status of my order?"),
    ];
    let reply = plan(&request(&shop, messages));
    let calls: Vec<Value> = reply
        .calls
        .into_iter()
        .map(|(_, arguments)| arguments.into())
        .collect();
    assert_eq!(calls, [json!({ "orderId": "ord-99" })]);
}
