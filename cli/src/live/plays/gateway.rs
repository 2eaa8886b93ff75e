//! API Gateway: its own responses, the documents it serves, and the methods it passes on.

use reqwest::Method;
use serde_json::{Value, json};

use crate::live::findings::Findings;
use crate::live::plays::{looked_at, try_play};
use crate::live::stage::{Request, Stage};

/// The name that API Gateway gives to the `WWW-Authenticate` of a function.
const RENAMED_CHALLENGE: &str = "x-amzn-remapped-www-authenticate";

try_play!(challenge, |stage, findings| {
    let initialize = Request::rpc(stage.url(), "initialize", &json!({}));
    let response = stage.send(initialize).await?;
    findings.expect(
        response.status == 401,
        format!("a request without an access token: {}", response.status),
    );
    let challenge = response.header("www-authenticate").unwrap_or_default();
    let renamed = response.header(RENAMED_CHALLENGE).is_some();
    let metadata = stage.output("OAuthMetadataUrl")?;
    findings.expect(
        !renamed && challenge.contains(&format!(r#"resource_metadata="{metadata}""#)),
        format!("its WWW-Authenticate: {challenge}"),
    );
    let token = "e30.e30.x";
    let response = stage
        .send(Request::rpc(stage.url(), "initialize", &json!({})).bearer(token))
        .await?;
    let challenge = response.header("www-authenticate").unwrap_or_default();
    findings.expect(
        response.status == 401 && challenge.contains(metadata),
        format!(
            "with an access token that is none: {} {challenge}",
            response.status
        ),
    );
});

try_play!(unknown_path, |stage, findings| {
    for authorization in [None, Some("Bearer x"), Some("Bearer e30.e30.x")] {
        let mut request = Request::get(stage.at("/nothing-is-here")?);
        if let Some(value) = authorization {
            request = request.header("authorization", value);
        }
        let response = stage.send(request).await?;
        findings.expect(
            response.status == 404,
            format!(
                "{}: {} {}",
                authorization.unwrap_or("without Authorization"),
                response.status,
                looked_at(&response, &["x-amzn-errortype"])
            ),
        );
    }
});

try_play!(errors_are_not_cached, |stage, findings| {
    let token = stage.program_token().await?;
    let get = || Request::get(stage.url().as_str()).header("accept", "text/event-stream");
    let mut has_cache = false;
    for turn in ["at once", "again"] {
        let with = stage.send(get().bearer(token)).await?;
        let without = stage.send(get()).await?;
        has_cache |= without.header("x-cache").is_some();
        let cache = looked_at(&without, &["x-cache", "age"]);
        findings.expect(
            without.status == 401 && with.status != 401,
            format!(
                "GET with an access token: {}; without one, {turn}: {} {cache}",
                with.status, without.status
            ),
        );
    }
    if !has_cache {
        findings.leave_open("no x-cache header: the front is not CloudFront");
    }
});

try_play!(metadata_documents, |stage, findings| {
    let url = stage.output("OAuthMetadataUrl")?;
    let response = stage.send(Request::get(url)).await?;
    let document = response.json().unwrap_or_default();
    let resource = document.get("resource").and_then(Value::as_str);
    findings.expect(
        resource == Some(stage.url().as_str()),
        format!(
            "protected resource metadata is JSON about {}",
            resource.unwrap_or("no resource")
        ),
    );
    let scopes: Vec<&str> = document
        .get("scopes_supported")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let expected: Vec<&str> = stage.output("McpOAuthScope")?.split(' ').collect();
    findings.expect(
        scopes == expected,
        format!("its OAuth scopes: {}", scopes.join(" ")),
    );
    let title = document.get("resource_name").and_then(Value::as_str);
    if !title.is_some_and(|title| title.contains(['$', '#', '"'])) {
        findings.leave_open("the title has none of the characters $, # and \", which a mapping template could evaluate");
    }
    let server = stage.authorization_server().await?;
    let issuer = server.get("issuer").and_then(Value::as_str);
    findings.expect(
        issuer == stage.output("McpOAuthIssuer").ok(),
        format!(
            "authorization server metadata is JSON about {}",
            issuer.unwrap_or("no issuer")
        ),
    );
});

try_play!(sessions, |stage, findings| {
    let token = stage.program_token().await?;
    let params = json!({
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": { "name": "mcp-lambda live", "version": "1" },
    });
    let initialize = Request::rpc(stage.url(), "initialize", &params).bearer(token);
    let response = stage.send(initialize).await?;
    let session = response.header("mcp-session-id").map(str::to_owned);
    let mut delete = Request::new(Method::DELETE, stage.url().as_str()).bearer(token);
    let Some(session) = session else {
        let response = stage.send(delete).await?;
        let body = looked_at(&response, &["allow"]);
        findings.expect(
            response.status == 405 && response.json().is_some(),
            format!(
                "a server without sessions gets the DELETE and responds {} {body}",
                response.status
            ),
        );
        findings.leave_open("the end of a session: this server keeps none");
        return Ok(());
    };
    delete = delete.header("mcp-session-id", session.clone());
    let ended = stage.send(delete).await?.status;
    let list = Request::rpc(stage.url(), "tools/list", &json!({}))
        .bearer(token)
        .header("mcp-session-id", session);
    let after = stage.send(list).await?.status;
    findings.expect(
        (200..300).contains(&ended) && after == 404,
        format!("DELETE of a session: {ended}; a request in it: {after}"),
    );
});
