//! The Lambda authorizer of an MCP endpoint on API Gateway: the function behind its REQUEST authorizer.

mod answer;
mod identity;
mod request;
mod settings;
mod usage;

use std::process::ExitCode;
use std::time::SystemTime;

use bytes::Bytes;
use mcp_lambda_contract::{McpSettings, Reader, Scope, ScopeHierarchy, Settings};
use mcp_lambda_runtime::process::Process;
use mcp_lambda_runtime::program;
use mcp_lambda_runtime::runtime_api::{Invocation, RuntimeApi};
use mcp_lambda_runtime::start_error::StartError;
use mcp_lambda_token::policy::{Policy, Verdict};
use mcp_lambda_token::verifier::Claims;

use crate::answer::{allow, deny};
use crate::identity::{Identities, Refusal};
use crate::request::AuthorizerRequest;
use crate::settings::AuthorizerSettings;
use crate::usage::UsageKeys;

/// Runs the Lambda authorizer until the process ends: the REQUEST authorizer of an MCP endpoint on API Gateway.
///
/// It verifies the access token as `AUTHORIZER_TOKENS` says and passes the caller's claims to the server's function in the
/// form of a Cognito authorizer. With `AUTHORIZER_TOOLS` it refuses a call of a tool whose OAuth scopes the access token
/// lacks: API Gateway then responds with 403 and a challenge that reaches the MCP client, unlike the challenge of a
/// function.
///
/// With `AUTHORIZER_USAGE_KEY` it names the API key of a usage plan that the request counts against, by the `client_id` of
/// the access token. API Gateway then applies the plan's throttle and quota, and responds with 429 above them.
///
/// It reads the tool from `Mcp-Method` and `Mcp-Name` (MCP 2026-07-28) and allows a request without them, as it does
/// one whose headers contradict the body: the function checks the message itself. It does not check revocation with the
/// issuer.
///
/// Every problem that prevents its start is logged and reported to Lambda, and ends the process with status 1.
pub fn run(process: Process) -> ExitCode {
    program::run(&process.log, serve(&process))
}

async fn serve(process: &Process) -> Result<(), StartError> {
    if let Some(argument) = process.arguments.first() {
        return Err(StartError::Server(format!(
            "unknown argument {argument:?}: the Lambda authorizer takes none, start it without"
        )));
    }
    let address = process.runtime_api().ok_or_else(|| {
        StartError::RuntimeApi(
            "AWS_LAMBDA_RUNTIME_API is not set: the Lambda authorizer runs on Lambda".into(),
        )
    })?;
    let api = RuntimeApi::new(address)?;
    let now = process.now;
    program::serve_buffered(
        &api,
        process,
        Authorizer::new(process),
        async |authorizer, invocation| authorizer.answer(invocation, now()).await,
    )
    .await
}

struct Authorizer {
    settings: McpSettings,
    identities: Identities,
    policy: Option<Policy>,
    hierarchy: ScopeHierarchy,
    usage_keys: Option<UsageKeys>,
}

impl Authorizer {
    fn new(process: &Process) -> Result<Self, StartError> {
        let mut reader = Reader::new(&process.variables);
        let settings = McpSettings::read(&mut reader);
        let authorizer = AuthorizerSettings::read(&mut reader);
        let (settings, authorizer) = reader
            .finish(settings.zip(authorizer))
            .map_err(StartError::Settings)?;
        let identities =
            Identities::new(&authorizer, &settings, &process.log).map_err(StartError::Server)?;
        let policy = authorizer
            .tools
            .map(|tools| Policy::of_scopes(settings.resource.as_str(), tools.0));
        let including: Vec<Scope> = authorizer
            .includes
            .into_iter()
            .flat_map(|scopes| scopes.0)
            .map(|(name, includes)| Scope {
                name,
                description: String::new(),
                includes,
            })
            .collect();
        Ok(Self {
            settings,
            identities,
            policy,
            hierarchy: ScopeHierarchy::new(&including),
            usage_keys: authorizer
                .usage_key
                .map(|shared| UsageKeys::new(shared, authorizer.usage_clients)),
        })
    }

    /// The policy, or the message of an error.
    async fn answer(
        &self,
        invocation: &Invocation,
        now: SystemTime,
    ) -> Result<Bytes, &'static str> {
        let request = AuthorizerRequest::read(&invocation.event)
            .ok_or("the event is not that of a REQUEST authorizer")?;
        let policy = match self.decide(&request, now).await {
            Ok(claims) => {
                let usage_key = self.usage_keys.as_ref().map(|keys| keys.of(&claims));
                allow(&request.method_arn, &claims, usage_key.as_deref())
            }
            Err(Refusal::WithoutScope) => deny(&request.method_arn),
            // API Gateway responds with 401 to exactly this string, and with 500 to every other.
            Err(Refusal::Unauthorized) => return Err("Unauthorized"),
            Err(Refusal::KeysUnavailable) => return Err("the issuer's keys cannot be read"),
        };
        Ok(policy.to_string().into())
    }

    /// The claims of a caller who may make the request.
    async fn decide(
        &self,
        request: &AuthorizerRequest,
        now: SystemTime,
    ) -> Result<Claims, Refusal> {
        let token = request.bearer_token().ok_or(Refusal::Unauthorized)?;
        let identified = self.identities.identify(token, &self.settings, now);
        let (caller, claims) = identified.await?;
        let caller = caller.with_included(&self.hierarchy);
        let verdict = self
            .policy
            .as_ref()
            .zip(request.tool())
            .map(|(policy, tool)| policy.judge(&tool, &caller));
        match verdict {
            Some(Verdict::NeedsScopes(_)) => Err(Refusal::WithoutScope),
            // The function responds to a call of an unknown tool with a JSON-RPC error.
            Some(Verdict::Allowed | Verdict::UnknownTool) | None => Ok(claims),
        }
    }
}
