//! Stores the message of a call, so that a worker can repeat it.

use rmcp::ErrorData;
use rmcp::RoleServer;
use rmcp::model::{CallToolRequestParams, ClientJsonRpcMessage, RequestId, RequestMetaObject};
use rmcp::service::RequestContext;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::state::tasks::record::{Input, failure};

/// The message of a call, as it is stored for the worker, without its HTTP headers.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Call {
    id: RequestId,
    meta: RequestMetaObject,
    parameters: CallToolRequestParams,
}

impl Call {
    pub(crate) fn new(
        parameters: &CallToolRequestParams,
        context: &RequestContext<RoleServer>,
    ) -> Self {
        Self {
            id: context.id.clone(),
            meta: context.meta.clone(),
            parameters: parameters.clone(),
        }
    }

    pub(super) fn tool(&self) -> &str {
        &self.parameters.name
    }

    /// The message as a client would send it again after a round of input requests.
    ///
    /// It always requests progress, which becomes the task's status message.
    pub(super) fn message(
        mut self,
        input: Option<Input>,
    ) -> Result<ClientJsonRpcMessage, ErrorData> {
        if let Some(Input { answers, state }) = input {
            self.parameters.input_responses = Some(answers);
            self.parameters.request_state = state;
        }
        self.parameters.meta = Some(self.meta);
        let mut message = json!({
            "jsonrpc": "2.0", "id": self.id, "method": "tools/call", "params": self.parameters
        });
        let token = &mut message["params"]["_meta"]["progressToken"];
        if token.is_null() {
            *token = json!(self.id);
        }
        serde_json::from_value(message)
            .map_err(|problem| failure(format!("the call cannot be repeated: {problem}")))
    }
}
