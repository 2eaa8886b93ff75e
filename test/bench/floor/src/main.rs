//! The floor of the benchmark: AWS's `lambda_runtime` and `serde_json`, and two tools answered manually.
//!
//! It reads the method and the arguments out of the event and writes the answer. It checks nothing: no caller, no
//! OAuth scope, no header, no protocol version. What a server does beside that costs more than this.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

mod progress;

fn main() -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    // One program has one way of answering, as one integration of API Gateway has.
    match std::env::args().nth(1).as_deref() {
        Some("streamed") => runtime.block_on(lambda_runtime::run(service_fn(progress::answer))),
        Some(_) | None => runtime.block_on(lambda_runtime::run(service_fn(answer))),
    }
}

async fn answer(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let body = event.payload["body"].as_str().unwrap_or_default();
    let message: Value = serde_json::from_str(body)?;
    let result = match message["method"].as_str().unwrap_or_default() {
        "initialize" => json!({
            "protocolVersion": message["params"]["protocolVersion"],
            "capabilities": { "tools": {} },
            "serverInfo": { "name": "floor", "version": "1.0.0" }
        }),
        "tools/list" => json!({
            "tools": [{
                "name": "greet",
                "description": "Greets somebody.",
                "inputSchema": {
                    "type": "object",
                    "properties": { "name": { "type": "string", "description": "Whom to greet." } },
                    "required": ["name"]
                }
            }]
        }),
        "tools/call" => {
            let name = message["params"]["arguments"]["name"]
                .as_str()
                .unwrap_or_default();
            json!({ "content": [{ "type": "text", "text": format!("hello, {name}") }] })
        }
        method => return Err(format!("no such method: {method}").into()),
    };
    let answer = json!({ "jsonrpc": "2.0", "id": message["id"], "result": result });
    Ok(json!({
        "statusCode": 200,
        "headers": { "content-type": "application/json" },
        "body": answer.to_string()
    }))
}
