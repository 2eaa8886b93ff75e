//! Responses without an end: the doctor reads a part and goes on.

use std::convert::Infallible;
use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::response::IntoResponse;
use bytes::Bytes;
use futures_util::stream;
use mcp_lambda_cli::doctor::profile::Profile;
use mcp_lambda_cli::doctor::profiles::usual;
use tokio::net::TcpListener;
use url::Url;

use crate::evidence;

/// What the doctor reads of a body.
const LONGEST_BODY: usize = 256 * 1024;

/// A server whose every body goes on for ever.
async fn endless(content_type: &'static str) -> Url {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))
        .await
        .unwrap();
    let url = Url::parse(&format!("http://{}/mcp", listener.local_addr().unwrap())).unwrap();
    let respond = move || async move {
        let line = Bytes::from("data: and so on\n".repeat(1024));
        let body = stream::repeat(Ok::<_, Infallible>(line));
        ([("content-type", content_type)], Body::from_stream(body)).into_response()
    };
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(respond)).await });
    url
}

#[tokio::test]
async fn a_body_is_read_up_to_a_limit() {
    let profiles: Vec<&Profile> = usual().collect();
    for content_type in ["application/json", "text/event-stream"] {
        let url = endless(content_type).await;
        let evidence = evidence(&url, &profiles, None).await;
        let lengths: Vec<usize> = evidence
            .responses()
            .map(|(_, _, response)| response.body.len())
            .collect();
        assert_eq!(lengths.iter().max(), Some(&LONGEST_BODY), "{content_type}");
    }
}
