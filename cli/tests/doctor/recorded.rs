//! What depends on time, TLS or the network, and what a page or a person sees.

use std::sync::Arc;
use std::time::Duration;

use mcp_lambda_cli::doctor::Report;
use mcp_lambda_cli::doctor::ask::Ask;
use mcp_lambda_cli::doctor::evidence::Evidence;
use mcp_lambda_cli::doctor::profile::Profile;
use mcp_lambda_cli::doctor::profiles::{PROFILES, usual};
use mcp_lambda_cli::doctor::verdict::Outcome;
use rcgen::{CertificateParams, KeyPair};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use url::Url;

use crate::stub::{Fault, Reply, start};
use crate::{evidence, limits, report};

fn found(report: &Report) -> Vec<&'static str> {
    report.faults.iter().map(|fault| fault.id).collect()
}

#[tokio::test]
async fn a_document_that_takes_longer_than_claude_ai_waits_stops_claude_ai_alone() {
    let profiles: Vec<&Profile> = usual().collect();
    let mut evidence = evidence(&start("/mcp", |_, _| {}).await, &profiles, None).await;
    // The recording is changed instead of waiting.
    for exchange in &mut evidence.exchanges {
        if exchange.sent.url.ends_with("oauth-authorization-server") {
            exchange.elapsed = Duration::from_secs(12);
        }
    }
    let report = Report::of(&evidence, &profiles, limits(None));
    let stopped: Vec<&str> = report
        .clients
        .iter()
        .filter(|client| client.verdict.outcome != Outcome::Connects)
        .map(|client| client.id)
        .collect();
    assert_eq!(
        (found(&report), stopped),
        (vec!["slow-discovery"], vec!["claude"])
    );
}

#[tokio::test]
async fn plain_http_is_wrong_but_for_this_machine() {
    let profiles: Vec<&Profile> = usual().collect();
    let mut evidence: Evidence = evidence(&start("/mcp", |_, _| {}).await, &profiles, None).await;
    evidence.url = Url::parse("http://mcp.example.com/mcp").unwrap();
    assert!(found(&Report::of(&evidence, &profiles, limits(None))).contains(&"url-not-https"));
}

/// A TLS server with a certificate of these dates.
async fn tls(days: std::ops::RangeInclusive<i32>) -> Url {
    let key = KeyPair::generate().unwrap();
    let mut parameters = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    parameters.not_before = rcgen::date_time_ymd(*days.start(), 1, 1);
    parameters.not_after = rcgen::date_time_ymd(*days.end(), 1, 1);
    let certificate = parameters.self_signed(&key).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            key.serialize_der().try_into().unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = acceptor.accept(stream).await;
        }
    });
    Url::parse(&format!("https://localhost:{port}/mcp")).unwrap()
}

#[tokio::test]
async fn names_certificates_that_expired_or_are_not_trusted() {
    let expired = report(&tls(2020..=2021).await, None).await;
    assert_eq!(found(&expired), ["certificate-expired"]);
    assert_eq!(expired.failing(), expired.clients.len());
    let untrusted = report(&tls(2020..=2099).await, None).await;
    assert_eq!(found(&untrusted), ["certificate-untrusted"]);
}

