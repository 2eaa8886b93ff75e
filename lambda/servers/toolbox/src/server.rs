//! The MCP server: its tools, and how it is built.

use std::sync::LazyLock;

use mcp_lambda::{AwsEnvironment, Deadline, Definition, ToolPolicy};
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::handler::server::tool::schema_for_type;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{
    CallToolResult, ContentBlock, Icon, Implementation, ServerCapabilities, ServerConfig,
};
use rmcp::{ServerHandler, schemars, tool, tool_handler, tool_router};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::search_api::{Hit, SearchApi, SearchSettings, cause};

const SEARCH: &str = "web.search";
const BUCKETS: &str = "s3.count";

/// The MCP server.
#[derive(Debug)]
pub struct Toolbox {
    search: SearchApi,
    s3: aws_sdk_s3::Client,
}

/// Arguments of `search_website`.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
struct SearchWebsite {
    /// What to search for, 1 to 400 characters.
    #[schemars(length(min = 1, max = 400))]
    query: String,
    /// Host name of the one website to search, for example docs.aws.amazon.com. The whole web without it.
    #[schemars(length(min = 1, max = 253))]
    site: Option<String>,
    /// How many results to return, 1 to 10.
    #[serde(default = "default_limit")]
    #[schemars(range(min = 1, max = 10))]
    limit: u8,
}

fn default_limit() -> u8 {
    5
}

/// Result of `search_website`.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct Results {
    /// The pages that were found, the best first.
    results: Vec<Page>,
}

/// A page that was found.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct Page {
    /// Its title.
    title: String,
    /// Its address.
    url: String,
    /// Some words of it.
    snippet: String,
}

/// Result of `count_s3_buckets`.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct BucketCount {
    /// How many buckets the AWS account has.
    buckets: u64,
}

#[tool_router]
impl Toolbox {
    /// Searches the web, or one website of it.
    #[tool(
        name = "search_website",
        title = "Search website",
        output_schema = schema_for_type::<Results>(),
        annotations(read_only_hint = true, open_world_hint = true),
        icons = icons(GLOBE),
        meta = ToolPolicy::scopes(&[SEARCH]).meta()
    )]
    async fn search_website(
        &self,
        deadline: Deadline,
        Parameters(arguments): Parameters<SearchWebsite>,
    ) -> Result<CallToolResult, String> {
        let query = arguments.api_query()?;
        let hits = self
            .search
            .search(&query, arguments.limit, deadline.remaining())
            .await;
        let hits = hits.map_err(|problem| problem.to_string())?;
        let lines: Vec<String> = hits
            .iter()
            .map(
                |Hit {
                     title,
                     url,
                     snippet,
                 }| format!("{title}\n{url}\n{snippet}"),
            )
            .collect();
        let text = if lines.is_empty() {
            "nothing was found".to_owned()
        } else {
            lines.join("\n\n")
        };
        let results = hits
            .into_iter()
            .map(
                |Hit {
                     title,
                     url,
                     snippet,
                 }| Page {
                    title,
                    url,
                    snippet,
                },
            )
            .collect();
        Ok(result(&Results { results }, text))
    }

    /// Counts the S3 buckets of the AWS account that the server runs in.
    #[tool(
        name = "count_s3_buckets",
        title = "Count S3 buckets",
        output_schema = schema_for_type::<BucketCount>(),
        annotations(read_only_hint = true, open_world_hint = false),
        icons = icons(BUCKET),
        meta = ToolPolicy::scopes(&[BUCKETS]).meta()
    )]
    async fn count_s3_buckets(&self) -> Result<CallToolResult, String> {
        let mut buckets: u64 = 0;
        let mut pages = self
            .s3
            .list_buckets()
            .into_paginator()
            .page_size(1000)
            .send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| {
                format!("the buckets cannot be counted now: S3 ({})", cause(&error))
            })?;
            buckets += u64::try_from(page.buckets().len()).unwrap_or_default();
        }
        let text = format!("the AWS account has {buckets} S3 buckets");
        Ok(result(&BucketCount { buckets }, text))
    }
}

impl SearchWebsite {
    /// The query of the API.
    fn api_query(&self) -> Result<String, String> {
        let query = self.query.trim();
        if query.is_empty() {
            return Err("query must have 1 to 400 characters, got 0".to_owned());
        }
        let Some(site) = self.site.as_deref() else {
            return Ok(query.to_owned());
        };
        let is_host = site
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
        if !is_host {
            let shown: String = site.chars().take(80).collect();
            return Err(format!(
                "site must be a host name such as docs.aws.amazon.com, got {shown:?}"
            ));
        }
        Ok(format!("site:{site} {query}"))
    }
}

fn result(structured: &impl Serialize, text: String) -> CallToolResult {
    let mut result = CallToolResult::structured(json!(structured));
    result.content = vec![ContentBlock::text(text)];
    result
}

const GLOBE: &str =
    "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM3 12h18M12 3c6 6 6 12 0 18-6-6-6-12 0-18z";
const BUCKET: &str = "M4 6h16l-2 14H6zM4 6c0-4 16-4 16 0";

/// An icon that is one line on a square of 24 units.
fn icons(path: &str) -> Vec<Icon> {
    let svg = format!(
        "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24' fill='none' stroke='%23808080' stroke-width='2'%3E%3Cpath d='{path}'/%3E%3C/svg%3E"
    );
    vec![
        Icon::new(svg)
            .with_mime_type("image/svg+xml")
            .with_sizes(vec!["any".to_owned()]),
    ]
}

/// Built once: by default rmcp rebuilds it for each request.
static TOOLS: LazyLock<ToolRouter<Toolbox>> = LazyLock::new(Toolbox::tool_router);

#[tool_handler(router = TOOLS)]
impl ServerHandler for Toolbox {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build()).with_server_info(
            Implementation::new("toolbox", env!("CARGO_PKG_VERSION")).with_title("Toolbox"),
        )
    }
}

/// Who the server is, what it needs, and how it is built.
#[must_use]
pub fn definition() -> Definition<Toolbox, SearchSettings> {
    let build = |settings: SearchSettings, aws: &AwsEnvironment| {
        let config = aws.sdk_config()?;
        Ok(Toolbox {
            search: SearchApi::new(settings, aws_sdk_secretsmanager::Client::new(&config)),
            s3: aws_sdk_s3::Client::new(&config),
        })
    };
    Definition::new(
        "toolbox",
        env!("CARGO_PKG_VERSION"),
        TOOLS.list_all(),
        build,
    )
    .title("Toolbox")
    .description("A search of the web, and the number of S3 buckets.")
    .scope(SEARCH, "Search the web")
    .scope(BUCKETS, "Count the S3 buckets of the AWS account")
}
