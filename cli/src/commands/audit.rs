//! `mcp-lambda audit`: verifies the audit trail of a server, and lists its records.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use aws_sdk_cloudwatchlogs::primitives::{DateTime, DateTimeFormat};
use clap::{Args, Subcommand};
use mcp_lambda_contract::AuditRecord;

use super::logs::{LogsCommandError, Place, duration};
use crate::audit::{Checkpoint, CheckpointError, SourceError, Verifier, is_trail, read_group};
use crate::dev::environment::Environment;
use crate::logs::find;
use crate::visible::visible_line;

const VERIFY_EXAMPLES: &str = "Examples:
  mcp-lambda audit verify Shop                                the audit trails of a stack
  mcp-lambda audit verify Shop --checkpoint shop.json         and the ends of the chains that an earlier run has seen
  mcp-lambda audit verify --file exported.jsonl
  mcp-lambda audit verify --local

Exit status: 0 without a finding, 1 with one.";

const LIST_EXAMPLES: &str = "Examples:
  mcp-lambda audit list Shop --since 1d
  mcp-lambda audit list --local --json

A line has the time, the caller, the tool, the outcome, the app client and the request id.";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Find altered, missing, swapped and inserted records of an audit trail
    #[command(after_help = VERIFY_EXAMPLES)]
    Verify(Verify),
    /// Show the records of an audit trail, one readable line a call
    #[command(after_help = LIST_EXAMPLES)]
    List(List),
}

/// Which audit trail.
#[derive(Debug, Args)]
struct Trail {
    /// Name of a stack, or of a log group
    #[arg(required_unless_present_any = ["local", "file"], conflicts_with = "file")]
    target: Option<String>,

    /// File with a record on each line, or - for standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["local", "region"])]
    file: Option<PathBuf>,

    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
pub(super) struct Verify {
    #[command(flatten)]
    trail: Trail,

    /// File that keeps the ends of the chains from one run to the next, so that a truncated end is found
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,

    /// Days after which the log group removes records: chains of the checkpoint that are older may be gone
    #[arg(long, value_name = "DAYS", requires = "checkpoint", value_parser = clap::value_parser!(u16).range(1..))]
    retention_days: Option<u16>,
}

#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    trail: Trail,

    /// How far back to begin: a number with s, m, h or d [default: from the beginning]
    #[arg(long, value_name = "DURATION", value_parser = duration, conflicts_with = "file")]
    since: Option<Duration>,

    /// Print the records as they were written, one JSON object a line
    #[arg(long)]
    json: bool,
}

