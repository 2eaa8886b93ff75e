//! Calls a tool for a REST request, and turns its result into the response.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{AGE, AUTHORIZATION, CACHE_CONTROL};
use http::request::Parts;
use http::{HeaderValue, Request, StatusCode};
use rmcp::model::{
    CallToolRequestParams, CallToolResult, ClientJsonRpcMessage, GetExtensions, JsonRpcMessage,
    ProtocolVersion, ServerJsonRpcMessage, ServerResult,
};
use rmcp::service::serve_directly;
use rmcp::transport::OneshotTransport;
use rmcp::{RoleServer, ServerHandler};
use serde_json::json;

use crate::endpoint::refusal::json_response;
use crate::guard::tool_call::ToolFailure;
use crate::request_facts::RequestFacts;
use crate::revision::Revision;
use crate::runtime::response::Response;
use crate::telemetry::{Cached, Outcome, Record};
use crate::token::caller::Caller;
use crate::tools_api::function_call::FunctionCall;
use crate::tools_api::problem::Problem;
use crate::tools_api::{Handling, ToolsApi};

/// The header of an API key, which no tool gets to see.
const API_KEY: &str = "x-api-key";

impl<S: ServerHandler> ToolsApi<S> {
    /// Calls a tool that the caller may call.
    pub(super) async fn call(
        &self,
        request: Request<Bytes>,
        call: FunctionCall,
        caller: Arc<Caller>,
        handling: &Handling,
        record: &mut Record,
    ) -> Result<Response, Problem> {
        let FunctionCall { name, arguments } = call;
        if self.server.policy.knows(&name) {
            record.tool(&name);
        }
        let tool = self.permitted(&name, &caller)?;
        if let Some(reason) = tool.needs_mcp_client.clone() {
            return Err(Problem::NeedsMcpClient { tool: name, reason });
        }
        let mut parameters = CallToolRequestParams::new(name).with_arguments(arguments);
        self.server
            .judge(&mut parameters, &caller)
            .map_err(|failure| match failure {
                ToolFailure::Told(detail) => Problem::ArgumentsInvalid(detail),
                ToolFailure::Error(error) => error.into(),
            })?;
        record.admit();
        let outcome = record.outcome();
        let mut facts = RequestFacts::new(
            caller,
            handling.deadline,
            Revision::parse(ProtocolVersion::V_2026_07_28.as_str()),
            outcome.clone(),
        );
        facts.permit = handling.permit.clone();
        facts.audit = handling.audit.clone();
        let result = self.run(request.into_parts().0, parameters, facts).await?;
        if result.is_error == Some(true) {
            return Err(failure(&result, &outcome));
        }
        Ok(success(result, &outcome))
    }

    /// Passes the call to the guarded server as a message of MCP, so that the same checks, cache and limits apply.
    async fn run(
        &self,
        mut head: Parts,
        parameters: CallToolRequestParams,
        facts: RequestFacts,
    ) -> Result<CallToolResult, Problem> {
        let mut message: ClientJsonRpcMessage = serde_json::from_value(json!({
            "jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": {
                "name": parameters.name,
                "arguments": parameters.arguments,
                "_meta": {
                    "io.modelcontextprotocol/protocolVersion": ProtocolVersion::V_2026_07_28,
                    "io.modelcontextprotocol/clientInfo": { "name": "tools-api", "version": env!("CARGO_PKG_VERSION") },
                    // Nobody is there to be asked.
                    "io.modelcontextprotocol/clientCapabilities": {},
                },
            },
        }))
        .map_err(|_| Problem::Failed)?;
        if let JsonRpcMessage::Request(request) = &mut message {
            head.headers.remove(AUTHORIZATION);
            head.headers.remove(API_KEY);
            facts.attach(&mut head.extensions);
            request.request.extensions_mut().insert(head);
        }
        let (transport, mut messages) = OneshotTransport::<RoleServer>::new(message);
        // Ends when the tool returns, or when it is dropped.
        let _running = serve_directly(self.server.clone(), transport, None);
        loop {
            match messages.recv().await {
                None => return Err(Problem::Failed),
                // Progress and log messages have no place in the response.
                Some(JsonRpcMessage::Notification(_)) => {}
                Some(JsonRpcMessage::Request(_)) => {
                    return Err(Problem::AskedClient("it asks its client".to_owned()));
                }
                Some(JsonRpcMessage::Response(response)) => return complete(response.result),
                Some(ServerJsonRpcMessage::Error(error)) => return Err(error.error.into()),
            }
        }
    }
}

fn complete(result: ServerResult) -> Result<CallToolResult, Problem> {
    if matches!(result, ServerResult::InputRequiredResult(_)) {
        return Err(Problem::AskedClient("it asks its client".to_owned()));
    }
    if matches!(result, ServerResult::CreateTaskResult(_)) {
        return Err(Problem::AskedClient("it continues as a task".to_owned()));
    }
    if let ServerResult::CallToolResult(result) = result {
        return Ok(result);
    }
    Err(Problem::Failed)
}

/// The problem of a result that is an error. The guard stops a late tool with such a result.
fn failure(result: &CallToolResult, outcome: &Outcome) -> Problem {
    if outcome.is_stopped() {
        return Problem::TooLate;
    }
    let texts: Vec<&str> = result
        .content
        .iter()
        .filter_map(|block| Some(block.as_text()?.text.as_str()))
        .collect();
    let detail = texts.join("\n");
    match outcome.limited_for() {
        Some(seconds) => Problem::LimitReached {
            name: "ToolLimitReached",
            detail,
            seconds,
        },
        None => Problem::ToolFailed(detail),
    }
}

/// The content and the structured content, as an MCP client gets them.
fn success(result: CallToolResult, outcome: &Outcome) -> Response {
    let mut body = json!({ "content": result.content });
    if let Some(structured) = result.structured_content {
        body["structuredContent"] = structured;
    }
    let mut response = json_response(StatusCode::OK, &body);
    if let Some(Cached { seconds, age }) = outcome.cached() {
        let headers = response.headers_mut();
        if let Ok(control) = HeaderValue::try_from(format!("private, max-age={seconds}")) {
            headers.insert(CACHE_CONTROL, control);
        }
        headers.insert(AGE, HeaderValue::from(age.unwrap_or_default()));
    }
    response
}
