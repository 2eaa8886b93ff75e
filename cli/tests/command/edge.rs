//! The edge before a stub of the gateway.

use std::pin::pin;

use crate::stub::{Stub, serve, text};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use http_body_util::BodyExt;
use http_body_util::channel::Channel;
use mcp_lambda_cli::dev::edge::{self, LoopbackHost, Pool, Routes, Upstream};
use tower::ServiceExt;

fn edge(upstream: Upstream) -> Router {
    with_service(upstream, Pool::default())
}

/// The same with the processes of a service at `/shop/mcp`.
fn with_service(upstream: Upstream, pool: Pool) -> Router {
    let routes = Routes {
        root: "abc123".into(),
        paths: [("/orders/mcp".to_owned(), "def456".to_owned())].into(),
        has_page: true,
        services: [("/shop/mcp".to_owned(), pool)].into(),
    };
    edge::app(
        edge::Origin::new(upstream, "us-east-1", &routes).unwrap(),
        LoopbackHost::new(3030),
    )
}

fn post(path: &str) -> axum::http::request::Builder {
    Request::post(path).header(header::HOST, "127.0.0.1:3030")
}

#[tokio::test]
async fn puts_the_stage_at_the_root_under_the_gateways_own_name() {
    let stub =
        Stub::answering(|_| (StatusCode::ACCEPTED, [("x-own", "1")], "done").into_response()).await;
    let request = post("/mcp?a=b%20c")
        .header(header::AUTHORIZATION, "Bearer t")
        .body(Body::from("ping"))
        .unwrap();
    let response = edge(Upstream::at(stub.port))
        .oneshot(request)
        .await
        .unwrap();
    assert_eq!(
        (
            response.status(),
            response.headers()["x-own"].to_str().unwrap()
        ),
        (StatusCode::ACCEPTED, "1")
    );
    assert_eq!(text(response).await, "done");
    let asked = stub.asked().remove(0);
    assert_eq!(asked.target, "/_aws/execute-api/abc123/prod/mcp?a=b%20c");
    assert_eq!(
        asked.headers[header::HOST],
        "abc123.execute-api.us-east-1.amazonaws.com"
    );
    assert_eq!(asked.headers[header::AUTHORIZATION], "Bearer t");
    assert_eq!(asked.body, "ping");
}

#[tokio::test]
async fn refuses_a_foreign_host_and_leaves_a_foreign_origin_to_the_function() {
    let stub = Stub::answering(|_| StatusCode::OK.into_response()).await;
    for host in [
        "evil.example",
        "127.0.0.1",
        "127.0.0.1:3031",
        "localhost.evil.example:3030",
    ] {
        let request = Request::post("/mcp")
            .header(header::HOST, host)
            .body(Body::empty())
            .unwrap();
        let response = edge(Upstream::at(stub.port))
            .oneshot(request)
            .await
            .unwrap();
        assert_eq!((host, response.status()), (host, StatusCode::FORBIDDEN));
    }
    let nameless = Request::post("/mcp").body(Body::empty()).unwrap();
    assert_eq!(
        edge(Upstream::at(stub.port))
            .oneshot(nameless)
            .await
            .unwrap()
            .status(),
        StatusCode::FORBIDDEN
    );
    assert!(stub.asked().is_empty());

    let request = Request::post("/mcp")
        .header(header::HOST, "LOCALHOST:3030")
        .header(header::ORIGIN, "https://evil.example")
        .body(Body::empty())
        .unwrap();
    assert_eq!(
        edge(Upstream::at(stub.port))
            .oneshot(request)
            .await
            .unwrap()
            .status(),
        StatusCode::OK
    );
    assert_eq!(
        stub.asked()[0].headers[header::ORIGIN],
        "https://evil.example"
    );
}

#[tokio::test]
async fn leads_a_servers_whole_path_to_its_own_api_and_all_else_to_the_host() {
    let stub = Stub::answering(|_| StatusCode::OK.into_response()).await;
    for path in [
        "/orders/mcp?a=b",
        "/orders/mcp/",
        "/orders/mcp/x",
        "/orders",
        "/.well-known/oauth-protected-resource/orders/mcp",
    ] {
        let request = post(path).body(Body::empty()).unwrap();
        edge(Upstream::at(stub.port))
            .oneshot(request)
            .await
            .unwrap();
    }
    let asked: Vec<_> = stub
        .asked()
        .into_iter()
        .map(|asked| {
            (
                asked.headers[header::HOST].to_str().unwrap()[..6].to_owned(),
                asked.target,
            )
        })
        .collect();
    assert_eq!(
        asked[0],
        (
            "def456".into(),
            "/_aws/execute-api/def456/prod/orders/mcp?a=b".into()
        )
    );
    assert!(
        asked[1..].iter().all(|(host, target)| host == "abc123"
            && target.starts_with("/_aws/execute-api/abc123/prod/")),
        "{asked:?}"
    );
}

