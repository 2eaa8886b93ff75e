//! Prompts and resources of an rmcp server, as the contract has them.

use mcp_lambda_contract::{McpResource, Prompt, PromptArgument};
use rmcp::model;

/// A prompt.
pub(crate) fn prompt(prompt: model::Prompt) -> Prompt {
    let arguments = prompt.arguments.into_iter().flatten();
    Prompt {
        name: prompt.name,
        title: prompt.title,
        description: prompt.description,
        arguments: arguments
            .map(|argument| PromptArgument {
                name: argument.name,
                description: argument.description,
                required: argument.required == Some(true),
            })
            .collect(),
    }
}

/// A resource.
pub(crate) fn resource(resource: model::Resource) -> McpResource {
    McpResource {
        uri: resource.uri,
        name: resource.name,
        title: resource.title,
        description: resource.description,
    }
}

/// A template of resources.
pub(crate) fn template(template: model::ResourceTemplate) -> McpResource {
    McpResource {
        uri: template.uri_template,
        name: template.name,
        title: template.title,
        description: template.description,
    }
}
