//! `mcp-lambda doctor`: which MCP clients can connect to a server, and why the others cannot.

use std::io::Write;
use std::time::SystemTime;

use clap::Args;
use clap::builder::PossibleValuesParser;
use url::Url;

use super::run_sign_in::sign_in_of_run;
#[cfg(feature = "aws")]
use crate::doctor::StackUrlError;
use crate::doctor::evidence::Evidence;
use crate::doctor::profile::Profile;
use crate::doctor::profiles::{PROFILES, usual};
use crate::doctor::report::SignIn;
use crate::doctor::{HttpProber, Limits, Report, TokenFacts, gather, is_unreachable, render};
use crate::oauth::{self, Authorized, OAuthError, RunDirectory};
use crate::variables::Variables;
use crate::visible::visible_line;

/// The variable with the access token, which `--token` and `--login` precede.
const TOKEN_VARIABLE: &str = "MCP_ACCESS_TOKEN";

pub(super) const EXAMPLES: &str = "Examples:
  mcp-lambda doctor https://mcp.example.com/mcp
  mcp-lambda doctor https://mcp.example.com/mcp --client codex --client claude
  mcp-lambda doctor https://mcp.example.com/mcp --login
  MCP_ACCESS_TOKEN=… mcp-lambda doctor https://mcp.example.com/mcp
  mcp-lambda doctor --stack DogFacts --json

Exit status: 0 if every client connects from the URL alone (and --login succeeded), 1 if not, 2 when the command line is
wrong, 3 if the server cannot be reached.";

#[derive(Debug, Args)]
pub(super) struct Options {
    /// URL of the MCP server, as it is given to clients
    #[arg(value_name = "URL", value_parser = mcp_url)]
    #[cfg_attr(feature = "aws", arg(required_unless_present = "stack"))]
    #[cfg_attr(not(feature = "aws"), arg(required = true))]
    url: Option<Url>,

    /// Play this client only; repeat it for several
    #[arg(long, value_name = "CLIENT", value_parser = clients())]
    client: Vec<String>,

    /// Sign in in the browser, call a tool, refresh the access token
    #[arg(long, conflicts_with = "token")]
    login: bool,

    /// Print the URL of the sign-in page and open no browser
    #[arg(long, requires = "login")]
    no_browser: bool,

    /// Id of an OAuth client to sign in with, for a server without registration
    #[arg(long, value_name = "ID", requires = "login")]
    client_id: Option<String>,

    /// Access token for the requests after a sign-in; set MCP_ACCESS_TOKEN instead, because other users of the machine see options
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,

    /// Register no client: what follows registration is not checked
    #[arg(long)]
    no_register: bool,

    /// Name of a deployed stack, whose output McpServerUrl is the URL
    #[cfg(feature = "aws")]
    #[arg(long, value_name = "STACK", conflicts_with = "url")]
    stack: Option<String>,

    /// AWS Region of the stack [default: that of the environment or profile]
    #[cfg(feature = "aws")]
    #[arg(long, value_name = "REGION", requires = "stack")]
    region: Option<String>,

    /// Print the report as JSON, with every request and response
    #[arg(long)]
    json: bool,
}

