//! Models of Amazon Bedrock, by ConverseStream.

mod error;
mod event;
mod request;

use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::types::{GuardrailStreamConfiguration, GuardrailStreamProcessingMode};

use crate::conversation::ModelReply;
use crate::converse::Request;
use crate::model::{Assembly, Heard, Model, ModelError, soon};

/// A guardrail that reads every request and reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guardrail {
    /// The id or the ARN.
    pub id: String,
    /// A number, or `DRAFT`.
    pub version: String,
}

/// A model or an inference profile of Bedrock.
///
/// Retries are the agent's, which shows them: give the client a configuration without retries.
#[derive(Clone, Debug)]
pub struct BedrockModel {
    client: Client,
    id: String,
    guardrail: Option<Guardrail>,
}

impl BedrockModel {
    /// The model with the id, inference profile or ARN `id`.
    #[must_use]
    pub fn new(client: Client, id: impl Into<String>, guardrail: Option<Guardrail>) -> Self {
        Self {
            client,
            id: id.into(),
            guardrail,
        }
    }
}

impl Model for BedrockModel {
    fn id(&self) -> &str {
        &self.id
    }

    async fn reply(
        &self,
        request: &Request,
        heard: &mut (dyn FnMut(Heard<'_>) + Send),
    ) -> Result<ModelReply, ModelError> {
        let mut call = self
            .client
            .converse_stream()
            .model_id(&self.id)
            .set_messages(Some(request::messages(request)?))
            .set_system(request::system(request))
            .set_tool_config(request::tool_config(request)?)
            .set_inference_config(request::inference(request));
        if let Some(guardrail) = &self.guardrail {
            call = call.guardrail_config(
                GuardrailStreamConfiguration::builder()
                    .guardrail_identifier(&guardrail.id)
                    .guardrail_version(&guardrail.version)
                    // What a guardrail blocks is never shown.
                    .stream_processing_mode(GuardrailStreamProcessingMode::Sync)
                    .build(),
            );
        }
        let sent = soon(call.send()).await?;
        let mut stream = sent.map_err(|error| error::of_call(&error))?.stream;
        let mut assembly = Assembly::default();
        while let Some(sent) = soon(stream.recv())
            .await?
            .map_err(|error| error::of_stream(&error))?
        {
            for event in event::events(sent) {
                assembly.take(event, heard);
            }
        }
        assembly.finish()
    }
}
