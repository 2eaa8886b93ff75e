//! The thin outside, against servers of our own on loopback.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says where it stopped"
)]

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use mcp_lambda_authorization::{
    AuthorizationServer, CognitoTransport, FetchLimits, MetadataHosts, Settings, Timestamp,
    TransportFailure,
    edge::{self, PinnedHosts},
};
use mcp_lambda_runtime::{https::HttpsClient, log::Log};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

type Seen = Arc<Mutex<Vec<(http::request::Parts, Value)>>>;
type Answer = fn(&http::request::Parts, &Value) -> Response<Full<Bytes>>;

async fn answer_connection<S>(stream: S, seen: Seen, answer: Answer)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request: Request<Incoming>| {
        let seen = seen.clone();
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
            if head.uri.path() == "/slow" {
                tokio::time::sleep(Duration::from_secs(30)).await;
            }
            let answer = answer(&head, &body);
            seen.lock().unwrap().push((head, body));
            Ok::<_, Infallible>(answer)
        }
    });
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// A server on loopback, over TLS if there is an acceptor.
async fn serve(tls: Option<TlsAcceptor>, answer: Answer) -> (SocketAddr, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let seen = Seen::default();
    let kept = seen.clone();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            match &tls {
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        tokio::spawn(answer_connection(stream, seen.clone(), answer));
                    }
                }
                None => drop(tokio::spawn(answer_connection(
                    stream,
                    seen.clone(),
                    answer,
                ))),
            }
        }
    });
    (address, kept)
}

fn settings(changes: &[(&str, String)]) -> Settings {
    let mut variables: Vec<(String, String)> = [
        ("MCP_RESOURCE", "http://127.0.0.1:3030/mcp"),
        (
            "MCP_ISSUER",
            "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example",
        ),
        ("AUTHORIZATION_ISSUER", "http://127.0.0.1:3030"),
        ("AUTHORIZATION_SIGN_IN_URL", "http://127.0.0.1:3031"),
        ("AUTHORIZATION_COGNITO_CLIENT_ID", "client"),
        (
            "AUTHORIZATION_SCOPES",
            r#"[{"name":"http://127.0.0.1:3030/mcp/read","description":"Read"}]"#,
        ),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec();
    variables.extend(
        changes
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone())),
    );
    Settings::from_variables(variables).unwrap()
}

fn secrets_manager(_: &http::request::Parts, body: &Value) -> Response<Full<Bytes>> {
    let (status, answer) = match body["VersionStage"].as_str() {
        Some("AWSCURRENT") => (
            200,
            json!({ "SecretString": "a secret of more than thirty-two characters" }),
        ),
        _ => (400, json!({ "__type": "ResourceNotFoundException" })),
    };
    Response::builder()
        .status(status)
        .body(Full::new(Bytes::from(answer.to_string())))
        .unwrap()
}

async fn register(server: &AuthorizationServer) -> StatusCode {
    let mut headers = http::HeaderMap::new();
    headers.insert(
        "content-type",
        http::HeaderValue::from_static("application/json"),
    );
    let request = mcp_lambda_authorization::Request {
        method: Method::POST,
        path: "/register".to_owned(),
        query: Vec::new(),
        headers,
        body: br#"{"redirect_uris":["http://localhost/cb"]}"#.to_vec(),
        request_id: None,
    };
    server
        .handle(&request, Timestamp(1_800_000_000))
        .await
        .status()
}

fn in_secrets_manager(address: SocketAddr) -> Settings {
    settings(&[
        ("AUTHORIZATION_SEALING_SECRET_ARN", "arn:sealing".to_owned()),
        (
            "AUTHORIZATION_COGNITO_CLIENT_SECRET_ARN",
            "arn:client".to_owned(),
        ),
        ("AWS_REGION", "eu-west-1".to_owned()),
        ("AWS_ENDPOINT_URL", format!("http://{address}")),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
        ("AWS_SESSION_TOKEN", "session".to_owned()),
    ])
}

