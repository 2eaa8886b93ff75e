//! The least that an HTTP server in Rust does: axum on one thread, which verifies nothing.
//!
//! `/mcp` has a constant response, that of the benchmark's tool. `/echo` reads the call and returns its argument.

use std::io::Write as _;
use std::process::ExitCode;

use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::post;
use serde_json::{Value, json};

const GREETING: &str =
    r#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"hello, Ada"}]}}"#;

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    match runtime.and_then(|runtime| runtime.block_on(serve())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = json!({ "message": "listening", "address": listener.local_addr()?.to_string() });
    writeln!(std::io::stderr(), "{address}")?;
    let app = Router::new()
        .route("/mcp", post(async |_: Bytes| json_of(GREETING.to_owned())))
        .route("/echo", post(echo))
        .layer(DefaultBodyLimit::disable());
    axum::serve(listener, app).await
}

async fn echo(body: Bytes) -> impl IntoResponse {
    let call: Value = serde_json::from_slice(&body).unwrap_or_default();
    let text = &call["params"]["arguments"]["name"];
    let result = json!({ "content": [{ "type": "text", "text": text }] });
    json_of(json!({ "jsonrpc": "2.0", "id": call["id"], "result": result }).to_string())
}

fn json_of(text: String) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], text)
}