/// Why there is a report and no success, or no report.
#[derive(Debug, thiserror::Error)]
pub enum DoctorError {
    /// Clients do not connect.
    #[error("{failing} of {all} MCP clients do not connect from the URL alone")]
    Failing {
        /// How many.
        failing: usize,
        /// Of how many.
        all: usize,
    },
    /// Every client connects, and the person does not.
    #[error("signing in failed")]
    SignIn,
    /// The first request had no response.
    #[error("{url} cannot be reached: {cause}")]
    Unreachable {
        /// The MCP URL.
        url: Url,
        /// What the operating system or TLS says.
        cause: String,
    },
    /// The stack's URL.
    #[error(transparent)]
    #[cfg(feature = "aws")]
    Stack(#[from] StackUrlError),
    /// The directory for the tokens of a sign-in.
    #[error(transparent)]
    OAuth(#[from] Box<OAuthError>),
    /// Ctrl-C.
    #[error("interrupted")]
    Interrupted,
    /// TLS of this machine.
    #[error("the HTTP client cannot be set up: {0}; check the CA certificates of this machine")]
    Http(#[from] reqwest::Error),
    /// The report cannot be printed.
    #[error("standard output cannot be written: {0}")]
    Output(#[from] std::io::Error),
}

impl DoctorError {
    /// The exit status.
    #[must_use]
    pub fn exit_status(&self) -> u8 {
        match self {
            Self::Unreachable { .. } => 3,
            #[cfg(feature = "aws")]
            Self::Stack(_) => 1,
            Self::Failing { .. }
            | Self::SignIn
            | Self::OAuth(_)
            | Self::Interrupted
            | Self::Http(_)
            | Self::Output(_) => 1,
        }
    }
}

fn mcp_url(value: &str) -> Result<Url, &'static str> {
    match Url::parse(value) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.host().is_some() => Ok(url),
        _ => Err("give the URL of an MCP server, such as https://mcp.example.com/mcp"),
    }
}

fn clients() -> PossibleValuesParser {
    PossibleValuesParser::new(PROFILES.iter().map(|profile| profile.id))
}

/// Prints the report, unless Ctrl-C comes first.
pub(super) async fn run(
    options: Options,
    variables: &Variables,
    now: fn() -> SystemTime,
) -> Result<(), DoctorError> {
    tokio::select! {
        ended = examine(options, variables, now) => ended,
        Ok(()) = tokio::signal::ctrl_c() => Err(DoctorError::Interrupted),
    }
}

async fn examine(
    options: Options,
    variables: &Variables,
    now: fn() -> SystemTime,
) -> Result<(), DoctorError> {
    let Some(url) = server(&options).await? else {
        return Ok(());
    };
    let profiles: Vec<&Profile> = if options.client.is_empty() {
        usual().collect()
    } else {
        let wanted = |profile: &&Profile| options.client.iter().any(|id| id == profile.id);
        PROFILES.iter().filter(wanted).collect()
    };
    let mut login = match options.login {
        true => Some(Login::begin(&url, &options, variables).await?),
        false => None,
    };
    let token = match login.as_ref().and_then(|login| login.person.as_ref()) {
        Some(person) => person.access_token().await.map_err(Box::new)?,
        None if options.login => None,
        None => options
            .token
            .clone()
            .or_else(|| variables.string(TOKEN_VARIABLE)),
    };
    let limits = Limits {
        register: !options.no_register,
        token: token.is_some(),
    };
    let mut evidence = Evidence::new(url.clone());
    evidence.token = token.as_deref().map(TokenFacts::read);
    let prober = HttpProber::new(&url, token, now)?;
    let evidence = gather(&prober, evidence, &profiles, limits).await;
    if let Some(login) = &mut login {
        login.refresh().await;
    }
    let mut report = Report::of(&evidence, &profiles, limits);
    report.sign_in = login.map(|login| login.record.clone());
    print(&report, options.json)?;
    verdict(&report, &evidence)
}

/// The MCP URL of the command line, or of the stack that it names.
async fn server(options: &Options) -> Result<Option<Url>, DoctorError> {
    #[cfg(feature = "aws")]
    if let Some(stack) = &options.stack {
        let url = crate::doctor::url_of_stack(stack, options.region.clone()).await?;
        return Ok(Some(url));
    }
    Ok(options.url.clone())
}

/// A new sign-in in the browser, whose tokens go with it.
struct Login {
    person: Option<Authorized>,
    record: SignIn,
    _directory: RunDirectory,
}

impl Login {
    async fn begin(
        url: &Url,
        options: &Options,
        variables: &Variables,
    ) -> Result<Self, Box<OAuthError>> {
        let client_id = options.client_id.clone();
        let (directory, how) = sign_in_of_run("doctor", client_id, options.no_browser, variables)?;
        let mut login = Self {
            person: None,
            record: SignIn {
                problem: None,
                refreshed: false,
                refresh_problem: None,
            },
            _directory: directory,
        };
        match oauth::sign_in(url, &how).await {
            Ok(person) => login.person = Some(person),
            Err(error) => login.record.problem = Some(visible_line(&error.to_string())),
        }
        Ok(login)
    }

    /// Gets another access token for the refresh token.
    async fn refresh(&mut self) {
        let Some(person) = &self.person else { return };
        match person.refresh().await {
            Ok(token) => self.record.refreshed = token.is_some(),
            Err(error) => self.record.refresh_problem = Some(visible_line(&error.to_string())),
        }
    }
}

fn print(report: &Report, json: bool) -> Result<(), DoctorError> {
    let mut output = anstream::stdout();
    if json {
        serde_json::to_writer_pretty(&mut output, report).map_err(std::io::Error::from)?;
        writeln!(output)?;
    } else {
        write!(output, "{}", render(report))?;
    }
    Ok(())
}

fn verdict(report: &Report, evidence: &Evidence) -> Result<(), DoctorError> {
    if is_unreachable(evidence) {
        let first = report.exchanges.first();
        return Err(DoctorError::Unreachable {
            url: evidence.url.clone(),
            cause: first
                .and_then(|exchange| exchange.failure.clone())
                .unwrap_or_default(),
        });
    }
    match report.failing() {
        0 if report.sign_in.as_ref().is_some_and(SignIn::has_failed) => Err(DoctorError::SignIn),
        0 => Ok(()),
        failing => Err(DoctorError::Failing {
            failing,
            all: report.clients.len(),
        }),
    }
}
