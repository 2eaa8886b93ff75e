//! The model of a chat.

#[cfg(feature = "aws")]
use mcp_lambda_agent::bedrock::BedrockModel;
use mcp_lambda_agent::conversation::ModelReply;
use mcp_lambda_agent::converse::Request;
use mcp_lambda_agent::local::LocalModel;
use mcp_lambda_agent::model::{Heard, Model, ModelError};

/// The model of a chat.
#[derive(Debug)]
pub enum AnyModel {
    /// The offline planner, or an endpoint of the user.
    Local(LocalModel),
    /// A model of Amazon Bedrock.
    #[cfg(feature = "aws")]
    Bedrock(BedrockModel),
}

impl Model for AnyModel {
    fn id(&self) -> &str {
        match self {
            Self::Local(model) => model.id(),
            #[cfg(feature = "aws")]
            Self::Bedrock(model) => model.id(),
        }
    }

    async fn reply(
        &self,
        request: &Request,
        heard: &mut (dyn FnMut(Heard<'_>) + Send),
    ) -> Result<ModelReply, ModelError> {
        match self {
            Self::Local(model) => model.reply(request, heard).await,
            #[cfg(feature = "aws")]
            Self::Bedrock(model) => model.reply(request, heard).await,
        }
    }
}
