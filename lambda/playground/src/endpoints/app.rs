//! MCP Apps of a conversation: the document of one, the call that it shows, and the tools that it calls.

use http::{HeaderName, StatusCode, header};
use mcp_lambda_agent::conversation::{CallState, Conversation, ToolCall, ToolResult};
use mcp_lambda_runtime::response::Response;
use serde_json::{Value, json};

use crate::access::Visitor;
use crate::apps::{Asked, Called, REFUSED, frame_policy, shown_to_app};
use crate::conversations::{AppOfCall, ConversationId, Document};
use crate::pages::app_refusal;
use crate::playground::Playground;
use crate::problem::Problem;
use crate::request::Request;
use crate::response::{body, html, set};

/// The longest call of an MCP App, in bytes.
const LONGEST: usize = 128 * 1024;

/// What a browser asks for a frame; another page, and a tab of its own, ask for something else.
const FRAME: &str = "iframe";

const CONNECTION_ALLOWLIST: HeaderName = HeaderName::from_static("connection-allowlist");

impl Playground {
    /// The call of the person's conversation whose result an MCP App shows.
    async fn app_of(
        &self,
        request: &Request,
        id: &ConversationId,
        call: &str,
    ) -> Result<(Visitor, Document, AppOfCall), Problem> {
        let visitor = self.require_visitor(request).await?;
        let kept = self.conversation(&visitor.person, id).await?;
        let document = kept.ok_or(Problem::NotFound)?.document;
        let app = document.head.apps.get(call).cloned();
        Ok((visitor, document, app.ok_or(Problem::NotFound)?))
    }

    /// The document, for a frame of the conversation's page.
    pub(super) async fn app_frame(
        &self,
        request: &Request,
        id: &ConversationId,
        call: &str,
    ) -> Result<Response, Problem> {
        let destination = request.header("sec-fetch-dest");
        if destination.is_some_and(|destination| destination != FRAME) {
            return Err(Problem::NotFound);
        }
        let (visitor, _, app) = self.app_of(request, id, call).await?;
        let read = self.app_document(&visitor, &app, request.deadline).await?;
        let mut response = match read {
            Ok(document) => {
                let policy = frame_policy(document.csp);
                let mut response = html(StatusCode::OK, document.html);
                let content = policy.content_security_policy;
                set(&mut response, header::CONTENT_SECURITY_POLICY, &content);
                set(
                    &mut response,
                    CONNECTION_ALLOWLIST,
                    &policy.connection_allowlist,
                );
                response
            }
            Err(words) => {
                let mut response = html(StatusCode::BAD_GATEWAY, app_refusal(&words));
                set(&mut response, header::CONTENT_SECURITY_POLICY, REFUSED);
                response
            }
        };
        set(&mut response, header::X_FRAME_OPTIONS, "SAMEORIGIN");
        set(&mut response, header::REFERRER_POLICY, "no-referrer");
        Ok(response)
    }

    /// The arguments and the result of the call.
    pub(super) async fn app_call(
        &self,
        request: &Request,
        id: &ConversationId,
        call: &str,
    ) -> Result<Response, Problem> {
        let (_, document, app) = self.app_of(request, id, call).await?;
        let (made, result) = finished(&document.conversation, call).ok_or(Problem::NotFound)?;
        let arguments = app.arguments.as_ref().unwrap_or(&made.input);
        Ok(as_json(
            StatusCode::OK,
            &json!({ "tool": app.tool, "arguments": arguments, "result": shown_to_app(result) }),
        ))
    }

    /// A tool that the MCP App calls. Refusals are JSON too, for the page passes them on.
    pub(super) async fn app_tool(
        &self,
        request: &Request,
        id: &ConversationId,
        call: &str,
    ) -> Response {
        match self.try_app_tool(request, id, call).await {
            Ok(Called::Result(result)) => as_json(StatusCode::OK, &json!({ "result": result })),
            Ok(Called::Approval { tool, arguments }) => as_json(
                StatusCode::OK,
                &json!({ "approval": { "tool": tool, "arguments": arguments } }),
            ),
            Ok(Called::Refused(words)) => as_json(StatusCode::OK, &json!({ "error": words })),
            Err(problem) => {
                let fields = json!({ "problem": format!("{problem:?}") });
                self.process
                    .log
                    .error("an MCP App could not call a tool", &fields);
                as_json(problem.status(), &json!({ "error": problem.to_string() }))
            }
        }
    }

    async fn try_app_tool(
        &self,
        request: &Request,
        id: &ConversationId,
        call: &str,
    ) -> Result<Called, Problem> {
        if request.body.len() > LONGEST {
            let words = format!("a call of an app has at most {LONGEST} bytes");
            return Err(Problem::Field(words));
        }
        let asked: Asked = serde_json::from_slice(&request.body)
            .map_err(|error| Problem::Field(format!("this is no call of a tool: {error}")))?;
        let (visitor, _, app) = self.app_of(request, id, call).await?;
        self.call_for_app(&visitor, &app, asked, request.deadline)
            .await
    }
}

/// A call that has its result, and the result.
fn finished<'a>(
    conversation: &'a Conversation,
    id: &str,
) -> Option<(&'a ToolCall, &'a ToolResult)> {
    let open = conversation.open();
    let closed = conversation.turns().iter().flat_map(|turn| &turn.rounds);
    let rounds = closed.chain(open.into_iter().flat_map(|open| &open.rounds));
    let calls = rounds.flat_map(|round| round.calls.iter());
    let calls = calls.map(|finished| (&finished.call, Some(&finished.result)));
    let pending = open.and_then(|open| open.pending.as_ref());
    let pending = pending.into_iter().flat_map(|round| round.calls.iter());
    let pending = pending.map(|pending| match &pending.state {
        CallState::Finished(result) => (&pending.call, Some(result)),
        CallState::AwaitingApproval | CallState::Ready | CallState::Started => {
            (&pending.call, None)
        }
    });
    let (call, result) = calls
        .chain(pending)
        .find(|(call, _)| call.id.as_str() == id)?;
    Some((call, result?))
}

fn as_json(status: StatusCode, value: &Value) -> Response {
    body(status, "application/json", value.to_string())
}
