//! Replaces `state` without the feature of that name: the same interface for a server that keeps nothing. Callers need no
//! `cfg`, and the compiler removes all of it.

/// Refusals that concern state, of which there are none.
pub(crate) mod refusal {
    use std::fmt;

    use http::StatusCode;
    use rmcp::model::ErrorCode;

    #[derive(Clone, Debug, PartialEq, Eq)]
    pub(crate) enum StateRefusal {}

    impl fmt::Display for StateRefusal {
        fn fmt(&self, _formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            match *self {}
        }
    }

    impl StateRefusal {
        pub(crate) fn name(&self) -> &'static str {
            match *self {}
        }

        pub(crate) fn is_throttling(&self) -> bool {
            match *self {}
        }

        pub(crate) fn retry_after(&self) -> Option<u64> {
            match *self {}
        }

        pub(crate) fn allowed(&self) -> Option<&'static str> {
            match *self {}
        }

        pub(crate) fn wire(&self) -> (StatusCode, ErrorCode) {
            match *self {}
        }
    }
}

/// What a tool keeps: nothing.
pub(crate) mod requirements {
    use mcp_lambda_contract::AwsActions;
    use rmcp::model::Tool;
    use serde::{Deserialize, Serialize};

    #[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
    pub(crate) struct StateUse;

    impl StateUse {
        pub(crate) fn is_nothing(&self) -> bool {
            true
        }

        pub(crate) fn only_as_task(&self) -> bool {
            false
        }

        pub(crate) fn aws_actions(&self) -> Option<AwsActions> {
            None
        }

        pub(crate) fn describe(&self, _tool: &mut Tool) {}
    }
}

/// What a server declares: nothing.
pub(crate) mod declaration {
    use mcp_lambda_contract::{Contract, ContractProblem, Reader};

    #[derive(Clone, Copy, Default)]
    pub(crate) struct StateDeclaration {}

    impl StateDeclaration {
        pub(crate) fn requirements(&self, _tools: &[rmcp::model::Tool]) -> Self {
            *self
        }

        pub(crate) fn add_to(&self, _contract: &mut Contract) {}

        pub(crate) fn problems(&self, _tools: &[rmcp::model::Tool]) -> Vec<ContractProblem> {
            Vec::new()
        }

        pub(crate) fn read_settings(&self, _reader: &mut Reader<'_>) -> Option<()> {
            Some(())
        }
    }
}

/// The running state of a server that keeps nothing.
pub(crate) mod server_state {
    use mcp_lambda_contract::{McpSettings, ServerInfo};
    use tokio::sync::mpsc::UnboundedReceiver;

    use super::call_state::CallState;
    use super::caller_limits::CallerLimits;
    use super::declaration::StateDeclaration;
    use crate::runtime::log::Log;
    use crate::runtime::process::Process;
    use crate::runtime::start_error::StartError;

    #[derive(Default)]
    pub(crate) struct ServerState {
        pub(crate) limits: CallerLimits,
    }

    impl ServerState {
        pub(crate) fn new(
            _declaration: StateDeclaration,
            _settings: (),
            _mcp: &McpSettings,
            _process: &Process,
        ) -> Result<Self, StartError> {
            Ok(Self::default())
        }

        pub(crate) fn take_work(&mut self) -> Option<UnboundedReceiver<String>> {
            None
        }

        pub(crate) fn for_calls(&self, _server: &ServerInfo, _log: &Log) -> CallState {
            CallState::default()
        }
    }
}

/// Callers without limits: nothing is counted.
pub(crate) mod caller_limits {
    use super::refusal::StateRefusal;
    use crate::runtime::deadline::Deadline;
    use crate::token::caller::Caller;

    #[derive(Clone, Default)]
    pub(crate) struct CallerLimits {}

    impl CallerLimits {
        pub(crate) async fn request(
            &self,
            _caller: &Caller,
            _deadline: Deadline,
        ) -> Result<(), StateRefusal> {
            Ok(())
        }

        pub(crate) async fn tool_call(
            &self,
            _tool: &str,
            _caller: &Caller,
            _deadline: Deadline,
        ) -> Result<(), StateRefusal> {
            Ok(())
        }
    }
}

/// Tool calls that keep nothing. Without the library's tasks the author's server may have its own.
pub(crate) mod call_state {
    use rmcp::model::{
        CallToolRequestParams, CallToolResponse, CancelTaskParams, GetTaskParams, GetTaskResult,
        ServerCapabilities, UpdateTaskParams,
    };
    use rmcp::service::RequestContext;
    use rmcp::{ErrorData, RoleServer, ServerHandler};

    use super::caller_limits::CallerLimits;
    use crate::guard::Guarded;

