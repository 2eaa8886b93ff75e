use std::convert::Infallible;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use lambda_runtime::streaming::{Body, Response, channel};
use lambda_runtime::{Error, LambdaEvent};
use serde_json::{Value, json};

/// The tool `report`, which says when it reported its progress, and goes on for as long as it is asked to.
pub(crate) async fn answer(event: LambdaEvent<Value>) -> Result<Response<Body>, Error> {
    let body = event.payload["body"].as_str().unwrap_or_default();
    let message: Value = serde_json::from_str(body)?;
    let work = Duration::from_millis(
        message["params"]["arguments"]["milliseconds"]
            .as_u64()
            .unwrap_or_default(),
    );
    let (mut sender, body) = channel();
    tokio::spawn(async move {
        let progress = json!({
            "jsonrpc": "2.0",
            "method": "notifications/progress",
            "params": {
                "progressToken": message["params"]["_meta"]["progressToken"],
                "progress": 1,
                "message": nanoseconds_since_1970().to_string()
            }
        });
        let result = json!({
            "jsonrpc": "2.0",
            "id": message["id"],
            "result": { "content": [{ "type": "text", "text": "done" }] }
        });
        // Nobody reads when the invocation is over.
        let _ = sender.send_data(event_of(&progress)).await;
        tokio::time::sleep(work).await;
        let _ = sender.send_data(event_of(&result)).await;
        Ok::<_, Infallible>(())
    });
    let mut response = Response::from(body);
    response
        .metadata_prelude
        .headers
        .insert("content-type", "text/event-stream".parse()?);
    Ok(response)
}

fn event_of(message: &Value) -> Bytes {
    format!("data: {message}\n\n").into()
}

#[expect(
    clippy::disallowed_methods,
    reason = "what is measured is the way from this clock to that of the benchmark"
)]
fn nanoseconds_since_1970() -> u128 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_nanos()
}