/// Why `mcp-lambda audit` failed.
#[derive(Debug, thiserror::Error)]
pub enum AuditCommandError {
    /// Where the log group is.
    #[error(transparent)]
    Place(#[from] LogsCommandError),
    /// CloudWatch Logs.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The file.
    #[error("{} cannot be read: {reason}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// The reason.
        reason: std::io::Error,
    },
    /// The stack has no audit trail.
    #[error("'{0}' has no audit trail: set audit of McpServer, or give the name of the log group")]
    NoTrail(String),
    /// Something is wrong with the audit trail.
    #[error("the audit trail has {0}: see above")]
    Findings(String),
    /// Standard output.
    #[error("standard output cannot be written: {0}")]
    Output(#[source] std::io::Error),
}

/// Runs the command.
pub(super) async fn run(
    command: Command,
    environment: &Environment,
    now: SystemTime,
) -> Result<(), AuditCommandError> {
    match command {
        Command::Verify(options) => verify(&options, environment, now).await,
        Command::List(options) => list(&options, environment, now).await,
    }
}

async fn verify(
    options: &Verify,
    environment: &Environment,
    now: SystemTime,
) -> Result<(), AuditCommandError> {
    let mut verifier = match options.trail.file {
        Some(_) => Verifier::of_file(),
        None => Verifier::of_log_group(),
    };
    for line in options.trail.lines(environment, None).await? {
        verifier.add(&line);
    }
    let checkpoint = options.checkpoint.as_deref();
    let seen = checkpoint.map_or_else(|| Ok(Checkpoint::default()), Checkpoint::read)?;
    let expired = options.retention_days.and_then(|days| {
        let kept = Duration::from_secs(u64::from(days) * 86_400);
        DateTime::from(now.checked_sub(kept)?)
            .fmt(DateTimeFormat::DateTime)
            .ok()
    });
    let report = verifier.finish(&seen, expired.as_deref());
    for finding in &report.findings {
        print(&visible_line(&finding.to_string()))?;
    }
    let counted = format!(
        "{} in {}, {}",
        number(report.records, "record"),
        number(report.chains, "chain"),
        number(report.findings.len(), "finding"),
    );
    print(&match report.repeated {
        0 => counted,
        repeated => format!(
            "{counted}; {} repeated, which is no finding",
            number(repeated, "line")
        ),
    })?;
    if !report.findings.is_empty() {
        let findings = number(report.findings.len(), "finding");
        return Err(AuditCommandError::Findings(findings));
    }
    if let Some(file) = checkpoint {
        report.checkpoint.write(file)?;
    }
    Ok(())
}

async fn list(
    options: &List,
    environment: &Environment,
    now: SystemTime,
) -> Result<(), AuditCommandError> {
    let from = options.since.map(|since| {
        let from = (now - since).duration_since(SystemTime::UNIX_EPOCH);
        i64::try_from(from.unwrap_or_default().as_millis()).unwrap_or(i64::MAX)
    });
    for line in options.trail.lines(environment, from).await? {
        match serde_json::from_str::<AuditRecord>(&line) {
            Ok(record) if !options.json => print(&visible_line(&readable(&record)))?,
            Ok(_) | Err(_) => print(&visible_line(line.trim_end()))?,
        }
    }
    Ok(())
}

impl Trail {
    async fn lines(
        &self,
        environment: &Environment,
        from: Option<i64>,
    ) -> Result<Vec<String>, AuditCommandError> {
        if let Some(file) = &self.file {
            return lines_of(file);
        }
        let (client, region) = self.place.client(environment).await?;
        let target = self.target.as_deref();
        let mut groups = find(&client, target, &region).await?;
        groups.retain(|group| is_trail(&group.name) || target == Some(group.name.as_str()));
        if groups.is_empty() {
            let target = target.unwrap_or("the local stack").to_owned();
            return Err(AuditCommandError::NoTrail(target));
        }
        let mut lines = Vec::new();
        for group in groups {
            lines.extend(read_group(&client, &group.name, from).await?);
        }
        Ok(lines)
    }
}

fn lines_of(file: &Path) -> Result<Vec<String>, AuditCommandError> {
    let read = if file == Path::new("-") {
        std::io::stdin().lock().lines().collect()
    } else {
        std::fs::File::open(file).and_then(|file| BufReader::new(file).lines().collect())
    };
    read.map_err(|reason| AuditCommandError::File {
        file: file.to_owned(),
        reason,
    })
}

/// One record for people.
fn readable(record: &AuditRecord) -> String {
    let kind = serde_json::to_value(record.kind).unwrap_or_default();
    let mut line = format!(
        "{}  {} {}  {}  {}",
        record.time,
        kind.as_str().unwrap_or_default(),
        record.subject,
        record.tool.as_deref().unwrap_or("-"),
        record.outcome.name(),
    );
    if let Some(reason) = &record.reason {
        line.push_str(&format!(" ({reason})"));
    }
    line + &format!("  {}  {}", record.client, record.request_id)
}

fn number(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        count => format!("{count} {noun}s"),
    }
}

fn print(line: &str) -> Result<(), AuditCommandError> {
    writeln!(std::io::stdout(), "{line}").map_err(AuditCommandError::Output)
}
