//! A deployed stack and one MCP server in it, from the outputs of CloudFormation.

use std::collections::BTreeMap;

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::error::{DisplayErrorContext, ProvideErrorMetadata};
use mcp_lambda_contract::AUDIT_LOG_ID;
use url::Url;

/// The end of the output with an MCP URL.
const MCP_URL: &str = "McpServerUrl";

/// CloudFormation's type of a log group.
const LOG_GROUP: &str = "AWS::Logs::LogGroup";

/// What the outputs say about one server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackFacts {
    /// The stack's name.
    pub name: String,
    /// Its id, an ARN with the Region and the account.
    pub id: String,
    /// The MCP URL of the server.
    pub url: Url,
    /// The outputs of this server, by their names without the prefix of `addOutputs`.
    pub outputs: BTreeMap<String, String>,
    /// The MCP URLs of all servers of the stack.
    pub servers: Vec<Url>,
    /// The log groups of the stack, without audit trails: the logical id and the name of each.
    pub log_groups: BTreeMap<String, String>,
}

/// Why a stack cannot be played with.
#[derive(Debug, thiserror::Error)]
pub enum StackFactsError {
    /// CloudFormation refused, or was not reached.
    #[error(
        "stack {stack} cannot be read: {cause}; check the name, the Region and the AWS credentials"
    )]
    Unreadable {
        /// The stack.
        stack: String,
        /// CloudFormation's message.
        cause: String,
    },
    /// No MCP URL.
    #[error("stack {stack} has no output {MCP_URL}: call `server.addOutputs()` in it")]
    NoServer {
        /// The stack.
        stack: String,
    },
    /// Several servers, and none was named.
    #[error("stack {stack} has several MCP servers: name one with --server: {prefixes}")]
    Several {
        /// The stack.
        stack: String,
        /// The prefixes of their outputs.
        prefixes: String,
    },
    /// No server of this name.
    #[error("stack {stack} has no MCP server {server:?}: it has {prefixes}")]
    Unknown {
        /// The stack.
        stack: String,
        /// What was asked for.
        server: String,
        /// The prefixes of its servers' outputs.
        prefixes: String,
    },
}

/// Asks CloudFormation about `stack`; `server` is the prefix of the outputs of one of several servers.
///
/// # Errors
///
/// [`StackFactsError`].
pub async fn read(
    config: &aws_config::SdkConfig,
    stack: &str,
    server: Option<&str>,
) -> Result<StackFacts, StackFactsError> {
    let client = Client::new(config);
    let described = client.describe_stacks().stack_name(stack).send().await;
    let described = described.map_err(unreadable(stack))?;
    let stacks = described.stacks().iter();
    let outputs = stacks
        .flat_map(|stack| stack.outputs())
        .filter_map(|output| {
            let (key, value) = (output.output_key()?, output.output_value()?);
            Some((key.to_owned(), value.to_owned()))
        });
    let mut facts = facts(stack, outputs.collect(), server)?;
    let id = described
        .stacks()
        .first()
        .and_then(|stack| stack.stack_id());
    facts.id = id.unwrap_or_default().to_owned();
    let mut pages = client
        .list_stack_resources()
        .stack_name(stack)
        .into_paginator()
        .send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(unreadable(stack))?;
        let resources = page.stack_resource_summaries().iter();
        let groups = resources.filter(|resource| resource.resource_type() == Some(LOG_GROUP));
        facts.log_groups.extend(groups.filter_map(|group| {
            let (id, name) = (group.logical_resource_id()?, group.physical_resource_id()?);
            // An audit trail holds records, and no log lines.
            (!id.contains(AUDIT_LOG_ID)).then(|| (id.to_owned(), name.to_owned()))
        }));
    }
    Ok(facts)
}

fn unreadable<E>(stack: &str) -> impl FnOnce(E) -> StackFactsError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let stack = stack.to_owned();
    move |error| StackFactsError::Unreadable {
        stack,
        cause: error
            .message()
            .map_or_else(|| DisplayErrorContext(&error).to_string(), str::to_owned),
    }
}

fn facts(
    stack: &str,
    outputs: BTreeMap<String, String>,
    server: Option<&str>,
) -> Result<StackFacts, StackFactsError> {
    let servers: BTreeMap<&str, Url> = outputs
        .iter()
        .filter_map(|(key, value)| Some((key.strip_suffix(MCP_URL)?, value.parse().ok()?)))
        .collect();
    let prefixes = || {
        let quoted: Vec<String> = servers.keys().map(|prefix| format!("{prefix:?}")).collect();
        quoted.join(", ")
    };
    let own = server.or_else(|| {
        let only = (servers.len() == 1).then(|| servers.keys().next().copied());
        // Or the one whose outputs have no prefix.
        only.flatten()
            .or_else(|| servers.contains_key("").then_some(""))
    });
    let stack_name = stack.to_owned();
    let Some(prefix) = own.filter(|_| !servers.is_empty()) else {
        return Err(if servers.is_empty() {
            StackFactsError::NoServer { stack: stack_name }
        } else {
            StackFactsError::Several {
                stack: stack_name,
                prefixes: prefixes(),
            }
        });
    };
    let Some(url) = servers.get(prefix) else {
        return Err(StackFactsError::Unknown {
            stack: stack_name,
            server: prefix.to_owned(),
            prefixes: prefixes(),
        });
    };
    let of_server = outputs.iter().filter_map(|(key, value)| {
        let name = key.strip_prefix(prefix)?;
        Some((name.to_owned(), value.clone()))
    });
    Ok(StackFacts {
        name: stack.to_owned(),
        id: String::new(),
        url: url.clone(),
        outputs: of_server.collect(),
        servers: servers.values().cloned().collect(),
        log_groups: BTreeMap::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::facts;

    fn outputs(pairs: &[(&str, &str)]) -> std::collections::BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn the_outputs_of_one_server_lose_its_prefix_and_several_have_to_be_named() {
        let two = outputs(&[
            ("DogsMcpServerUrl", "https://a.example/dogs/mcp"),
            ("DogsUserPoolId", "eu-west-1_a"),
            ("CatsMcpServerUrl", "https://a.example/cats/mcp"),
        ]);
        let dogs = facts("Two", two.clone(), Some("Dogs")).unwrap();
        assert_eq!(dogs.url.as_str(), "https://a.example/dogs/mcp");
        assert_eq!(dogs.outputs["UserPoolId"], "eu-west-1_a");
        assert_eq!(dogs.servers.len(), 2);
        for (server, message) in [
            (None, r#"name one with --server: "Cats", "Dogs""#),
            (
                Some("Cows"),
                r#"no MCP server "Cows": it has "Cats", "Dogs""#,
            ),
        ] {
            let error = facts("Two", two.clone(), server).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
        let mut three = two;
        three.insert(
            "McpServerUrl".to_owned(),
            "https://a.example/mcp".to_owned(),
        );
        let own = facts("Three", three, None).unwrap();
        assert_eq!(own.url.as_str(), "https://a.example/mcp");
        let error = facts("None", outputs(&[]), None).unwrap_err().to_string();
        assert!(
            error.contains("stack None has no output McpServerUrl"),
            "{error}"
        );
    }
}
