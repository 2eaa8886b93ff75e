//! Serves the server's tools as plain REST, for programs that do not speak MCP.

mod call;
mod documents;
mod function_call;
mod page;
pub(crate) mod path;
pub(crate) mod problem;

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Method, Request, StatusCode};
use mcp_lambda_contract::{
    AuditApi, AuditOutcome, Contract, HttpUrl, McpSettings, ScopeHierarchy, Tool, ToolsKeys,
};
use rmcp::ServerHandler;
use serde_json::{Map, Value, json};

use crate::audit::AuditedCall;
use crate::endpoint::limits;
use crate::endpoint::refusal::{ChallengeContext, Refusal, json_response};
use crate::guard::Guarded;
use crate::runtime::deadline::Deadline;
use crate::runtime::invocation_ids::InvocationIds;
use crate::runtime::response::Response;
use crate::telemetry::{Record, Telemetry};
use crate::token::caller::{Caller, CallerKind, verified_caller};
use crate::token::policy::Verdict;
use crate::tools_api::documents::Documents;
use crate::tools_api::function_call::FunctionCall;
use crate::tools_api::path::Path;
use crate::tools_api::problem::Problem;
use crate::work_permit::WorkPermit;

/// The tools of one server as plain REST: the same guarded server, policy and telemetry as its MCP endpoint.
pub(crate) struct ToolsApi<S> {
    server: Guarded<S>,
    documents: Documents,
    tools: Vec<Tool>,
    url: HttpUrl,
    keys: Option<ToolsKeys>,
    takes_access_tokens: bool,
    hierarchy: ScopeHierarchy,
    challenges: ChallengeContext,
    telemetry: Arc<Telemetry>,
}

/// What a request that is being handled has besides itself.
pub(super) struct Handling {
    caller: Option<Arc<Caller>>,
    deadline: Deadline,
    permit: WorkPermit,
    audit: AuditedCall,
}

/// The response to a call, once the call has its record. The guard has written the record of a call that reached it.
async fn recorded(
    response: Result<Response, Problem>,
    audit: &AuditedCall,
    tool: Option<&str>,
    deadline: Deadline,
) -> Result<Response, Problem> {
    let (outcome, reason) = match &response {
        Ok(_) => (AuditOutcome::Ok, None),
        Err(problem) if problem.is_refusal() => (AuditOutcome::Refused, Some(problem.name())),
        Err(problem) => (AuditOutcome::Failed, Some(problem.name())),
    };
    let recorded = audit.record(tool, outcome, reason, deadline).await;
    recorded.map_err(Problem::Unrecorded)?;
    response
}

impl<S: ServerHandler> ToolsApi<S> {
    /// `None` for a deployment without plain REST.
    pub(crate) fn new(
        server: &Guarded<S>,
        settings: &McpSettings,
        contract: &Contract,
        challenges: &ChallengeContext,
        telemetry: &Arc<Telemetry>,
    ) -> Option<Self> {
        let url = settings.tools_url.clone()?;
        Some(Self {
            server: server.clone(),
            documents: Documents::new(&contract.server, &url, settings),
            tools: contract.tools.clone(),
            url,
            keys: settings.tools_keys.clone(),
            takes_access_tokens: settings.tools_access_tokens,
            hierarchy: ScopeHierarchy::new(&contract.scopes),
            challenges: challenges.clone(),
            telemetry: Arc::clone(telemetry),
        })
    }

    /// The path of a request that no API has matched, if it is below the base URL.
    pub(crate) fn path_below(&self, path: &str) -> Option<Path> {
        let base = self.url.path().trim_end_matches('/');
        Path::of_path(path.strip_prefix(base)?)
    }

    /// Whether callers may use access tokens.
    pub(crate) fn takes_access_tokens(&self) -> bool {
        self.takes_access_tokens
    }

    /// The caller whose API key the gateway has checked.
    pub(crate) fn caller_of_key(&self, id: &str) -> Result<Caller, Problem> {
        let keys = self.keys.as_ref();
        let key = keys
            .and_then(|keys| keys.find(id))
            .ok_or(Problem::KeyUnknown)?;
        let name = format!("key-{}", key.name);
        Ok(verified_caller(
            name.clone(),
            name,
            key.scopes.iter().cloned().collect(),
            BTreeSet::new(),
            CallerKind::Machine,
        ))
    }

    /// Responds to one request and logs it. Without a caller the gateway has let anyone through.
    pub(crate) async fn respond(
        &self,
        request: Request<Bytes>,
        path: Path,
        caller: Result<Option<Caller>, Problem>,
        deadline: Deadline,
        invocation: Option<&InvocationIds>,
        permit: &WorkPermit,
    ) -> Response {
        let mut record = self.telemetry.begin(invocation);
        record.rest(request.headers(), path.mcp_method(request.method()));
        let caller = caller.map(|caller| {
            let caller = caller.map(|caller| caller.with_included(&self.hierarchy));
            caller.map(Arc::new)
        });
        let is_call = path.is_call(request.method());
        let response = match caller {
            Ok(caller) => {
                let audit = match &caller {
                    Some(caller) if is_call => {
                        self.server
                            .audit
                            .call(AuditApi::Rest, caller, record.invocation())
                    }
                    Some(_) | None => AuditedCall::default(),
                };
                let handling = Handling {
                    caller,
                    deadline,
                    permit: permit.clone(),
                    audit: audit.clone(),
                };
                let outcome = record.outcome();
                let answer = self.answer(request, path, handling, &mut record);
                let response = self.in_time(outcome.active(answer.boxed()), deadline).await;
                recorded(response, &audit, record.called_tool(), deadline).await
            }
            Err(problem) => Err(problem),
        };
        let response = response.unwrap_or_else(|problem| {
            if problem.is_refusal() {
                record.refuse_as(problem.name());
            } else if !matches!(problem, Problem::ToolFailed(_)) {
                // The guard has recorded the failure of a tool.
                record.outcome().failed();
            }
            problem.respond(&self.challenges, self.takes_access_tokens)
        });
        record.status(response.status());
        record.finish();
        response
    }

