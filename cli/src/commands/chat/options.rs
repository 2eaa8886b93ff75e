//! The options of `mcp-lambda chat`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use mcp_lambda_agent::agent::{Approval, Settings};
use mcp_lambda_agent::conversation::NonBlank;
use mcp_lambda_agent::converse::Inference;
use mcp_lambda_agent::limits::Limits;
use url::Url;

use crate::commands::server_options::{SignInOptions, server_url};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// URL of an MCP server; repeat it for several [default: the servers of the stack that runs here]
    #[arg(long = "server", value_name = "URL", value_parser = server_url)]
    pub(crate) servers: Vec<Url>,

    /// Model or inference profile of Amazon Bedrock, or a model of --model-endpoint
    #[arg(
        long,
        value_name = "ID",
        env = "MCP_LAMBDA_MODEL",
        required_unless_present = "offline"
    )]
    pub(crate) model: Option<String>,

    /// Use no model: pick tools by the words of a sentence and the tools' schemas
    #[arg(long, conflicts_with = "model_endpoint")]
    pub(crate) offline: bool,

    /// Base URL of an endpoint that is compatible with OpenAI; its key is read from MCP_LAMBDA_MODEL_KEY
    #[arg(long, value_name = "URL")]
    pub(crate) model_endpoint: Option<Url>,

    /// AWS Region of the model [default: that of the environment or profile]
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,

    /// Bedrock guardrail as ID:VERSION
    #[arg(long, value_name = "ID:VERSION", value_parser = guardrail, conflicts_with_all = ["offline", "model_endpoint"])]
    pub(crate) guardrail: Option<(String, String)>,

    /// Ask this one question, print the reply and end
    #[arg(short = 'p', long, value_name = "QUESTION")]
    pub(crate) prompt: Option<String>,

    /// Run tools without asking, those that write as well
    #[arg(long)]
    pub(crate) yes: bool,

    /// Go on with the last conversation
    #[arg(long = "continue")]
    pub(crate) goes_on: bool,

    /// File of the conversation [default: mcp-lambda/chats/last.json in the state directory]
    #[arg(long, value_name = "FILE")]
    pub(crate) history: Option<PathBuf>,

    /// System prompt
    #[arg(long, value_name = "WORDS")]
    pub(crate) system: Option<String>,

    /// From 0 (most likely words) to 1 [default: the model's own]
    #[arg(long, value_name = "NUMBER", value_parser = temperature)]
    pub(crate) temperature: Option<f32>,

    /// The most tokens of one reply [default: the model's own]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_tokens: Option<u32>,

    /// The model stops at this string; repeat it for several
    #[arg(long = "stop", value_name = "STRING")]
    pub(crate) stops: Vec<String>,

    /// The most messages of the model for one question
    #[arg(long, value_name = "COUNT", default_value_t = Limits::default().model_calls)]
    pub(crate) max_model_calls: usize,

    /// The most tool calls for one question
    #[arg(long, value_name = "COUNT", default_value_t = Limits::default().tool_calls)]
    pub(crate) max_tool_calls: usize,

    /// The most seconds of a tool call
    #[arg(long, value_name = "SECONDS", default_value_t = Limits::default().tool_timeout.as_secs(), value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) tool_timeout: u64,

    /// JSON file with prices for the estimate of the cost [default: a small table in the program]
    #[arg(long, value_name = "FILE")]
    pub(crate) prices: Option<PathBuf>,

    /// Port of the local stack's MCP endpoint
    #[arg(long, default_value_t = 3030, value_parser = clap::value_parser!(u16).range(1024..))]
    pub(crate) port: u16,

    /// The project's root directory
    #[arg(long, default_value = ".", hide = true)]
    pub(crate) root: PathBuf,

    /// The directory of the state below it
    #[arg(long, env = "MCP_LAMBDA_STATE_DIRECTORY", default_value = crate::dev::paths::STATE_DIRECTORY, hide = true)]
    pub(crate) state_directory: String,

    #[command(flatten)]
    pub(crate) sign_in: SignInOptions,
}

fn guardrail(value: &str) -> Result<(String, String), &'static str> {
    match value.rsplit_once(':') {
        Some((id, version)) if !id.is_empty() && !version.is_empty() => {
            Ok((id.to_owned(), version.to_owned()))
        }
        _ => {
            Err("give the guardrail's id and version, such as gr4k2a9x1b7c:1 or gr4k2a9x1b7c:DRAFT")
        }
    }
}

fn temperature(value: &str) -> Result<f32, &'static str> {
    match value.parse() {
        Ok(number) if (0.0..=1.0).contains(&number) => Ok(number),
        _ => Err("give a number between 0 and 1"),
    }
}

impl Options {
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            system: self.system.clone().and_then(NonBlank::new),
            inference: Inference {
                max_tokens: self.max_tokens,
                temperature: self.temperature,
                stop_sequences: self.stops.clone(),
            },
            approval: if self.yes {
                Approval::Never
            } else {
                Approval::Writes
            },
            limits: Limits {
                model_calls: self.max_model_calls,
                tool_calls: self.max_tool_calls,
                tool_timeout: Duration::from_secs(self.tool_timeout),
                ..Limits::default()
            },
        }
    }
}
