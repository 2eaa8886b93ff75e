//! `mcp-lambda live`: plays what only AWS can show against a deployed stack, and writes a report.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use aws_sdk_cloudwatchlogs::primitives::{DateTime, DateTimeFormat};
use clap::Args;
use clap::builder::PossibleValuesParser;
use dialoguer::{Input, Select};

use super::run_sign_in::sign_in_of_run;
use crate::aws;
use crate::live::findings::Verdict;
use crate::live::report::RowReport;
use crate::live::row::{Played, Row};
use crate::live::{Report, StackFactsError, Stage, play, read, rows, said};
use crate::oauth::{self, Authorized, OAuthError, RunDirectory};
use crate::variables::Variables;

pub(super) const EXAMPLES: &str = "Examples:
  mcp-lambda live --stack DogFacts                  what programs can find out
  mcp-lambda live --stack DogFacts --login --load   with your sign-in, and with load
  mcp-lambda live --stack DogFacts --ask            asks you about the rest
  mcp-lambda live --stack DogFacts --check unknown-path --json

docs/live-checks.md lists the checks. A run makes an app client and a resource server, both called mcp-lambda-live, and removes
them; it costs less than a cent.

Exit status: 0 if nothing is refuted, 1 if something is, or the run failed, 2 when the command line is wrong.";

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Name of the deployed stack
    #[arg(long, value_name = "STACK")]
    stack: String,

    /// Prefix of the outputs of one of its servers, where it has several
    #[arg(long, value_name = "PREFIX")]
    server: Option<String>,

    /// AWS Region of the stack [default: that of the environment or profile]
    #[arg(long, value_name = "REGION")]
    region: Option<String>,

    /// Play this check of docs/live-checks.md only; repeat it for several
    #[arg(long = "check", value_name = "CHECK", value_parser = checks(), hide_possible_values = true)]
    checks: Vec<String>,

    /// Sign in in the browser, for the checks that need a person's access token
    #[arg(long)]
    login: bool,

    /// Print the URL of the sign-in page and open no browser
    #[arg(long, requires = "login")]
    no_browser: bool,

    /// Send 200 requests at once, for the checks of rate limits
    #[arg(long)]
    load: bool,

    /// Ask about the checks that need a person, in this terminal
    #[arg(long)]
    ask: bool,

    /// File for the report [default: live-STACK-TIME.md in this folder]
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    report: Option<PathBuf>,

    /// Print the report as JSON, and write no file
    #[arg(long, conflicts_with = "ask")]
    json: bool,
}

