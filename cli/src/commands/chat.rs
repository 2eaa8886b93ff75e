//! `mcp-lambda chat`: a conversation with a model that calls the tools of MCP servers.

mod options;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use mcp_lambda_agent::agent::Agent;
#[cfg(feature = "aws")]
use mcp_lambda_agent::bedrock::{BedrockModel, Guardrail};
use mcp_lambda_agent::conversation::{Conversation, Prompt};
use mcp_lambda_agent::local::{LocalModel, NOTICE, Source};
use mcp_lambda_agent::mcp::{McpTools, labels};
use mcp_lambda_agent::model::Model;
use mcp_lambda_agent::prices::Prices;

use super::server_options::{ServerError, Target};
use crate::chat::{
    AnyModel, Chat, ChatError, ChatFile, Mode, Questions, Screen, Server, connected,
};
use crate::dev::environment::Environment;
use crate::dev::error::StackError;
use crate::local_stack::LocalStack;
use crate::variables::Variables;

pub(super) use options::Options;

pub(super) const EXAMPLES: &str = "Examples:
  mcp-lambda chat --offline                           the stack that runs here, without a model
  mcp-lambda chat --model eu.amazon.nova-lite-v1:0    the same with a model of Amazon Bedrock
  mcp-lambda chat --offline --server https://mcp.example.com/mcp --server https://other.example.com/mcp
                                                      any MCP servers; signs in in the browser
  mcp-lambda chat --model-endpoint http://127.0.0.1:11434/v1 --model qwen3
                                                      Ollama, llama.cpp or any other OpenAI-compatible endpoint
  mcp-lambda chat --offline -p 'Show me products in electronics'
                                                      one question for a script; the reply on standard output
  mcp-lambda chat --offline --continue                the last conversation again

Exit status: 0 on success, 1 when the command failed, 2 when the command line is wrong; with -p also 3 when a person is
needed (a call to approve, a sign-in) and 4 when the reply is not complete.";

/// The variable with the key of `--model-endpoint`; it is no option, because other users of the machine see options.
pub(super) const KEY_VARIABLE: &str = "MCP_LAMBDA_MODEL_KEY";

/// Why `mcp-lambda chat` failed.
#[derive(Debug, thiserror::Error)]
pub enum ChatCommandError {
    /// The servers of the local stack.
    #[error(transparent)]
    Server(Box<ServerError>),
    /// The conversation.
    #[error(transparent)]
    Chat(#[from] ChatError),
    /// The file of prices.
    #[error("{file} is no table of prices: {cause}; see docs/chat.md", file = file.display())]
    Prices {
        /// The file.
        file: PathBuf,
        /// What the operating system or the JSON parser said.
        cause: std::io::Error,
    },
    /// This program was built without the AWS SDK.
    #[error(
        "this program was built without the AWS SDK: use --offline or --model-endpoint, or build it with the feature `aws`"
    )]
    #[cfg(not(feature = "aws"))]
    WithoutAws,
}

impl From<ServerError> for ChatCommandError {
    fn from(error: ServerError) -> Self {
        Self::Server(Box::new(error))
    }
}

impl ChatCommandError {
    pub(super) fn exit_status(&self) -> u8 {
        match self {
            Self::Chat(error) => error.exit_status(),
            Self::Server(_) | Self::Prices { .. } => 1,
            #[cfg(not(feature = "aws"))]
            Self::WithoutAws => 1,
        }
    }
}

/// Talks until the end of the input, or asks one question.
pub(super) async fn run(
    options: Options,
    variables: Variables,
    environment: Environment,
    now: fn() -> SystemTime,
) -> Result<(), ChatCommandError> {
    let file = match &options.history {
        Some(file) => ChatFile::new(file.clone()),
        None => ChatFile::of_last_chat(variables.path("XDG_STATE_HOME"), variables.path("HOME"))?,
    };
    let conversation = if options.goes_on {
        file.read()?
    } else {
        Conversation::new()
    };
    let prices = match &options.prices {
        None => Prices::built_in(),
        Some(file) => table(file)?,
    };
    let model = model(&options, &variables).await?;
    let mode = match options.prompt {
        Some(_) => Mode::Script,
        None => Mode::Terminal,
    };
    let settings = options.settings();
    let (prompt, goes_on, all_approved) = (options.prompt.clone(), options.goes_on, options.yes);
    let servers = servers(Arc::new(options), variables, &environment, now)?;
    let tools = McpTools::new(connected(&servers));
    let mut screen = Screen::new(std::io::stdout(), std::io::stderr(), file);
    greet(&mut screen, &tools, &servers, &model, mode).await?;
    if !goes_on {
        screen.file().set_aside()?;
    }
    let mut chat = Chat {
        agent: Agent::new(model, tools, settings),
        servers,
        conversation,
        screen,
        questions: Questions::default(),
        prices,
        mode,
        all_approved,
    };
    match prompt {
        // An empty question continues what is open.
        Some(prompt) => chat.one_shot(Prompt::new(prompt)).await?,
        None => chat.talk().await?,
    }
    Ok(())
}