    #[derive(Clone, Default)]
    pub(crate) struct CallState {
        pub(crate) limits: CallerLimits,
    }

    impl CallState {
        pub(crate) fn advertise(&self, _capabilities: &mut ServerCapabilities) {}

        pub(crate) async fn call<S: ServerHandler>(
            &self,
            server: &S,
            request: CallToolRequestParams,
            context: RequestContext<RoleServer>,
        ) -> Result<CallToolResponse, ErrorData> {
            server.call_tool(request, context).await
        }
    }

    impl<S: ServerHandler> Guarded<S> {
        pub(crate) async fn dispatch(
            &self,
            request: CallToolRequestParams,
            context: RequestContext<RoleServer>,
        ) -> Result<CallToolResponse, ErrorData> {
            self.run_in_request(request, context).await
        }

        pub(crate) async fn look_up_task(
            &self,
            request: GetTaskParams,
            context: RequestContext<RoleServer>,
        ) -> Result<GetTaskResult, ErrorData> {
            self.server.get_task(request, context).await
        }

        pub(crate) async fn answer_task(
            &self,
            request: UpdateTaskParams,
            context: RequestContext<RoleServer>,
        ) -> Result<(), ErrorData> {
            self.server.update_task(request, context).await
        }

        pub(crate) async fn end_task(
            &self,
            request: CancelTaskParams,
            context: RequestContext<RoleServer>,
        ) -> Result<(), ErrorData> {
            self.server.cancel_task(request, context).await
        }
    }
}

/// Requests without a session.
pub(crate) mod request_state {
    #[derive(Clone, Default)]
    pub(crate) struct RequestState {}

    impl RequestState {
        pub(crate) fn needs_handle(&self) -> bool {
            true
        }

        pub(crate) fn is_work(&self) -> bool {
            false
        }
    }
}

/// Responses after which nothing continues.
pub(crate) mod tail {
    use crate::runtime::deadline::Deadline;

    pub(crate) enum Tail {}

    impl Tail {
        pub(crate) async fn finish(self, _deadline: Deadline) {
            match self {}
        }
    }
}

/// An endpoint without MCP sessions and work items.
pub(crate) mod endpoint_state {
    use std::convert::Infallible;
    use std::marker::PhantomData;

    use bytes::Bytes;
    use http::{HeaderMap, Request};
    use http_body_util::Full;
    use mcp_lambda_contract::McpSettings;
    use rmcp::ServerHandler;
    use rmcp::transport::StreamableHttpServerConfig;

    use super::server_state::ServerState;
    use crate::endpoint::message::Message;
    use crate::endpoint::refusal::{POST_ONLY, Refusal};
    use crate::endpoint::reply::Reply;
    use crate::guard::{Guarded, RmcpService};
    use crate::request_facts::RequestFacts;
    use crate::runtime::deadline::Deadline;
    use crate::telemetry::Record;

    pub(crate) enum WorkItem {}

    impl WorkItem {
        pub(crate) fn sent_by(&self) -> Option<&str> {
            match *self {}
        }
    }

    pub(crate) type WorkError = Infallible;

    pub(crate) struct EndpointState<S>(PhantomData<fn() -> S>);

    impl<S: ServerHandler> EndpointState<S> {
        pub(crate) fn new(
            _server: &Guarded<S>,
            _config: &StreamableHttpServerConfig,
            _settings: &McpSettings,
            _state: ServerState,
        ) -> Self {
            Self(PhantomData)
        }

        pub(crate) fn methods(&self) -> &'static str {
            POST_ONLY
        }

        pub(crate) fn asks_clients(&self) -> bool {
            false
        }

        pub(crate) fn has_session(&self, _headers: &HeaderMap, _message: &Message) -> bool {
            false
        }

        pub(crate) async fn respond(
            &self,
            request: Request<Bytes>,
            _message: &Message,
            facts: RequestFacts,
            _has_session: bool,
            rmcp: &RmcpService<S>,
        ) -> Result<Reply, Refusal> {
            let mut request = request.map(Full::new);
            facts.attach(request.extensions_mut());
            Ok(rmcp.handle(request).await.into())
        }

        pub(crate) async fn respond_without_message(
            &self,
            _request: Request<Bytes>,
            _facts: &RequestFacts,
        ) -> Result<Reply, Refusal> {
            Err(Refusal::MethodNotAllowed { allowed: POST_ONLY })
        }

        pub(crate) fn open(&self, _sealed: &str) -> Option<WorkItem> {
            None
        }

        pub(crate) async fn work(
            &self,
            item: WorkItem,
            _deadline: Deadline,
            _record: &mut Record,
        ) -> Result<(), WorkError> {
            match item {}
        }
    }
}
