use rmcp::ErrorData;
use rmcp::model::{
    CompleteRequestParams, CompleteResult, CompletionInfo, ContentBlock, GetPromptRequestParams,
    GetPromptResponse, GetPromptResult, InputRequiredResult, JsonObject, Prompt, PromptArgument,
    PromptMessage, ResourceContents, Role,
};
use serde_json::{Value, json};

use crate::content::PNG;
use crate::input_required::{answer, ask_form, content_text};
use crate::resources::TEMPLATE;

pub(crate) fn list() -> Vec<Prompt> {
    vec![
        Prompt::new(
            "test_simple_prompt",
            Some("A prompt without arguments"),
            None,
        ),
        Prompt::new(
            "test_prompt_with_arguments",
            Some("A prompt with two arguments"),
            Some(vec![
                PromptArgument::new("arg1")
                    .with_description("The first argument")
                    .with_required(true),
                PromptArgument::new("arg2")
                    .with_description("The second argument")
                    .with_required(true),
            ]),
        ),
        Prompt::new(
            "test_prompt_with_embedded_resource",
            Some("A prompt that embeds the MCP resource it is given"),
            Some(vec![
                PromptArgument::new("resourceUri")
                    .with_description("URI of the MCP resource")
                    .with_required(true),
            ]),
        ),
        Prompt::new(
            "test_prompt_with_image",
            Some("A prompt with an image"),
            None,
        ),
        Prompt::new(
            "test_input_required_result_prompt",
            Some("A prompt that first asks the user for context"),
            None,
        ),
    ]
}

pub(crate) fn get(request: GetPromptRequestParams) -> Result<GetPromptResponse, ErrorData> {
    let arguments = request.arguments.unwrap_or_default();
    let messages = match request.name.as_str() {
        "test_simple_prompt" => vec![text("This is a simple prompt for testing.")],
        "test_prompt_with_arguments" => {
            let (first, second) = (argument(&arguments, "arg1")?, argument(&arguments, "arg2")?);
            vec![text(format!(
                "Prompt with arguments: arg1='{first}', arg2='{second}'"
            ))]
        }
        "test_prompt_with_embedded_resource" => {
            let resource = ResourceContents::text(
                "Embedded resource content for testing.",
                argument(&arguments, "resourceUri")?,
            )
            .with_mime_type("text/plain");
            vec![
                PromptMessage::new(Role::User, ContentBlock::resource(resource)),
                text("Please process the embedded resource above."),
            ]
        }
        "test_prompt_with_image" => vec![
            PromptMessage::new(Role::User, ContentBlock::image(PNG, "image/png")),
            text("Please analyze the image above."),
        ],
        "test_input_required_result_prompt" => {
            let Some(context) = answer(request.input_responses.as_ref(), "user_context") else {
                let question = ask_form(
                    "What context should the prompt use?",
                    json!({ "context": { "type": "string" } }),
                    json!(["context"]),
                )?;
                let asked = [("user_context".to_owned(), question)].into();
                return Ok(InputRequiredResult::from_input_requests(asked).into());
            };
            vec![text(format!(
                "Use this context: {}",
                content_text(context, "context")
            ))]
        }
        name => {
            return Err(ErrorData::invalid_params(
                format!("no prompt is called {name:?}"),
                None,
            ));
        }
    };
    Ok(GetPromptResult::new(messages).into())
}

/// Values for the arguments of the prompt with arguments, and ids for the template, that begin with what was typed.
pub(crate) fn complete(request: &CompleteRequestParams) -> Result<CompleteResult, ErrorData> {
    let known: &[&str] = if request.r#ref.as_prompt_name() == Some("test_prompt_with_arguments") {
        &["paris", "park", "party", "testValue1", "testValue2"]
    } else if request.r#ref.as_resource_uri() == Some(TEMPLATE) {
        &["1", "2", "3"]
    } else {
        &[]
    };
    let values = known
        .iter()
        .filter(|value| value.starts_with(&request.argument.value));
    let completion =
        CompletionInfo::with_all_values(values.map(|value| (*value).to_owned()).collect())
            .map_err(|error| ErrorData::internal_error(error, None))?;
    Ok(CompleteResult::new(completion))
}

fn text(text: impl Into<String>) -> PromptMessage {
    PromptMessage::new_text(Role::User, text)
}

fn argument<'a>(arguments: &'a JsonObject, name: &str) -> Result<&'a str, ErrorData> {
    arguments.get(name).and_then(Value::as_str).ok_or_else(|| {
        ErrorData::invalid_params(format!("argument {name} must be given as text"), None)
    })
}
