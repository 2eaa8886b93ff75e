//! The server behind API Gateway, called as MCP clients call it, with an imitation of the exchange rates on this machine.

use std::io::{Read, Write};
use std::net::TcpListener;

use mcp_lambda_testing::{check_contract, serve_program};
use serde_json::json;

const PROGRAM: &str = env!("CARGO_BIN_EXE_{{ project.name }}");

/// Responds to each request with the same JSON, and returns the URL.
fn exchange_rates(json: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            let _ = connection.read(&mut [0; 4096]);
            let length = json.len();
            let _ = write!(
                connection,
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{json}"
            );
        }
    });
    url
}

#[tokio::test]
async fn converts_by_the_exchange_rate_of_the_service() {
    let url = exchange_rates(r#"{ "rates": { "USD": 1.25 } }"#);
    let server = serve_program(PROGRAM).await.unwrap().setting("RATES_URL", &url);
    let ada = server.caller("ada").scopes(&["rates.read"]);
    let response = ada.call("convert_euros", json!({ "amount": 10, "currency": "USD" })).await;
    assert_eq!(response.text(), "10 EUR are 12.50 USD");
    let response = ada.call("convert_euros", json!({ "amount": 10, "currency": "ZZZ" })).await;
    assert_eq!(response.text(), "there is no exchange rate for ZZZ");
}

#[tokio::test]
async fn refuses_a_caller_without_the_oauth_scope() {
    let server = serve_program(PROGRAM).await.unwrap();
    let bob = server.caller("bob").scopes(&["another"]);
    let response = bob.call("convert_euros", json!({ "amount": 10, "currency": "USD" })).await;
    assert_eq!(response.status(), 403);
}

#[test]
fn the_contract_is_current() {
    check_contract(PROGRAM, "contract.json").unwrap();
}