#[tokio::test]
async fn secrets_are_read_signed_by_stage_and_not_before_the_first_request() {
    let (address, seen) = serve(None, secrets_manager).await;
    let server = edge::server(in_secrets_manager(address), &Log::standard_error()).unwrap();
    assert!(
        seen.lock().unwrap().is_empty(),
        "nothing is read while the function starts"
    );
    assert_eq!(register(&server).await, 201);
    assert_eq!(register(&server).await, 201);
    let seen = seen.lock().unwrap();
    let mut asked: Vec<String> = seen
        .iter()
        .map(|(_, body)| {
            format!(
                "{} {}",
                body["SecretId"].as_str().unwrap(),
                body["VersionStage"].as_str().unwrap()
            )
        })
        .collect();
    asked.sort();
    assert_eq!(
        asked,
        [
            "arn:client AWSCURRENT",
            "arn:sealing AWSCURRENT",
            "arn:sealing AWSPREVIOUS"
        ]
    );
    for (head, _) in seen.iter() {
        assert_eq!(
            head.headers["x-amz-target"],
            "secretsmanager.GetSecretValue"
        );
        assert_eq!(head.headers["x-amz-security-token"], "session");
        let authorization = head.headers["authorization"].to_str().unwrap();
        assert!(authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20270115/eu-west-1/secretsmanager/aws4_request"), "{authorization}");
    }
}

#[tokio::test]
async fn secrets_that_cannot_be_read_are_a_refusal_and_not_a_weaker_key() {
    let refuse: Answer = |_, _| {
        Response::builder()
            .status(500)
            .body(Full::default())
            .unwrap()
    };
    let (address, _) = serve(None, refuse).await;
    assert_eq!(
        register(&edge::server(in_secrets_manager(address), &Log::standard_error()).unwrap()).await,
        503
    );
    let short: Answer = |_, _| Response::new(Full::new(Bytes::from(r#"{"SecretString":"short"}"#)));
    let (address, _) = serve(None, short).await;
    assert_eq!(
        register(&edge::server(in_secrets_manager(address), &Log::standard_error()).unwrap()).await,
        503
    );
}

#[tokio::test]
async fn plain_http_is_served_on_loopback_to_loopback_names_only() {
    let free = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let settings = settings(&[(
        "AUTHORIZATION_SEALING_SECRET",
        "a secret of more than thirty-two characters".to_owned(),
    )]);
    let server = Arc::new(edge::server(settings, &Log::standard_error()).unwrap());
    tokio::spawn(edge::listen(server, free, || SystemTime::UNIX_EPOCH));
    let client = HttpsClient::new();
    for (host, status) in [
        ("127.0.0.1:3030", 200),
        ("localhost", 200),
        ("evil.example", 421),
        ("localhost.evil.example", 421),
    ] {
        let request = || {
            Request::get(format!(
                "http://{free}/.well-known/oauth-authorization-server/mcp?x=%20"
            ))
            .header("host", host)
            .body(Vec::new())
            .unwrap()
        };
        let mut answer = client.send(request()).await;
        for _ in 0..50 {
            if answer.is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            answer = client.send(request()).await;
        }
        assert_eq!(answer.unwrap().status(), status, "{host}");
    }
}

fn metadata_host(head: &http::request::Parts, _: &Value) -> Response<Full<Bytes>> {
    match head.uri.path() {
        "/moved" => Response::builder()
            .status(302)
            .header("location", "https://169.254.169.254/")
            .body(Full::default())
            .unwrap(),
        "/large" => Response::new(Full::new(Bytes::from(vec![b' '; 6 * 1024]))),
        _ => Response::new(Full::new(Bytes::from("{}"))),
    }
}

#[tokio::test]
async fn a_metadata_document_comes_over_verified_tls_from_the_address_given() {
    let certificate = rcgen::generate_simple_self_signed(["claude.ai".to_owned()]).unwrap();
    let der = certificate.cert.der().clone();
    let key = rustls::pki_types::PrivateKeyDer::try_from(certificate.signing_key.serialize_der())
        .unwrap();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(
        rustls::crypto::ring::default_provider(),
    ))
    .with_safe_default_protocol_versions()
    .unwrap()
    .with_no_client_auth()
    .with_single_cert(vec![der.clone()], key)
    .unwrap();
    let (address, seen) = serve(Some(TlsAcceptor::from(Arc::new(config))), metadata_host).await;
    let hosts = PinnedHosts::new(Some(der.to_vec())).unwrap();
    let limits = FetchLimits {
        deadline: Duration::from_millis(1500),
        max_bytes: 5 * 1024,
    };
    let get = async |url: &str| {
        hosts
            .get(&url::Url::parse(url).unwrap(), address, limits)
            .await
    };

    let answer = get("https://claude.ai/client").await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.body().as_slice()),
        (200, b"{}".as_slice())
    );
    {
        let seen = seen.lock().unwrap();
        let headers = &seen[0].0.headers;
        assert_eq!(
            (
                headers["host"].to_str().unwrap(),
                headers["accept-encoding"].to_str().unwrap()
            ),
            ("claude.ai", "identity")
        );
        assert!(!headers.contains_key("cookie") && !headers.contains_key("authorization"));
    }
    assert_eq!(
        get("https://claude.ai/moved").await.unwrap().status(),
        302,
        "not followed"
    );
    assert_eq!(
        get("https://claude.ai/large").await.unwrap_err(),
        TransportFailure::TooLarge
    );
    assert_eq!(
        get("https://claude.ai/slow").await.unwrap_err(),
        TransportFailure::TimedOut
    );
    assert_eq!(
        get("https://other.example.com/client").await.unwrap_err(),
        TransportFailure::Unreachable,
        "certificate of another name"
    );
    let strangers = PinnedHosts::new(None).unwrap();
    let answer = strangers
        .get(
            &url::Url::parse("https://claude.ai/client").unwrap(),
            address,
            limits,
        )
        .await;
    assert_eq!(
        answer.unwrap_err(),
        TransportFailure::Unreachable,
        "certificate of nobody we know"
    );
}
