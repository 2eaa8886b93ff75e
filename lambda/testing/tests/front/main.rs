//! The gateway and the function's processes, seen from an HTTP client.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, HashSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use mcp_lambda_testing::{
    Function, FunctionOptions, Gateway, GatewayOptions, Kills, LambdaApi, TransferMode,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

struct Front {
    address: SocketAddr,
    function: Arc<Function>,
}

async fn start(transfer_mode: TransferMode, kills: Option<Kills>) -> Front {
    let function = Function::new(FunctionOptions {
        command: vec![env!("CARGO_BIN_EXE_function_under_test").to_owned()],
        environment: BTreeMap::new(),
        handler: "bootstrap".to_owned(),
        timeout: Duration::from_secs(1),
        transfer_mode,
        kills,
    });
    let claims = [("sub".to_owned(), "alice".to_owned())].into();
    let gateway = Gateway::new(
        Arc::clone(&function),
        GatewayOptions::RestApi {
            path: "/mcp".to_owned(),
            claims,
        },
    );
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(gateway.serve(listener));
    Front { address, function }
}

impl Front {
    async fn send(&self, path: &str, body: &str) -> TcpStream {
        let mut client = TcpStream::connect(self.address).await.unwrap();
        let length = body.len();
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        client.write_all(request.as_bytes()).await.unwrap();
        client
    }

    /// Status and everything after it, until the connection ends.
    async fn ask(&self, body: &str) -> (u16, String) {
        let mut answer = String::new();
        self.send("/mcp", body)
            .await
            .read_to_string(&mut answer)
            .await
            .unwrap();
        (answer[9..12].parse().unwrap(), answer)
    }
}

fn process_of(answer: &str) -> &str {
    answer
        .lines()
        .find_map(|line| line.strip_prefix("process "))
        .unwrap()
}

