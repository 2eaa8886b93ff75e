//! What people read about models, tokens and costs.

use mcp_lambda_agent::converse::Usage;
use mcp_lambda_agent::model::ModelError;
use mcp_lambda_agent::prices::Prices;

/// Why the model does not reply, and what to do.
pub(crate) fn model_words(error: &ModelError) -> String {
    match error {
        ModelError::Throttled(_) => {
            "The model is throttled: this account used it too often in the last minute. Wait a moment, then continue.".into()
        }
        ModelError::Unavailable(cause) => {
            format!("The model is not available right now ({cause}). Wait a moment, then continue.")
        }
        ModelError::Cut(_) => {
            "The reply was cut in the middle, several times. Nothing of it was used. Continue to ask again.".into()
        }
        ModelError::AccessDenied(_) => "This service may not use the model. The people who run it have to request access to \
             the model in the Bedrock console, and to allow bedrock:InvokeModelWithResponseStream for it. Another model may work."
            .into(),
        ModelError::Credentials(_) => {
            "The AWS credentials of this service cannot be used. Show this to the people who run it.".into()
        }
        ModelError::NotFound(_) => "There is no such model in this Region. Choose another one.".into(),
        ModelError::TooLong(_) => {
            "The conversation is longer than the model can read. Start a new one, or choose another model.".into()
        }
        ModelError::Refused(cause) => format!("The model refuses the request: {cause}"),
    }
}

/// What a conversation used, and an estimate of its cost.
pub(crate) fn usage_words(usage: Usage, model: &str, prices: &Prices) -> String {
    let tokens = usage.input_tokens
        + usage.output_tokens
        + usage.cache_read_input_tokens
        + usage.cache_write_input_tokens;
    if tokens == 0 {
        return String::new();
    }
    match prices.estimate(model, usage) {
        Some(estimate) => format!("{tokens} tokens, about ${:.4}", estimate.dollars),
        None => format!("{tokens} tokens"),
    }
}

/// `words` with a capital and a full stop.
pub(super) fn sentence(words: &str) -> String {
    let mut characters = words.chars();
    let first: String = characters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    let stop = if words.ends_with(['.', '!', '?']) {
        ""
    } else {
        "."
    };
    format!("{first}{}{stop}", characters.as_str())
}