#[tokio::test]
async fn names_a_host_without_an_address_and_a_port_that_nobody_listens_on() {
    let unknown = Url::parse("https://mcp-lambda-doctor.invalid/mcp").unwrap();
    assert_eq!(found(&report(&unknown, None).await), ["host-unknown"]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = Url::parse(&format!("http://{}/mcp", listener.local_addr().unwrap())).unwrap();
    drop(listener);
    let report = report(&closed, None).await;
    assert_eq!(found(&report), ["host-unreachable"]);
    // One request is enough to know.
    assert_eq!(report.exchanges.len(), 1);
}

/// What a web page meets.
async fn page(fault: Fault) -> (Vec<&'static str>, Outcome) {
    let profiles: Vec<&Profile> = PROFILES
        .iter()
        .filter(|profile| profile.id == "web-page")
        .collect();
    let evidence = evidence(&start("/mcp", fault).await, &profiles, None).await;
    let report = Report::of(&evidence, &profiles, limits(None));
    (found(&report), report.clients[0].verdict.outcome)
}

#[tokio::test]
async fn a_web_page_needs_cors_everywhere() {
    assert_eq!(page(|_, _| {}).await, (vec![], Outcome::Connects));
    let cases: [(&str, Fault); 4] = [
        ("cors-preflight", |asked, reply| {
            if asked.method == "OPTIONS" {
                reply.status = 401;
            }
        }),
        ("cors-challenge", |asked, reply| {
            if asked.is_mcp() && asked.method == "POST" {
                reply.unset("access-control-allow-origin");
            }
        }),
        ("metadata-cors", |asked, reply| {
            if asked.is_server_metadata() {
                reply.unset("access-control-allow-origin");
            }
        }),
        ("origin-refused", |asked, reply| {
            if asked.method == "POST" && asked.headers.contains_key("origin") {
                *reply = Reply::new(403, String::new());
            }
        }),
    ];
    for (check, fault) in cases {
        assert_eq!(
            page(fault).await,
            (vec![check], Outcome::DoesNotConnect),
            "{check}"
        );
    }
}

#[tokio::test]
async fn a_server_without_authorization_connects_every_client() {
    let open = start("/mcp", |asked, reply| {
        if asked.is_mcp() {
            *reply = Reply::json(
                200,
                &serde_json::json!({ "jsonrpc": "2.0", "id": 1, "result": {} }),
            );
        }
    })
    .await;
    let report = report(&open, None).await;
    assert_eq!((report.failing(), found(&report)), (0, vec![]));
}

#[tokio::test]
async fn a_redirect_to_a_trailing_slash_is_followed() {
    let url = start("/mcp", |asked, reply| {
        if asked.is("POST", "/mcp") {
            let body = std::mem::take(&mut reply.body);
            *reply = Reply::new(307, body);
            reply.set("location", "/mcp/");
        }
        if asked.is("POST", "/mcp/") {
            *reply = Reply::json(401, &serde_json::json!({}));
        }
    })
    .await;
    assert_eq!(report(&url, None).await.failing(), 0);
}

#[tokio::test]
async fn each_request_names_the_doctor_and_carries_no_secret_into_the_report() {
    let url = start("/mcp", |asked, reply| {
        assert!(
            asked.headers["user-agent"].starts_with("mcp-lambda-doctor/"),
            "{:?}",
            asked.headers
        );
        if asked.path == "/register" {
            reply.edit(|body| body["client_secret"] = "s3cret".into());
        }
        reply.set("set-cookie", "session=s3cret");
    })
    .await;
    let token = "e30.e30.s3cret";
    let report = report(&url, Some(token)).await;
    let printed = serde_json::to_string(&report).unwrap();
    assert!(!printed.contains("s3cret"), "{printed}");
    assert!(
        report
            .exchanges
            .iter()
            .any(|exchange| exchange.request.contains("/register"))
    );
}

#[tokio::test]
async fn without_registrations_nothing_is_registered_and_the_report_says_so() {
    let url = start("/mcp", |_, _| {}).await;
    let profiles: Vec<&Profile> = PROFILES
        .iter()
        .filter(|profile| profile.id == "rmcp")
        .collect();
    let mut limits = limits(None);
    limits.register = false;
    let prober =
        mcp_lambda_cli::doctor::HttpProber::new(&url, None, std::time::SystemTime::now).unwrap();
    let evidence =
        mcp_lambda_cli::doctor::gather(&prober, Evidence::new(url), &profiles, limits).await;
    assert!(
        !evidence
            .exchanges
            .iter()
            .any(|exchange| matches!(exchange.ask, Ask::Register { .. }))
    );
    let report = Report::of(&evidence, &profiles, limits);
    assert!(report.clients[0].verdict.unchecked[0].contains("--no-register"));
}
