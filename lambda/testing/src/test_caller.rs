//! A caller of a server under test, as API Gateway's authorizer leaves it.

use std::sync::Arc;

use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::answer::Failure;
use crate::deployment::{ISSUER, RESOURCE};
use crate::function::Function;
use crate::tool_response::ToolResponse;

/// A person or a program that calls a server under test.
#[derive(Clone)]
pub struct TestCaller {
    function: Arc<Function>,
    subject: String,
    app_client: String,
    scopes: Vec<String>,
    groups: Vec<String>,
}

impl TestCaller {
    pub(crate) fn new(function: &Arc<Function>, subject: &str, app_client: &str) -> Self {
        Self {
            function: Arc::clone(function),
            subject: subject.to_owned(),
            app_client: app_client.to_owned(),
            scopes: Vec::new(),
            groups: Vec::new(),
        }
    }

    /// The same caller with these OAuth scopes of the server, by their names.
    #[must_use]
    pub fn scopes(mut self, names: &[&str]) -> Self {
        self.scopes = names.iter().map(|name| (*name).to_owned()).collect();
        self
    }

    /// The same person in these groups of the user pool.
    #[must_use]
    pub fn groups(mut self, names: &[&str]) -> Self {
        self.groups = names.iter().map(|name| (*name).to_owned()).collect();
        self
    }

    /// The same person with another app client.
    #[must_use]
    pub fn app_client(mut self, id: &str) -> Self {
        id.clone_into(&mut self.app_client);
        self
    }

    /// Calls a tool.
    pub async fn call(&self, tool: &str, arguments: Value) -> ToolResponse {
        self.request(
            "tools/call",
            json!({ "name": tool, "arguments": arguments }),
        )
        .await
    }

    /// The names of the tools that the caller sees; none when the server refuses to list them.
    pub async fn tools(&self) -> Vec<String> {
        let response = self.request("tools/list", json!({})).await;
        let tools = response.result()["tools"].as_array().cloned();
        let names = tools.unwrap_or_default();
        names
            .iter()
            .filter_map(|tool| tool["name"].as_str().map(str::to_owned))
            .collect()
    }

    /// Sends any request of revision 2025-11-25.
    pub async fn request(&self, method: &str, params: Value) -> ToolResponse {
        let message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        match self.invoke(&message).await {
            Ok((status, body)) => ToolResponse::new(status, body),
            Err(failure) => ToolResponse::new(
                failure.status().as_u16(),
                json!({ "error": { "message": failure.to_string() } }),
            ),
        }
    }

    async fn invoke(&self, message: &Value) -> Result<(u16, Value), Failure> {
        let scopes: Vec<String> = self
            .scopes
            .iter()
            .map(|name| format!("{RESOURCE}/{name}"))
            .collect();
        let mut claims = json!({
            "sub": self.subject, "client_id": self.app_client, "token_use": "access",
            "iss": ISSUER, "scope": scopes.join(" "),
        });
        if self.subject != self.app_client {
            claims["aud"] = RESOURCE.into();
        }
        if !self.groups.is_empty() {
            // As API Gateway writes a list.
            claims["cognito:groups"] = self.groups.join(",").into();
        }
        let event = json!({
            "httpMethod": "POST", "path": "/mcp", "body": message.to_string(), "isBase64Encoded": false,
            "headers": {
                "Host": "mcp.example.com", "Content-Type": "application/json",
                "Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-11-25",
            },
            "requestContext": { "authorizer": { "claims": claims } },
        });
        let response = self.function.invoke(event.to_string().into()).await?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await?.to_bytes();
        let body = serde_json::from_slice(&body)
            .map_err(|error| Failure::Malformed(format!("the body is not JSON: {error}")))?;
        Ok((status, body))
    }
}
