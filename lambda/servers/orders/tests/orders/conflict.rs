//! What DynamoDB does and the emulator does not: a transaction that meets another one on the same item is cancelled.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use http_body_util::BodyExt;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use mcp_lambda_testing::{Function, TransferMode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::shop::{Shop, text};
use crate::{call, of};

/// Responds to transactions with these reasons, in their order, and then passes them on to the emulator, as everything else.
struct Table {
    cancellations: Mutex<Vec<Value>>,
    transactions: AtomicUsize,
}

async fn behind(cancellations: Vec<Value>, shop: &Shop) -> (Arc<Table>, Arc<Function>) {
    let table = Arc::new(Table {
        cancellations: Mutex::new(cancellations),
        transactions: AtomicUsize::new(0),
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let served = Arc::clone(&table);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let table = Arc::clone(&served);
            let service = service_fn(move |request| {
                let table = Arc::clone(&table);
                async move { Ok::<_, Infallible>(table.respond(request).await) }
            });
            tokio::spawn(
                hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service),
            );
        }
    });
    let function = shop.function_at(
        env!("CARGO_BIN_EXE_orders"),
        TransferMode::Buffered,
        &endpoint,
    );
    (table, function)
}

impl Table {
    async fn respond(&self, request: Request<Incoming>) -> Response<http_body_util::Full<Bytes>> {
        let is_transaction =
            request.headers()["x-amz-target"] == "DynamoDB_20120810.TransactWriteItems";
        if is_transaction {
            self.transactions.fetch_add(1, Ordering::SeqCst);
            let mut cancellations = self.cancellations.lock().unwrap();
            if !cancellations.is_empty() {
                let reasons = cancellations.remove(0);
                return cancelled(&reasons);
            }
        }
        let (head, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let authority = crate::shop::emulator().trim_start_matches("http://");
        let stream = tokio::net::TcpStream::connect(authority).await.unwrap();
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .unwrap();
        tokio::spawn(connection);
        let mut forwarded = Request::new(http_body_util::Full::new(body));
        *forwarded.method_mut() = head.method;
        *forwarded.uri_mut() = head.uri.path().parse().unwrap();
        *forwarded.headers_mut() = head.headers;
        let (head, body) = sender.send_request(forwarded).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Response::from_parts(head, http_body_util::Full::new(body))
    }
}

fn cancelled(reasons: &Value) -> Response<http_body_util::Full<Bytes>> {
    let reasons: Vec<Value> = reasons
        .as_array()
        .unwrap()
        .iter()
        .map(|code| json!({ "Code": code }))
        .collect();
    let body = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "Transaction cancelled", "CancellationReasons": reasons,
    });
    Response::builder()
        .status(400)
        .header("content-type", "application/x-amz-json-1.0")
        .body(http_body_util::Full::from(body.to_string()))
        .unwrap()
}

#[tokio::test]
async fn an_order_that_meets_another_one_is_tried_again() {
    let shop = Shop::open().await;
    let conflict = json!(["None", "TransactionConflict"]);
    let (table, function) = behind(vec![conflict.clone(), conflict.clone(), conflict], &shop).await;
    let result = call(&function, "ada", "create-order", of("p002", 2)).await;
    assert_eq!(result["structuredContent"]["total"], 299.98, "{result}");
    assert_eq!(table.transactions.load(Ordering::SeqCst), 4);
    assert_eq!((shop.left("p002").await, shop.order_count().await), (48, 1));
}

#[tokio::test]
async fn an_order_that_meets_others_every_time_is_refused_and_takes_nothing() {
    let shop = Shop::open().await;
    let conflict = json!(["None", "TransactionConflict"]);
    let (table, function) = behind(vec![conflict; 100], &shop).await;
    let result = call(&function, "ada", "create-order", of("p002", 2)).await;
    assert_eq!(result["isError"], true);
    assert_eq!(
        text(&result),
        "nothing was ordered: too many others order the same products now; try again in a moment"
    );
    assert_eq!(table.transactions.load(Ordering::SeqCst), 8);
    assert_eq!((shop.left("p002").await, shop.order_count().await), (50, 0));
}

#[tokio::test]
async fn a_transaction_that_dynamodb_does_not_understand_is_not_tried_again() {
    let shop = Shop::open().await;
    let (table, function) = behind(vec![json!(["ValidationError", "None"])], &shop).await;
    let result = call(&function, "ada", "create-order", of("p002", 2)).await;
    assert_eq!(
        text(&result),
        "nothing was ordered: DynamoDB refused the request (ValidationError)"
    );
    assert_eq!(table.transactions.load(Ordering::SeqCst), 1);
}