#[tokio::test]
async fn hands_the_claims_over_and_uses_an_idle_process_again() {
    let front = start(TransferMode::Stream, None).await;
    let (status, first) = front.ask("quick").await;
    assert_eq!(status, 200);
    assert!(first.contains(r#"{"sub":"alice"}"#), "{first}");
    for _ in 0..20 {
        let (_, next) = front.ask("quick").await;
        assert_eq!(process_of(&first), process_of(&next));
    }
    assert_eq!(front.function.processes_started(), 1);
}

#[tokio::test]
async fn gives_every_concurrent_invocation_a_process_of_its_own() {
    let front = start(TransferMode::Stream, None).await;
    let answers = tokio::join!(front.ask("wait"), front.ask("wait"), front.ask("wait"));
    let processes: HashSet<&str> = [&answers.0, &answers.1, &answers.2]
        .map(|(_, text)| process_of(text))
        .into();
    assert_eq!(processes.len(), 3);
}

#[tokio::test]
async fn passes_a_chunk_on_before_the_function_has_sent_the_next() {
    let front = start(TransferMode::Stream, None).await;
    let go = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let after = format!("after {}", go.local_addr().unwrap());
    let mut client = front.send("/mcp", &after).await;
    let mut received = String::new();
    while !received.contains("process ") {
        let mut buffer = [0; 1024];
        let count = client.read(&mut buffer).await.unwrap();
        assert!(count > 0, "the answer ended: {received}");
        received.push_str(&String::from_utf8_lossy(&buffer[..count]));
    }
    assert!(!received.contains("alice"), "the function waits");
    go.accept().await.unwrap().0.write_all(b"!").await.unwrap();
    client.read_to_string(&mut received).await.unwrap();
    assert!(received.contains("alice"), "{received}");
}

#[tokio::test]
async fn answers_504_and_starts_anew_when_the_function_runs_too_long() {
    let front = start(TransferMode::Stream, None).await;
    let (status, answer) = front.ask("hang").await;
    assert_eq!(status, 504);
    assert!(
        answer.ends_with(r#"{"message":"Endpoint request timed out"}"#),
        "{answer}"
    );
    assert_eq!(front.ask("quick").await.0, 200);
    assert_eq!(front.function.processes_started(), 2);
}

#[tokio::test]
async fn cuts_a_streamed_answer_off_when_the_function_runs_too_long() {
    let front = start(TransferMode::Stream, None).await;
    let (status, answer) = timeout(Duration::from_secs(5), front.ask("stall"))
        .await
        .unwrap();
    assert_eq!(status, 200);
    assert!(
        !answer.ends_with("0\r\n\r\n"),
        "the body must not end as if it were whole: {answer}"
    );
}

#[tokio::test]
async fn answers_502_for_a_function_that_crashes_or_reports_an_error() {
    let front = start(TransferMode::Stream, None).await;
    for what in ["crash", "fail"] {
        let (status, answer) = front.ask(what).await;
        assert_eq!(status, 502, "{what}");
        assert!(
            answer.ends_with(r#"{"message":"Internal server error"}"#),
            "{answer}"
        );
    }
    assert_eq!(front.ask("quick").await.0, 200);
}

#[tokio::test]
async fn accepts_answers_in_the_integrations_transfer_mode_only() {
    let streams = start(TransferMode::Stream, None).await;
    assert_eq!(streams.ask("buffer").await.0, 502);
    let buffers = start(TransferMode::Buffered, None).await;
    assert_eq!(buffers.ask("quick").await.0, 502);
    let (status, answer) = buffers.ask("buffer").await;
    assert_eq!(status, 200);
    assert!(answer.ends_with("in one piece"), "{answer}");
}

#[tokio::test]
async fn kills_the_same_idle_processes_for_the_same_seed() {
    let mut started = Vec::new();
    for _ in 0..2 {
        let front = start(
            TransferMode::Stream,
            Some(Kills {
                probability: 0.5,
                seed: 7,
            }),
        )
        .await;
        let mut pattern = Vec::new();
        for _ in 0..12 {
            assert_eq!(front.ask("quick").await.0, 200);
            pattern.push(front.function.processes_started());
        }
        started.push(pattern);
    }
    assert_eq!(started[0], started[1]);
    assert!(started[0][11] > 1 && started[0][11] < 12, "{started:?}");
}

#[tokio::test]
async fn has_one_path() {
    let front = start(TransferMode::Stream, None).await;
    let mut answer = String::new();
    front
        .send("/other", "")
        .await
        .read_to_string(&mut answer)
        .await
        .unwrap();
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    assert_eq!(front.function.processes_started(), 0);
}

/// Posts an event to Lambda's API; the status of its answer.
async fn invoke(function: &Arc<Function>, delivers_twice: bool, kind: &str, event: &str) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(LambdaApi::new(Arc::clone(function), delivers_twice).serve(listener));
    let mut client = TcpStream::connect(address).await.unwrap();
    let length = event.len();
    let request = format!(
        "POST /2015-03-31/functions/under-test/invocations HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\
         x-amz-invocation-type: {kind}\r\ncontent-length: {length}\r\n\r\n{event}"
    );
    client.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    answer[9..12].parse().unwrap()
}

async fn started(function: &Function, processes: u64) {
    while function.processes_started() < processes {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn an_asynchronous_invocation_is_accepted_at_once_and_tried_three_times() {
    let front = start(TransferMode::Stream, None).await;
    // In one piece, which nobody looks at, where a request must be streamed.
    let accepted = invoke(&front.function, false, "Event", r#"{"body":"buffer"}"#).await;
    assert_eq!(accepted, 202);
    started(&front.function, 1).await;
    let front = start(TransferMode::Stream, None).await;
    assert_eq!(
        invoke(&front.function, false, "Event", r#"{"body":"crash"}"#).await,
        202
    );
    started(&front.function, 3).await;
    let front = start(TransferMode::Stream, None).await;
    assert_eq!(
        invoke(&front.function, true, "Event", r#"{"body":"hang"}"#).await,
        202
    );
    started(&front.function, 2).await;
    let refused = invoke(&front.function, false, "RequestResponse", "{}").await;
    assert_eq!(refused, 400);
}
