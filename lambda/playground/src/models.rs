//! The models of Bedrock, with what each reply costs noted.

use std::sync::{Arc, Mutex, PoisonError};

use mcp_lambda_agent::bedrock::BedrockModel;
use mcp_lambda_agent::conversation::ModelReply;
use mcp_lambda_agent::converse::{Request, Usage};
use mcp_lambda_agent::model::{Heard, Model, ModelError};
use mcp_lambda_runtime::start_error::StartError;
use tokio::time::Instant;

use crate::metrics::{Outcome, record};
use crate::playground::Playground;

/// A model of Bedrock that notes what it used.
pub(crate) struct Metered {
    model: BedrockModel,
    playground: Arc<Playground>,
    used: Mutex<Usage>,
}

impl Metered {
    /// The model with this id.
    pub(crate) fn new(playground: &Arc<Playground>, id: &str) -> Result<Self, StartError> {
        let client = playground.bedrock()?.clone();
        Ok(Self {
            model: BedrockModel::new(client, id, None),
            playground: Arc::clone(playground),
            used: Mutex::default(),
        })
    }

    /// The tokens of all replies so far.
    pub(crate) fn tokens(&self) -> u64 {
        let used = *self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.input_tokens
            + used.output_tokens
            + used.cache_read_input_tokens
            + used.cache_write_input_tokens
    }
}

impl Model for Metered {
    fn id(&self) -> &str {
        self.model.id()
    }

    async fn reply(
        &self,
        request: &Request,
        heard: &mut (dyn FnMut(Heard<'_>) + Send),
    ) -> Result<ModelReply, ModelError> {
        let began = Instant::now();
        let mut first = None;
        let mut noted = |piece: Heard<'_>| {
            first.get_or_insert_with(|| began.elapsed());
            heard(piece);
        };
        let reply = self.model.reply(request, &mut noted).await;
        if let Ok(reply) = &reply {
            let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
            used.add(reply.usage);
        }
        record(
            &self.playground,
            self.model.id(),
            &Outcome {
                reply: reply.as_ref(),
                took: began.elapsed(),
                first,
            },
        );
        reply
    }
}
