//! Responds with the OpenAPI document, and with the page that shows it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, StatusCode};
use http_body_util::{BodyExt, Full};
use mcp_lambda_contract::{HttpUrl, McpSettings, ServerInfo, Tool, ToolsApiAccess, openapi};
use ring::digest::{SHA256, digest};

use crate::endpoint::refusal::json_response;
use crate::runtime::response::Response;
use crate::tools_api::page::{Page, STYLE};
use crate::tools_api::path::Path;

/// What the documents say besides the tools.
pub(crate) struct Documents {
    server: ServerInfo,
    url: HttpUrl,
    resource: HttpUrl,
    takes_keys: bool,
    takes_access_tokens: bool,
    /// Nothing but the page's own style sheet.
    security_policy: String,
}

impl Documents {
    pub(crate) fn new(server: &ServerInfo, url: &HttpUrl, settings: &McpSettings) -> Self {
        let style = STANDARD.encode(digest(&SHA256, STYLE.as_bytes()));
        Self {
            server: server.clone(),
            url: url.clone(),
            resource: settings.resource.clone(),
            takes_keys: settings.tools_keys.is_some(),
            takes_access_tokens: settings.tools_access_tokens,
            security_policy: format!(
                "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
            ),
        }
    }

    /// The document at this path, about these tools.
    pub(crate) fn respond(&self, path: &Path, tools: &[&Tool]) -> Response {
        let access = ToolsApiAccess {
            url: Some(&self.url),
            resource: Some(&self.resource),
            takes_keys: self.takes_keys,
            takes_access_tokens: self.takes_access_tokens,
        };
        if *path == Path::OpenApi {
            return json_response(StatusCode::OK, &openapi(&self.server, tools, access));
        }
        let page = Page {
            server: &self.server,
            tools,
            access,
        };
        let mut response = Response::new(Full::from(Bytes::from(page.html())).boxed());
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        );
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        if let Ok(policy) = HeaderValue::try_from(self.security_policy.as_str()) {
            headers.insert(CONTENT_SECURITY_POLICY, policy);
        }
        response
    }
}
