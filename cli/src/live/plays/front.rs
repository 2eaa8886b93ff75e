//! The front: CloudFront, and the page for people behind it.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::digest::{SHA256, digest};
use serde_json::json;

use crate::live::findings::Findings;
use crate::live::plays::{looked_at, try_play};
use crate::live::stage::{Request, Stage};

/// A body above what API Gateway takes.
const TOO_LONG: usize = 11 * 1024 * 1024;

try_play!(cloudfront, |stage, findings| {
    let response = stage
        .send(Request::rpc(stage.url(), "ping", &json!({})))
        .await?;
    let cache = response.header("x-cache").unwrap_or_default().to_owned();
    if cache.is_empty() {
        findings.leave_open("no x-cache header: the front is not CloudFront");
    } else {
        findings.expect(
            !cache.starts_with("Hit"),
            format!("POST of the MCP URL: x-cache {cache:?}"),
        );
    }
    let token = stage.program_token().await?;
    let long = Request::rpc(
        stage.url(),
        "ping",
        &json!({ "padding": "x".repeat(TOO_LONG) }),
    );
    match stage.send(long.bearer(token)).await {
        Ok(response) => findings.observe(format!(
            "a body of {TOO_LONG} bytes: {} {}",
            response.status,
            looked_at(&response, &["content-type", "x-amzn-errortype"])
        )),
        Err(failure) => findings.observe(format!("a body of {TOO_LONG} bytes: {failure}")),
    }
    let header = Request::get(stage.at("/")?).header("x-padding", "x".repeat(30_000));
    match stage.send(header).await {
        Ok(response) => findings.observe(format!("a header of 30,000 bytes: {}", response.status)),
        Err(failure) => findings.observe(format!("a header of 30,000 bytes: {failure}")),
    }
    findings.leave_open("HTTP/2 and 3, TLS, WAF and the read timeout: see how to check");
});

try_play!(browser_redirect, |stage, findings| {
    let get = |accept: &str| Request::get(stage.url().as_str()).header("accept", accept);
    let browser = stage.send(get("text/html,*/*;q=0.8")).await?;
    let location = browser.header("location").unwrap_or_default();
    let client = stage.send(get("text/event-stream")).await?;
    if browser.status == 401 {
        findings.leave_open(
            "a browser gets 401 too: the front is not CloudFront, or `page` is McpPage.none()",
        );
    } else {
        findings.expect(
            browser.status == 303 && location == "/",
            format!(
                "GET with Accept: text/html: {} {location:?}",
                browser.status
            ),
        );
    }
    findings.expect(
        client.status == 401 && client.header("www-authenticate").is_some(),
        format!("GET with Accept: text/event-stream: {}", client.status),
    );
});

try_play!(several_servers, |stage, findings| {
    let servers = &stage.stack.servers;
    if servers.len() < 2 {
        findings.leave_open("the stack has one server");
        return Ok(());
    }
    for url in servers {
        let response = stage
            .send(Request::rpc(url, "initialize", &json!({})))
            .await?;
        let challenge = response.header("www-authenticate").unwrap_or_default();
        let own = format!("{}\"", url.path());
        findings.expect(
            response.status == 401 && challenge.contains(&own),
            format!("{url}: {} {challenge:?}", response.status),
        );
    }
});

try_play!(page_as_written, |stage, findings| {
    let mut bodies = Vec::new();
    for accept in ["text/html", "application/json", "*/*"] {
        let page = stage
            .send(Request::get(stage.at("/")?).header("accept", accept))
            .await?;
        if page.status == 404 {
            findings.leave_open("there is no page: `page` is McpPage.none()");
            return Ok(());
        }
        let kind = page.header("content-type").unwrap_or_default();
        findings.expect(
            page.status == 200 && kind.starts_with("text/html"),
            format!("GET / with Accept: {accept}: {} {kind:?}", page.status),
        );
        bodies.push(page.body);
    }
    let page = bodies.first().map_or("", String::as_str);
    findings.expect(
        bodies.iter().all(|body| body == page),
        format!("the page has {} bytes, whatever Accept is", page.len()),
    );
    let style = page
        .split_once("<style>")
        .and_then(|(_, rest)| rest.split_once("</style>"))
        .map_or("", |(style, _)| style);
    let hash = BASE64_STANDARD.encode(digest(&SHA256, style.as_bytes()));
    findings.expect(
        page.contains(&format!("'sha256-{hash}'")),
        format!(
            "its Content-Security-Policy permits its style sheet of {} bytes",
            style.len()
        ),
    );
});