/// Why a run failed, or what it found.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// Something is not as this project expects.
    #[error("{refuted} of {all} checks are refuted: {ids}")]
    Refuted {
        /// How many.
        refuted: usize,
        /// Of how many.
        all: usize,
        /// Which.
        ids: String,
    },
    /// The stack.
    #[error(transparent)]
    Stack(#[from] StackFactsError),
    /// The person's sign-in.
    #[error(transparent)]
    SignIn(#[from] Box<OAuthError>),
    /// `--ask` without a terminal.
    #[error("--ask asks in a terminal, and standard input is none: leave it out")]
    NoTerminal,
    /// Ctrl-C.
    #[error("interrupted: there is no report, and the next run removes what this one has made")]
    Interrupted,
    /// TLS of this machine.
    #[error("the HTTP client cannot be set up: {0}; check the CA certificates of this machine")]
    Http(#[from] reqwest::Error),
    /// The report.
    #[error("the report {} cannot be written: {cause}", file.display())]
    Report {
        /// The file.
        file: PathBuf,
        /// The operating system's message.
        cause: std::io::Error,
    },
    /// The output of the command.
    #[error("standard output cannot be written: {0}")]
    Output(#[from] std::io::Error),
}

fn checks() -> PossibleValuesParser {
    PossibleValuesParser::new(rows().map(|row| row.id))
}

/// Plays, asks, prints and writes the report, until Ctrl-C.
pub(super) async fn run(
    options: Options,
    variables: &Variables,
    now: fn() -> SystemTime,
) -> Result<(), LiveError> {
    tokio::select! {
        ended = play_all(options, variables, now) => ended,
        Ok(()) = tokio::signal::ctrl_c() => Err(LiveError::Interrupted),
    }
}

async fn play_all(
    options: Options,
    variables: &Variables,
    now: fn() -> SystemTime,
) -> Result<(), LiveError> {
    if options.ask && !std::io::stdin().is_terminal() {
        return Err(LiveError::NoTerminal);
    }
    let config = aws::config(options.region.clone()).await;
    let stack = read(&config, &options.stack, options.server.as_deref()).await?;
    let login = match options.login {
        true => Some(Login::begin(&stack.url, &options, variables).await?),
        false => None,
    };
    let person = login.as_ref().map(|login| login.person.clone());
    if !options.json {
        println(&format!("{} of {}\n", stack.url, stack.id))?;
    }
    let stage = Stage::new(stack, &config, person, options.load)?;
    let wanted =
        |row: &&Row| options.checks.is_empty() || options.checks.iter().any(|id| id == row.id);
    let (played, of_person): (Vec<&Row>, Vec<&Row>) = rows()
        .filter(wanted)
        .partition(|row| matches!(row.played, Played::Program { .. }));
    let mut reports = Vec::new();
    for row in played {
        let report = play(row, &stage).await;
        if !options.json {
            println(&report.lines())?;
        }
        reports.push(report);
    }
    if options.ask {
        reports.extend(ask(&of_person)?);
    } else {
        for row in of_person {
            reports.push(play(row, &stage).await);
        }
    }
    let report = Report {
        stack: stage.stack.name.clone(),
        stack_id: stage.stack.id.clone(),
        url: stage.stack.url.to_string(),
        at: DateTime::from(now())
            .fmt(DateTimeFormat::DateTime)
            .unwrap_or_default(),
        emulated: stage.is_emulated,
        rows: reports,
    };
    if options.json {
        println(&serde_json::to_string_pretty(&report).map_err(std::io::Error::from)?)?;
    } else {
        let file = options.report.unwrap_or_else(|| default_file(&report));
        write(&file, &report.markdown())?;
        println(&format!(
            "\n{}\nreport: {}",
            report.totals(),
            file.display()
        ))?;
    }
    judge(&report)
}

fn judge(report: &Report) -> Result<(), LiveError> {
    let refuted = report
        .rows
        .iter()
        .filter(|row| row.verdict == Verdict::Refuted);
    let ids: Vec<&str> = refuted.map(|row| row.id).collect();
    match ids.as_slice() {
        [] => Ok(()),
        ids => Err(LiveError::Refuted {
            refuted: ids.len(),
            all: report.rows.len(),
            ids: ids.join(", "),
        }),
    }
}

/// A name of its own for every run: the answers of a person are not overwritten.
fn default_file(report: &Report) -> PathBuf {
    let time = report.at.split('.').next().unwrap_or_default();
    let time = time.trim_end_matches('Z').replace(':', "");
    // A stack may be named by its ARN.
    let stack = report.stack.replace([':', '/'], "-");
    PathBuf::from(format!("live-{stack}-{time}.md"))
}

fn write(file: &Path, content: &str) -> Result<(), LiveError> {
    std::fs::write(file, content).map_err(|cause| LiveError::Report {
        file: file.to_owned(),
        cause,
    })
}

fn println(text: &str) -> Result<(), LiveError> {
    let mut output = std::io::stdout();
    writeln!(output, "{text}")?;
    Ok(output.flush()?)
}

/// Asks about each row, until the person has had enough.
fn ask(rows: &[&Row]) -> Result<Vec<RowReport>, LiveError> {
    const ANSWERS: [&str; 4] = ["as described", "something else", "skip it", "ask no more"];
    let mut reports = Vec::new();
    for (position, row) in rows.iter().enumerate() {
        let locally = row.locally;
        println(&format!(
            "\n{} of {}: {}\n  {}\n  {locally}\n  How to check: {}",
            position + 1,
            rows.len(),
            row.id,
            row.behaviour,
            row.live
        ))?;
        // A prompt that fails, as in a terminal that is closed, ends the questions: what was answered stays.
        let Ok(answer) = Select::new()
            .with_prompt("What is it like")
            .items(ANSWERS)
            .default(2)
            .interact()
        else {
            break;
        };
        match answer {
            0 => reports.push(said(row, true, "")),
            1 => {
                let seen = Input::<String>::new()
                    .with_prompt("What was seen")
                    .allow_empty(true)
                    .interact_text();
                reports.push(said(row, false, &seen.unwrap_or_default()));
            }
            2 => {}
            _ => break,
        }
    }
    Ok(reports)
}

/// A new sign-in in the browser, whose tokens go with it.
struct Login {
    person: Authorized,
    _directory: RunDirectory,
}

impl Login {
    async fn begin(
        url: &url::Url,
        options: &Options,
        variables: &Variables,
    ) -> Result<Self, Box<OAuthError>> {
        let (directory, how) = sign_in_of_run("live", None, options.no_browser, variables)?;
        let person = oauth::sign_in(url, &how).await.map_err(Box::new)?;
        Ok(Self {
            person,
            _directory: directory,
        })
    }
}
