//! `getDogFacts` as a caller sees it, with a stand-in of the Dog API that answers in every wrong way.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

use std::net::SocketAddr;
use std::time::Duration;

use dog_facts::{DogApi, DogApiSettings};
use mcp_lambda::{Deadline, HttpUrl, Milliseconds};
use mcp_lambda_testing::{ServerUnderTest, ToolResponse, serve};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// What the stand-in does with every connection.
#[derive(Clone, Copy)]
enum Upstream {
    /// Writes these bytes and closes.
    Answers(&'static str),
    /// Reads, and never answers.
    Silent,
    /// Answers so slowly that it is never done.
    Trickles,
    /// Sends a body without end.
    Endless,
    /// Closes at once.
    Closes,
}

async fn start(upstream: Upstream) -> (SocketAddr, tokio::sync::mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (requests, received) = tokio::sync::mpsc::channel(8);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let requests = requests.clone();
            tokio::spawn(async move {
                if matches!(upstream, Upstream::Closes) {
                    return;
                }
                let mut request = vec![0; 4096];
                let length = stream.read(&mut request).await.unwrap_or(0);
                let _ = requests
                    .send(String::from_utf8_lossy(&request[..length]).into_owned())
                    .await;
                match upstream {
                    Upstream::Answers(answer) => {
                        let _ = stream.write_all(answer.as_bytes()).await;
                    }
                    Upstream::Silent => tokio::time::sleep(Duration::from_secs(60)).await,
                    Upstream::Trickles => {
                        let _ = stream
                            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
                            .await;
                        while stream.write_all(b" ").await.is_ok() {
                            tokio::time::sleep(Duration::from_millis(20)).await;
                        }
                    }
                    Upstream::Endless => {
                        let _ = stream
                            .write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
                            .await;
                        while stream.write_all(&[b'['; 65536]).await.is_ok() {}
                    }
                    Upstream::Closes => {}
                }
            });
        }
    });
    (address, received)
}

/// The server with this Dog API.
async fn server(address: SocketAddr) -> ServerUnderTest {
    serve(dog_facts::server)
        .await
        .unwrap()
        .setting("DOG_API_BASE_URL", &format!("http://{address}/api/v2/"))
        .setting("DOG_API_TIMEOUT_MS", "300")
        .setting("DOG_API_USER_AGENT", "test-agent")
}

/// Calls the tool.
async fn call(server: &ServerUnderTest, limit: i64) -> ToolResponse {
    let ada = server.caller("ada").scopes(&["dog-facts"]);
    ada.call("getDogFacts", json!({ "limit": limit })).await
}

