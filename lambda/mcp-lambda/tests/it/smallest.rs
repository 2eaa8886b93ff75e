//! The smallest server: a whole program of at most 20 lines, compiled, started and called.

use mcp_lambda_testing::serve_program;
use serde_json::json;

use crate::programs;

const SOURCE: &str = include_str!("../programs/smallest.rs");

#[tokio::test]
async fn a_server_with_a_scope_a_typed_argument_and_the_caller_has_at_most_20_lines() {
    assert!(SOURCE.lines().count() <= 20, "{SOURCE}");
    let program = programs::program("smallest");
    let shop = serve_program(program.to_str().unwrap()).await.unwrap();
    let ada = shop.caller("ada").scopes(&["catalog.read"]);

    let price = ada.call("get_price", json!({ "sku": "A-1" })).await;
    assert_eq!(price.text(), "A-1 costs 12 EUR for ada");
    assert_eq!(ada.tools().await, ["get_price"]);

    let bob = shop.caller("bob").scopes(&["orders.read"]);
    assert_eq!(
        bob.call("get_price", json!({ "sku": "A-1" }))
            .await
            .status(),
        403
    );
    assert_eq!(bob.tools().await, [""; 0]);
}

#[tokio::test]
async fn the_client_sees_the_name_and_version_of_the_server() {
    let program = programs::program("smallest");
    let shop = serve_program(program.to_str().unwrap()).await.unwrap();
    let client = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "test", "version": "1" } });
    let response = shop
        .caller("ada")
        .scopes(&["catalog.read"])
        .request("initialize", client)
        .await;
    assert_eq!(
        response.result()["serverInfo"],
        json!({ "name": "shop", "version": "0.1.0" }),
        "{response:?}"
    );
}

#[test]
fn the_readme_and_the_guide_show_this_program() {
    let readme = include_str!("../../../../README.md");
    let guide = include_str!("../../../../docs/first-server.md");
    for (name, document) in [("README.md", readme), ("docs/first-server.md", guide)] {
        assert!(
            document.contains(SOURCE.trim_end()),
            "{name} differs from tests/programs/smallest.rs"
        );
    }
}