#[tokio::test]
async fn redirects_a_browser_from_an_mcp_endpoint_to_the_page_for_people_and_nothing_else() {
    let browser = "text/html,application/xhtml+xml,*/*;q=0.8";
    let stub = Stub::answering(|_| StatusCode::OK.into_response()).await;
    let respond = async |method: &str, path: &str, accept: &str, token: bool| {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "127.0.0.1:3030")
            .header(header::ACCEPT, accept);
        if token {
            request = request.header(header::AUTHORIZATION, "Bearer t");
        }
        let request = request.body(Body::empty()).unwrap();
        let edge = edge(Upstream::at(stub.port));
        edge.oneshot(request).await.unwrap()
    };
    for (method, path) in [
        ("GET", "/mcp"),
        ("GET", "/orders/mcp?a=b"),
        ("HEAD", "/mcp"),
    ] {
        let response = respond(method, path, browser, false).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER, "{method} {path}");
        assert_eq!(response.headers()[header::LOCATION], "/");
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        assert_eq!(response.headers()[header::VARY], "Accept");
    }
    assert!(stub.asked().is_empty());
    for (method, path, accept, token) in [
        ("GET", "/mcp", "text/event-stream", false),
        ("GET", "/mcp", "*/*", false),
        ("GET", "/mcp", browser, true),
        ("POST", "/mcp", browser, false),
        ("GET", "/", browser, false),
        ("GET", "/mcp/x", browser, false),
        (
            "GET",
            "/.well-known/oauth-protected-resource/mcp",
            browser,
            false,
        ),
    ] {
        let response = respond(method, path, accept, token).await;
        assert_eq!(
            response.status(),
            StatusCode::OK,
            "{method} {path} {accept}"
        );
    }
}

#[tokio::test]
async fn drops_what_belongs_to_one_connection() {
    let stub =
        Stub::answering(|_| [("keep-alive", "timeout=1"), ("x-stays", "1")].into_response()).await;
    let request = post("/mcp")
        .header(header::CONNECTION, "x-private, close")
        .header("x-private", "1")
        .header(header::TE, "trailers")
        .body(Body::empty())
        .unwrap();
    let response = edge(Upstream::at(stub.port))
        .oneshot(request)
        .await
        .unwrap();
    assert!(
        !response.headers().contains_key("keep-alive")
            && response.headers().contains_key("x-stays")
    );
    let asked = stub.asked().remove(0);
    assert!(!asked.headers.contains_key("x-private") && !asked.headers.contains_key(header::TE));
}

#[tokio::test]
async fn hands_on_each_chunk_of_a_response_while_the_next_is_not_there_yet() {
    let (mut sender, body) = Channel::<Bytes>::new(1);
    let body = std::sync::Mutex::new(Some(body));
    let body = std::sync::Arc::new(body);
    let app = Router::new().fallback(any(move || {
        let body = body.lock().unwrap().take().unwrap();
        async move { Response::new(Body::new(body)) }
    }));
    let port = serve(app).await;
    sender.send_data("one".into()).await.unwrap();
    let response = edge(Upstream::at(port))
        .oneshot(post("/mcp").body(Body::empty()).unwrap())
        .await
        .unwrap();
    let mut body = pin!(response.into_body());
    assert_eq!(
        body.frame().await.unwrap().unwrap().into_data().unwrap(),
        "one"
    );
    sender.send_data("two".into()).await.unwrap();
    assert_eq!(
        body.frame().await.unwrap().unwrap().into_data().unwrap(),
        "two"
    );
    drop(sender);
    assert!(body.frame().await.is_none());
}

#[tokio::test]
async fn hands_on_each_chunk_of_a_request_while_the_next_is_not_there_yet() {
    let app = Router::new().fallback(any(async |request: Request| {
        Response::new(request.into_body())
    }));
    let (mut sender, body) = Channel::<Bytes>::new(1);
    sender.send_data("one".into()).await.unwrap();
    let request = post("/mcp").body(Body::new(body)).unwrap();
    let response = edge(Upstream::at(serve(app).await))
        .oneshot(request)
        .await
        .unwrap();
    let mut echo = pin!(response.into_body());
    assert_eq!(
        echo.frame().await.unwrap().unwrap().into_data().unwrap(),
        "one"
    );
    sender.send_data("two".into()).await.unwrap();
    assert_eq!(
        echo.frame().await.unwrap().unwrap().into_data().unwrap(),
        "two"
    );
}

#[tokio::test]
async fn answers_502_when_the_gateway_is_away() {
    // Bound and not listening, so that no other program can listen there.
    let held = tokio::net::TcpSocket::new_v4().unwrap();
    held.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = held.local_addr().unwrap().port();
    let response = edge(Upstream::at(port))
        .oneshot(post("/mcp").body(Body::empty()).unwrap())
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
    assert!(
        text(response)
            .await
            .contains(&format!("127.0.0.1:{port} did not answer"))
    );
}

#[tokio::test]
async fn a_path_of_a_service_goes_to_its_processes_in_turn_under_the_name_that_the_client_knows() {
    let stubs = [
        Stub::answering(|_| "one".into_response()).await,
        Stub::answering(|_| "two".into_response()).await,
    ];
    let gateway = Stub::answering(|_| "gateway".into_response()).await;
    let pool = Pool::default();
    for stub in &stubs {
        pool.add(stub.port);
    }
    let edge = with_service(Upstream::at(gateway.port), pool.clone());
    let ask = async |path: &str| {
        let request = post(path).body(Body::empty()).unwrap();
        text(edge.clone().oneshot(request).await.unwrap()).await
    };
    let mut asked = [ask("/shop/mcp?a=b").await, ask("/shop/mcp").await];
    asked.sort();
    assert_eq!(asked, ["one", "two"]);
    let first = stubs.iter().flat_map(Stub::asked).next().unwrap();
    assert!(first.target.starts_with("/shop/mcp"));
    assert_eq!(first.headers[header::HOST], "127.0.0.1:3030");
    assert_eq!(ask("/shop/mcp/more").await, "gateway");

    pool.remove(stubs[0].port);
    assert_eq!(
        [ask("/shop/mcp").await, ask("/shop/mcp").await],
        ["two", "two"]
    );
    pool.remove(stubs[1].port);
    let request = post("/shop/mcp").body(Body::empty()).unwrap();
    let response = edge.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
}
