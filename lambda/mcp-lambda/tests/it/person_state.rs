//! The value of one person, in all conversations and processes.

use mcp_lambda::{PersonState, Server, SessionError, SessionState, tool};
use mcp_lambda_testing::serve;
use serde_json::json;

#[tool(scope = "orders", writes_person)]
async fn order(orders: PersonState<u32>) -> Result<String, SessionError> {
    let number = orders.update(|count| {
        *count += 1;
        *count
    });
    Ok(number.await?.to_string())
}

#[tool(scope = "orders", reads_person)]
async fn count(orders: PersonState<u32>) -> Result<String, SessionError> {
    Ok(orders.read().await?.to_string())
}

#[tool(scope = "orders", removes_person)]
async fn forget(orders: PersonState<u32>) -> Result<String, SessionError> {
    orders.remove().await?;
    Ok("forgotten".to_owned())
}

#[tool(scope = "orders", reads_person)]
async fn overstep(orders: PersonState<u32>) -> Result<String, SessionError> {
    orders.update(|count| *count = 7).await?;
    Ok("written".to_owned())
}

#[tool(scope = "orders", writes_person, writes_session)]
async fn both(
    orders: PersonState<u32>,
    conversation: SessionState<u32>,
) -> Result<String, SessionError> {
    let of_person = orders.update(|count| {
        *count += 1;
        *count
    });
    let of_person = of_person.await?;
    let of_conversation = conversation.update(|count| {
        *count += 1;
        *count
    });
    Ok(format!("{of_person} {}", of_conversation.await?))
}

fn server() -> Server {
    Server::new("orders", "1.0.0")
        .scope("orders", "Order")
        .tool(order)
        .tool(count)
        .tool(forget)
        .tool(overstep)
}

#[tokio::test]
async fn a_person_has_one_value_whichever_conversation_or_app_client() {
    let shop = serve(server).await.unwrap();
    let ada = shop.caller("ada").scopes(&["orders"]);
    for (caller, tool, text) in [
        (ada.clone(), "count", "0"),
        (ada.clone(), "order", "1"),
        (ada.clone().app_client("another"), "order", "2"),
        (shop.caller("bob").scopes(&["orders"]), "order", "1"),
        (shop.machine("ada").scopes(&["orders"]), "order", "1"),
        (shop.machine("client").scopes(&["orders"]), "count", "0"),
        (ada.clone(), "count", "2"),
        (ada.clone(), "forget", "forgotten"),
        (ada.clone(), "order", "1"),
        (shop.caller("bob").scopes(&["orders"]), "count", "1"),
    ] {
        assert_eq!(caller.call(tool, json!({})).await.text(), text, "{tool}");
    }
    assert_eq!(shop.kept_items(), 3);
}

#[tokio::test]
async fn no_change_is_lost_between_processes() {
    let shop = serve(server).await.unwrap();
    let ada = shop.caller("ada").scopes(&["orders"]);
    // Each call that arrives while the others run gets a process of its own.
    let calls = (0..6).map(|_| ada.call("order", json!({})));
    let mut numbers: Vec<String> = futures_util::future::join_all(calls)
        .await
        .iter()
        .map(mcp_lambda_testing::ToolResponse::text)
        .collect();
    numbers.sort();
    assert_eq!(numbers, ["1", "2", "3", "4", "5", "6"]);
}

#[tokio::test]
async fn a_tool_does_only_what_it_declares() {
    let shop = serve(server).await.unwrap();
    let ada = shop.caller("ada").scopes(&["orders"]);
    let refused = ada.call("overstep", json!({})).await;
    assert!(!refused.is_ok());
    assert!(
        refused
            .text()
            .contains("add writes_person() to its ToolPolicy"),
        "{refused:?}"
    );
    assert_eq!(shop.kept_items(), 0);

    let contract = json!(server().contract().unwrap());
    let actions = |index: usize| contract["tools"][index]["awsActions"][0]["actions"].clone();
    assert_eq!(actions(0), json!(["dynamodb:GetItem", "dynamodb:PutItem"]));
    assert_eq!(actions(1), json!(["dynamodb:GetItem"]));
    assert_eq!(
        actions(2),
        json!(["dynamodb:DeleteItem", "dynamodb:GetItem"])
    );
    let settings = contract["settings"].to_string();
    assert!(
        settings.contains("MCP_STATE_TABLE") && !settings.contains("MCP_STATE_KEYS"),
        "{settings}"
    );
}

#[tokio::test]
async fn a_tool_can_have_the_value_of_the_person_and_that_of_the_conversation() {
    let server = || {
        Server::new("orders", "1.0.0")
            .scope("orders", "Order")
            .tool(both)
    };
    let shop = serve(server).await.unwrap();
    let ada = shop.caller("ada").scopes(&["orders"]);
    let first = ada.call("both", json!({})).await;
    assert!(first.text().starts_with("1 1"), "{first:?}");
    let handle = first.conversation().unwrap();
    let same = ada.call("both", json!({ "conversation": handle })).await;
    assert_eq!(same.text(), "2 2");
    let other = ada.call("both", json!({})).await;
    assert!(other.text().starts_with("3 1"), "{other:?}");
}

#[test]
fn a_value_that_is_kept_for_no_time_is_refused() {
    let refused = server()
        .person_time_to_live(std::time::Duration::from_millis(999))
        .contract();
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .contains("use a longer person_time_to_live")
    );
}