fn table(file: &PathBuf) -> Result<Prices, ChatCommandError> {
    let failed = |cause| ChatCommandError::Prices {
        file: file.clone(),
        cause,
    };
    let json = std::fs::read_to_string(file).map_err(failed)?;
    Prices::from_json(&json).map_err(|error| failed(std::io::Error::other(error)))
}

async fn model(options: &Options, variables: &Variables) -> Result<AnyModel, ChatCommandError> {
    let id = options.model.clone().unwrap_or_default();
    if options.offline {
        return Ok(AnyModel::Local(LocalModel::new(
            "offline planner",
            Source::Planner,
        )));
    }
    if let Some(endpoint) = &options.model_endpoint {
        let key = variables.string(KEY_VARIABLE);
        let source = Source::open_ai(endpoint.as_str(), key, reqwest::Client::new());
        return Ok(AnyModel::Local(LocalModel::new(id, source)));
    }
    bedrock(options, id).await
}

#[cfg(feature = "aws")]
async fn bedrock(options: &Options, id: String) -> Result<AnyModel, ChatCommandError> {
    use aws_sdk_bedrockruntime::config::StalledStreamProtectionConfig;
    use aws_sdk_bedrockruntime::config::retry::RetryConfig;

    let config = crate::aws::config(options.region.clone()).await;
    // The agent retries, and shows it.
    let config = aws_sdk_bedrockruntime::config::Builder::from(&config)
        .retry_config(RetryConfig::disabled())
        // A model that thinks sends nothing for a while; the agent notices one that hangs.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .build();
    let client = aws_sdk_bedrockruntime::Client::from_conf(config);
    let guardrail = options
        .guardrail
        .clone()
        .map(|(id, version)| Guardrail { id, version });
    Ok(AnyModel::Bedrock(BedrockModel::new(client, id, guardrail)))
}

#[cfg(not(feature = "aws"))]
#[expect(
    clippy::unused_async,
    reason = "its twin waits for the AWS configuration"
)]
async fn bedrock(_: &Options, _: String) -> Result<AnyModel, ChatCommandError> {
    Err(ChatCommandError::WithoutAws)
}

/// The servers of the command line, or those of the stack that runs here.
fn servers(
    options: Arc<Options>,
    variables: Variables,
    environment: &Environment,
    now: fn() -> SystemTime,
) -> Result<Vec<Arc<Server>>, ChatCommandError> {
    let find = || match LocalStack::find(
        &options.root,
        &options.state_directory,
        options.port,
        environment,
    ) {
        Err(StackError::NotStarted { port }) => Err(ServerError::NoServer { port }.into()),
        found => found.map_err(|error| ChatCommandError::from(ServerError::Stack(error))),
    };
    let mut targets = Vec::new();
    if options.servers.is_empty() {
        let stack = find()?;
        targets.extend(stack.servers().into_iter().map(|server| Target::Local {
            server,
            stack: Box::new(stack.clone()),
        }));
    }
    targets.extend(options.servers.iter().cloned().map(Target::Remote));
    let urls: Vec<&str> = targets.iter().map(|target| target.url().as_str()).collect();
    let labels = labels(&urls);
    let servers = targets.into_iter().zip(labels).map(|(target, label)| {
        let url = target.url().to_string();
        let (target, options) = (Arc::new(target), options.clone());
        let variables = variables.clone();
        let sign_in = Box::new(move || {
            let (target, options, variables) = (target.clone(), options.clone(), variables.clone());
            let signed_in = async move {
                let authorized = options.sign_in.authorize(&target, &variables, now).await;
                authorized.map_err(|error| error.to_string())
            };
            Box::pin(signed_in) as _
        });
        Server::new(label, url, sign_in)
    });
    Ok(servers.collect())
}

/// Connects to the servers and lists them. A server that does not respond ends a script; a terminal shows a line about it.
async fn greet(
    screen: &mut Screen<std::io::Stdout, std::io::Stderr>,
    tools: &McpTools,
    servers: &[Arc<Server>],
    model: &AnyModel,
    mode: Mode,
) -> Result<(), ChatError> {
    if mode == Mode::Terminal {
        screen.note(&format!("model   {}", model.id()));
        if matches!(model, AnyModel::Local(_)) && model.id() == "offline planner" {
            screen.note(&format!("        {NOTICE}"));
        }
    }
    for (server, connected) in servers.iter().zip(tools.connect().await) {
        match (connected, mode) {
            (Ok(tools), Mode::Terminal) => screen.note(&format!(
                "server  {} {} with {} tools",
                server.label(),
                server.url(),
                tools.len()
            )),
            (Ok(_), Mode::Script) => {}
            (Err(error), Mode::Script) => return Err(error.into()),
            (Err(error), Mode::Terminal) => screen.note(&format!("server  {error}")),
        }
    }
    if mode == Mode::Terminal {
        screen.note(&format!("file    {}", screen.file().path().display()));
        screen.note("        /help shows the commands\n");
    }
    Ok(())
}