    /// The response, or a problem when it panics or comes too late.
    async fn in_time(
        &self,
        response: impl Future<Output = Result<Response, Problem>>,
        deadline: Deadline,
    ) -> Result<Response, Problem> {
        let response = AssertUnwindSafe(response).catch_unwind();
        let shutdown = self.server.shutdown.clone();
        tokio::select! {
            biased;
            response = response => response.unwrap_or(Err(Problem::Failed)),
            () = shutdown.late(deadline.for_response()) => Err(Problem::TooLate),
        }
    }

    /// Refuses a request before any other check, and logs it.
    pub(crate) fn refuse(&self, problem: Problem) -> Response {
        let mut record = self.telemetry.begin(None);
        record.refuse_as(problem.name());
        let response = problem.respond(&self.challenges, self.takes_access_tokens);
        record.status(response.status());
        record.finish();
        response
    }

    async fn answer(
        &self,
        request: Request<Bytes>,
        path: Path,
        handling: Handling,
        record: &mut Record,
    ) -> Result<Response, Problem> {
        let Handling {
            caller, deadline, ..
        } = &handling;
        if let Some(caller) = caller {
            self.server
                .state
                .limits
                .request(caller, *deadline)
                .await
                .map_err(Refusal::from)?;
        }
        if !path.methods().contains(&request.method().as_str()) {
            return Err(Problem::MethodNotAllowed {
                allowed: path.methods(),
            });
        }
        limits::check(request.headers(), request.body())?;
        match path {
            Path::OpenApi | Path::Documentation => {
                // The gateway has decided who may read the documents. A caller sees its own tools.
                let tools = self.visible_to(caller.as_deref());
                record.admit();
                return Ok(self.documents.respond(&path, &tools));
            }
            Path::Functions | Path::Function(_) | Path::Call => {}
        }
        let caller = caller.clone().ok_or(Problem::CredentialMissing)?;
        match path {
            Path::Function(name) if request.method() == Method::GET => {
                let tool = self.permitted(&name, &caller)?;
                record.admit();
                Ok(json_response(StatusCode::OK, &described(tool)))
            }
            Path::Function(name) => {
                let call = FunctionCall::of_arguments(name, request.headers(), request.body())?;
                self.call(request, call, caller, &handling, record).await
            }
            Path::Call => {
                let call = FunctionCall::read(request.headers(), request.body())?;
                self.call(request, call, caller, &handling, record).await
            }
            Path::Functions | Path::OpenApi | Path::Documentation => {
                let functions: Vec<Value> = self
                    .visible_to(Some(&caller))
                    .into_iter()
                    .map(described)
                    .collect();
                record.admit();
                let list = json!({ "functions": functions });
                Ok(json_response(StatusCode::OK, &list))
            }
        }
    }

    /// The tools that a caller may call; all of them without a caller.
    fn visible_to(&self, caller: Option<&Caller>) -> Vec<&Tool> {
        let policy = &self.server.policy;
        let is_visible = |tool: &&Tool| {
            caller.is_none_or(|caller| policy.judge(&tool.name, caller) == Verdict::Allowed)
        };
        self.tools.iter().filter(is_visible).collect()
    }

    /// The tool of this name, if the caller may call it.
    fn permitted(&self, name: &str, caller: &Caller) -> Result<&Tool, Problem> {
        let unknown = || Problem::FunctionUnknown(name.to_owned());
        match self.server.policy.judge(name, caller) {
            Verdict::Allowed => {}
            Verdict::NeedsScopes(scopes) => {
                let tool = name.to_owned();
                return Err(Problem::ScopeMissing { tool, scopes });
            }
            Verdict::UnknownTool => return Err(unknown()),
        }
        let mut tools = self.tools.iter();
        tools.find(|tool| tool.name == name).ok_or_else(unknown)
    }
}

/// A tool as `GET /functions` shows it.
fn described(tool: &Tool) -> Value {
    let mut function = Map::new();
    let mut add = |member: &str, value: Option<Value>| {
        if let Some(value) = value {
            function.insert(member.to_owned(), value);
        }
    };
    add("name", Some(json!(tool.name)));
    add("title", tool.title.as_ref().map(|title| json!(title)));
    let description = tool.description.as_ref();
    add("description", description.map(|text| json!(text)));
    add("inputSchema", Some(tool.input_schema.clone()));
    add("outputSchema", tool.output_schema.clone());
    add("annotations", tool.annotations.clone());
    let reason = tool.needs_mcp_client.as_ref();
    add("needsMcpClient", reason.map(|reason| json!(reason)));
    Value::Object(function)
}
