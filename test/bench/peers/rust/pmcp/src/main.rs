//! The benchmark's tool on pmcp: its router, stateless as its documentation advises for Lambda, fed in process.

use std::sync::Arc;

use async_trait::async_trait;
use axum::body::Body;
use http_body_util::BodyExt;
use lambda_http::{Error, Request, Response, run, service_fn};
use pmcp::server::axum_router::{AllowedOrigins, RouterConfig, concurrent_router_with_config};
use pmcp::server::streamable_http_server::StreamableHttpServerConfig;
use pmcp::types::{CallToolResult, Content, ToolInfo};
use pmcp::{RequestHandlerExtra, Server, ToolHandler, ToolOutput};
use serde_json::{Value, json};
use tower::ServiceExt;

struct Greet;

impl Greet {
    fn answer(arguments: &Value) -> String {
        format!("hello, {}", arguments["name"].as_str().unwrap_or_default())
    }
}

#[async_trait]
impl ToolHandler for Greet {
    async fn handle(&self, arguments: Value, _: RequestHandlerExtra) -> pmcp::Result<Value> {
        Ok(json!(Self::answer(&arguments)))
    }

    async fn handle_output(
        &self,
        arguments: Value,
        _: RequestHandlerExtra,
    ) -> pmcp::Result<ToolOutput> {
        let content = Content::text(Self::answer(&arguments));
        Ok(ToolOutput::Result(CallToolResult::new(vec![content])))
    }

    fn metadata(&self) -> Option<ToolInfo> {
        let schema = json!({
            "type": "object",
            "properties": { "name": { "type": "string", "description": "Whom to greet." } },
            "required": ["name"]
        });
        Some(ToolInfo::new(
            "greet",
            Some("Greets somebody.".to_owned()),
            schema,
        ))
    }
}

fn main() -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let server = Server::builder()
        .name("greeter")
        .version("1.0.0")
        .tool("greet", Greet)
        .build()?;
    let router = concurrent_router_with_config(
        Arc::new(server),
        RouterConfig {
            allowed_origins: Some(AllowedOrigins::any()),
            server_config: StreamableHttpServerConfig::stateless(),
            ..RouterConfig::default()
        },
    );
    runtime.block_on(run(service_fn(move |request: Request| {
        let router = router.clone();
        async move {
            let (mut parts, body) = request.into_parts();
            // The router's one route.
            parts.uri = "/".parse()?;
            let request = axum::http::Request::from_parts(parts, Body::from(body.to_vec()));
            let (parts, body) = router.oneshot(request).await?.into_parts();
            let body = body.collect().await?.to_bytes();
            let body = String::from_utf8(body.to_vec())?;
            Ok::<_, Error>(Response::from_parts(parts, body))
        }
    })))
}
