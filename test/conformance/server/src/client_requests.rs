#![expect(
    deprecated,
    reason = "sampling is deprecated in 2026-07-28, and part of what older clients are asked for"
)]

use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{
    CallToolResult, ClientCapabilities, ContentBlock, CreateMessageRequestParams,
    ElicitRequestParams, SamplingMessage,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServiceError, tool, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::server::Conformance;

#[derive(Deserialize, JsonSchema)]
struct Sampling {
    /// What the client's model is asked.
    prompt: String,
}

#[derive(Deserialize, JsonSchema)]
struct Elicitation {
    /// What the user is told.
    message: String,
}

/// Tools that ask the client while they run: requests from server to client, which protocols before 2026-07-28 have.
#[tool_router(router = client_request_tools, vis = "pub(crate)")]
impl Conformance {
    #[tool(description = "Asks the client's model")]
    async fn test_sampling(
        &self,
        Parameters(sampling): Parameters<Sampling>,
        context: RequestContext<RoleServer>,
    ) -> CallToolResult {
        let request =
            CreateMessageRequestParams::new(vec![SamplingMessage::user_text(sampling.prompt)], 100);
        match context.peer.create_message(request).await {
            Ok(answer) => {
                let text = answer
                    .message
                    .content
                    .first()
                    .and_then(|content| content.as_text());
                success(format!(
                    "LLM response: {}",
                    text.map_or("(no text)", |text| text.text.as_str())
                ))
            }
            Err(error) => failure(&error),
        }
    }

    #[tool(description = "Asks the user for a name and an e-mail address")]
    async fn test_elicitation(
        &self,
        Parameters(elicitation): Parameters<Elicitation>,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResult, ErrorData> {
        let properties = json!({
            "username": { "type": "string", "description": "User's response" },
            "email": { "type": "string", "description": "User's email address" }
        });
        elicit(
            &context,
            elicitation.message,
            properties,
            json!(["username", "email"]),
        )
        .await
    }

    #[tool(description = "Asks the user with a default for every kind of value")]
    async fn test_elicitation_sep1034_defaults(
        &self,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResult, ErrorData> {
        let properties = json!({
            "name": { "type": "string", "default": "John Doe" },
            "age": { "type": "integer", "default": 30 },
            "score": { "type": "number", "default": 95.5 },
            "status": { "type": "string", "enum": ["active", "inactive", "pending"], "default": "active" },
            "verified": { "type": "boolean", "default": true }
        });
        elicit(
            &context,
            "Please review the values".to_owned(),
            properties,
            json!([]),
        )
        .await
    }

    #[tool(description = "Asks the user with every kind of choice")]
    async fn test_elicitation_sep1330_enums(
        &self,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResult, ErrorData> {
        let titled = |word: &str| {
            json!([
                { "const": "value1", "title": format!("First {word}") },
                { "const": "value2", "title": format!("Second {word}") },
                { "const": "value3", "title": format!("Third {word}") }
            ])
        };
        let options = json!(["option1", "option2", "option3"]);
        let properties = json!({
            "untitledSingle": { "type": "string", "enum": options },
            "titledSingle": { "type": "string", "oneOf": titled("Option") },
            "legacyEnum": {
                "type": "string",
                "enum": ["opt1", "opt2", "opt3"],
                "enumNames": ["Option One", "Option Two", "Option Three"]
            },
            "untitledMulti": { "type": "array", "items": { "type": "string", "enum": options } },
            "titledMulti": { "type": "array", "items": { "anyOf": titled("Choice") } }
        });
        elicit(&context, "Please choose".to_owned(), properties, json!([])).await
    }

    #[tool(description = "Needs a client that can sample")]
    fn test_missing_capability(
        &self,
        context: RequestContext<RoleServer>,
    ) -> Result<String, ErrorData> {
        match context.client_capabilities() {
            Some(capabilities) if capabilities.sampling.is_some() => {
                Ok("The client can sample".to_owned())
            }
            _ => {
                let needed = ClientCapabilities::builder().enable_sampling().build();
                Err(ErrorData::missing_required_client_capability(needed))
            }
        }
    }
}

async fn elicit(
    context: &RequestContext<RoleServer>,
    message: String,
    properties: Value,
    required: Value,
) -> Result<CallToolResult, ErrorData> {
    let schema = json!({ "type": "object", "properties": properties, "required": required });
    let request = ElicitRequestParams::FormElicitationParams {
        meta: None,
        message,
        requested_schema: serde_json::from_value(schema).map_err(|error| {
            ErrorData::internal_error(format!("elicitation schema: {error}"), None)
        })?,
    };
    Ok(match context.peer.create_elicitation(request).await {
        Ok(answer) => {
            let content = answer.content.unwrap_or_default();
            success(
                format!(
                    "Elicitation completed: action={:?}, content={content}",
                    answer.action
                )
                .to_lowercase(),
            )
        }
        Err(error) => failure(&error),
    })
}

fn success(text: String) -> CallToolResult {
    CallToolResult::success(vec![ContentBlock::text(text)])
}

fn failure(error: &ServiceError) -> CallToolResult {
    CallToolResult::error(vec![ContentBlock::text(format!(
        "the client was asked, and did not answer: {error}"
    ))])
}