const TWO_FACTS: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n\
    {\"data\":[{\"id\":\"1\",\"type\":\"fact\",\"attributes\":{\"body\":\"Dogs bark.\"}},\
    {\"id\":\"2\",\"type\":\"fact\",\"attributes\":{\"body\":\" Dogs dream. \"}}]}";

#[tokio::test]
async fn returns_facts_as_text_and_as_structured_content() {
    let (address, mut requests) = start(Upstream::Answers(TWO_FACTS)).await;
    let result = call(&server(address).await, 2).await;
    let facts = json!({ "facts": ["Dogs bark.", "Dogs dream."] });
    assert_eq!(result.structured(), &facts);
    assert_eq!(result.text(), "- Dogs bark.\n- Dogs dream.");
    assert!(result.is_ok());
    let request = requests.recv().await.unwrap();
    assert!(
        request.starts_with("GET /api/v2/facts?limit=2 HTTP/1.1\r\n"),
        "{request}"
    );
    assert!(
        request
            .to_ascii_lowercase()
            .contains("\r\nuser-agent: test-agent\r\n"),
        "{request}"
    );
}

#[tokio::test]
async fn returns_fewer_facts_when_there_are_fewer() {
    let (address, _requests) = start(Upstream::Answers(TWO_FACTS)).await;
    let result = call(&server(address).await, 10).await;
    assert_eq!(result.structured()["facts"].as_array().unwrap().len(), 2);
    assert!(result.is_ok());
}

#[tokio::test]
async fn ends_within_the_time_that_is_left() {
    let (address, _requests) = start(Upstream::Silent).await;
    // Nothing but the time that is left ends the call.
    let dog_api = DogApi::new(DogApiSettings {
        base_url: HttpUrl::parse(&format!("http://{address}/api/v2/")).unwrap(),
        timeout: Milliseconds(Duration::from_secs(60 * 60)),
        user_agent: "test-agent".to_owned(),
    });
    let facts = dog_api.facts(1, Deadline::after(Duration::from_millis(300)));
    let ended = tokio::time::timeout(Duration::from_secs(60), facts).await;
    assert!(ended.expect("the call ends").is_err());
}

#[tokio::test]
async fn never_returns_more_facts_than_asked_for() {
    let (address, _requests) = start(Upstream::Answers(TWO_FACTS)).await;
    let result = call(&server(address).await, 1).await;
    assert_eq!(result.structured(), &json!({ "facts": ["Dogs bark."] }));
}

#[tokio::test]
async fn says_which_limits_are_allowed_without_asking_the_dog_api() {
    let (address, mut requests) = start(Upstream::Answers(TWO_FACTS)).await;
    let server = server(address).await;
    for (limit, rule) in [
        (0, "at least 1"),
        (11, "at most 10"),
        (-1, "at least 1"),
        (256, "at most 10"),
    ] {
        let result = call(&server, limit).await;
        assert!(!result.is_ok());
        assert_eq!(result.text(), format!("limit: must be {rule}, got {limit}"));
    }
    assert!(requests.try_recv().is_err(), "nothing was asked");
}

#[tokio::test]
async fn every_failure_of_the_dog_api_is_a_tool_error_that_says_what_happened() {
    let nobody_listens = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let mut cases = vec![(nobody_listens, "the Dog API cannot be reached".to_owned())];
    for (upstream, told) in [
        (Upstream::Closes, "the Dog API cannot be reached"),
        (Upstream::Silent, "the Dog API did not answer in time"),
        (Upstream::Trickles, "the Dog API did not answer in time"),
        (
            Upstream::Endless,
            "the Dog API sent more data than expected",
        ),
        (
            Upstream::Answers("HTTP/1.1 500 Oops\r\nConnection: close\r\n\r\nsecret stack trace"),
            "the Dog API answered with status 500",
        ),
        (
            Upstream::Answers("HTTP/1.1 429 Slow down\r\nConnection: close\r\n\r\n"),
            "the Dog API answered with status 429",
        ),
        (
            Upstream::Answers(
                "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nConnection: close\r\n\r\n",
            ),
            "the Dog API answered with status 302",
        ),
        (
            Upstream::Answers("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<html>"),
            "the Dog API sent something that cannot be understood",
        ),
        (
            Upstream::Answers(
                "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"data\":[{\"id\":1}]}",
            ),
            "the Dog API sent something that cannot be understood",
        ),
        (
            Upstream::Answers(
                "HTTP/1.1 200 OK\r\nContent-Length: 500\r\nConnection: close\r\n\r\n{\"data\":[",
            ),
            "the Dog API cannot be reached",
        ),
        (
            Upstream::Answers("not HTTP at all\r\n\r\n"),
            "the Dog API cannot be reached",
        ),
        (
            Upstream::Answers("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"data\":[]}"),
            "the Dog API sent none",
        ),
        (
            Upstream::Answers(
                "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"data\":[{\"attributes\":{\"body\":\"  \"}}]}",
            ),
            "the Dog API sent none",
        ),
    ] {
        let (address, requests) = start(upstream).await;
        // The stand-in's requests are of no interest here, but it must not wait for a reader.
        drop(requests);
        cases.push((address, told.to_owned()));
    }
    for (address, told) in cases {
        let result = call(&server(address).await, 3).await;
        assert!(!result.is_ok(), "{told}");
        assert_eq!(result.text(), format!("no dog facts now: {told}"));
        assert_eq!(result.structured(), &json!(null), "{told}");
    }
}
