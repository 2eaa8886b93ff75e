//! The MCP URL of a deployed stack, from its CloudFormation outputs.

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::error::{DisplayErrorContext, ProvideErrorMetadata};
use url::Url;

use crate::aws;

/// End of the output that has the MCP URL; a stack with several servers has a prefix for each.
const OUTPUT: &str = "McpServerUrl";

/// Why a stack's MCP URL is not known.
#[derive(Debug, thiserror::Error)]
pub enum StackUrlError {
    /// CloudFormation refused, or was not reached.
    #[error(
        "the outputs of stack {stack} cannot be read: {cause}; check the name, the Region and the AWS credentials"
    )]
    Outputs {
        /// The stack.
        stack: String,
        /// CloudFormation's message.
        cause: String,
    },
    /// No such output.
    #[error(
        "stack {stack} has no output {OUTPUT}; call `server.addOutputs()` in it, or give the URL"
    )]
    NoServer {
        /// The stack.
        stack: String,
    },
    /// Several servers.
    #[error("stack {stack} has several MCP servers; give the URL of one: {urls}")]
    Several {
        /// The stack.
        stack: String,
        /// Their URLs.
        urls: String,
    },
}

/// Asks CloudFormation for the MCP URL of `stack`.
///
/// # Errors
///
/// See [`StackUrlError`].
pub async fn url_of_stack(stack: &str, region: Option<String>) -> Result<Url, StackUrlError> {
    let client = Client::new(&aws::config(region).await);
    let described = client.describe_stacks().stack_name(stack).send().await;
    let described = described.map_err(|error| StackUrlError::Outputs {
        stack: stack.to_owned(),
        cause: error
            .message()
            .map_or_else(|| DisplayErrorContext(&error).to_string(), str::to_owned),
    })?;
    let outputs: Vec<(String, String)> = described
        .stacks()
        .iter()
        .flat_map(|stack| stack.outputs())
        .filter_map(|output| {
            Some((
                output.output_key()?.to_owned(),
                output.output_value()?.to_owned(),
            ))
        })
        .collect();
    url_among(stack, &outputs)
}

/// The one MCP URL among outputs.
fn url_among(stack: &str, outputs: &[(String, String)]) -> Result<Url, StackUrlError> {
    let urls: Vec<Url> = outputs
        .iter()
        .filter(|(key, _)| key.ends_with(OUTPUT))
        .filter_map(|(_, value)| Url::parse(value).ok())
        .collect();
    match urls.as_slice() {
        [url] => Ok(url.clone()),
        [] => Err(StackUrlError::NoServer {
            stack: stack.to_owned(),
        }),
        several => Err(StackUrlError::Several {
            stack: stack.to_owned(),
            urls: several
                .iter()
                .map(Url::as_str)
                .collect::<Vec<_>>()
                .join(", "),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::url_among;

    fn outputs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn takes_the_only_server_and_names_the_others() {
        let one = outputs(&[
            ("UserPoolId", "eu-west-1_a"),
            ("McpServerUrl", "https://a.example/mcp"),
        ]);
        assert_eq!(
            url_among("Dogs", &one).unwrap().as_str(),
            "https://a.example/mcp"
        );
        let two = outputs(&[
            ("DogsMcpServerUrl", "https://a.example/dogs/mcp"),
            ("CatsMcpServerUrl", "https://a.example/cats/mcp"),
        ]);
        let error = url_among("Two", &two).unwrap_err().to_string();
        assert!(
            error.contains("https://a.example/dogs/mcp, https://a.example/cats/mcp"),
            "{error}"
        );
        let error = url_among("None", &outputs(&[])).unwrap_err().to_string();
        assert!(
            error.contains("stack None has no output McpServerUrl"),
            "{error}"
        );
    }
}
