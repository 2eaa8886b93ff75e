//! `mcp-lambda logs`: what the functions of a stack wrote, readable.

use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::config::{Builder, Credentials, Region};
use clap::Args;

use crate::audit::is_trail;
use crate::aws;
use crate::dev::environment::Environment;
use crate::dev::error::StackError;
use crate::dev::paths::STATE_DIRECTORY;
use crate::local_stack::LocalStack;
use crate::logs::{Format, LogsError, Tail, find};

pub(super) const EXAMPLES: &str = "Examples:
  mcp-lambda logs DogFacts                    the last ten minutes of every function of a stack
  mcp-lambda logs DogFacts --follow           and what comes, until Ctrl-C
  mcp-lambda logs /aws/lambda/orders --since 2h --json
  mcp-lambda logs --local --follow            of the stack that runs here

A line has the time, the method and tool, the outcome, the status, the duration and the MCP client. The log names no person.";

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Name of a stack, a function or a log group
    #[arg(required_unless_present = "local")]
    target: Option<String>,

    /// Go on with new lines until Ctrl-C
    #[arg(long, short)]
    follow: bool,

    /// How far back to begin: a number with s, m, h or d
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = duration)]
    since: Duration,

    /// Print one JSON object a line: time, function and the record as it was written
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    place: Place,
}

/// Where the log groups are: in an AWS Region, or in the emulator of the local stack.
#[derive(Debug, Args)]
pub(super) struct Place {
    /// AWS Region [default: that of the environment or profile]
    #[arg(long, value_name = "REGION", conflicts_with = "local")]
    region: Option<String>,

    /// Read from the stack that runs on this machine
    #[arg(long)]
    local: bool,

    /// Port of the local stack's MCP endpoint
    #[arg(long, default_value_t = 3030, value_parser = clap::value_parser!(u16).range(1024..))]
    port: u16,

    /// The project's root directory
    #[arg(long, default_value = ".", hide = true)]
    root: PathBuf,

    /// The directory of the state below it
    #[arg(long, env = "MCP_LAMBDA_STATE_DIRECTORY", default_value = STATE_DIRECTORY, hide = true)]
    state_directory: String,
}

pub(super) fn duration(value: &str) -> Result<Duration, &'static str> {
    let wrong = "give a number with s, m, h or d, such as 10m";
    let unit = value.chars().next_back().ok_or(wrong)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(wrong),
    };
    let number = value.strip_suffix(unit).unwrap_or_default();
    let number: u32 = number.parse().map_err(|_| wrong)?;
    Ok(Duration::from_secs(u64::from(number) * seconds))
}

/// Why `mcp-lambda logs` failed.
#[derive(Debug, thiserror::Error)]
pub enum LogsCommandError {
    /// CloudWatch Logs.
    #[error(transparent)]
    Logs(#[from] LogsError),
    /// The local stack.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// The local stack's outputs lack the emulator's address.
    #[error("the outputs of the local stack do not name its AWS endpoint: start it again")]
    NoEndpoint,
    /// No Region is known.
    #[error("no AWS Region is set: give --region, or set AWS_REGION or the region of your profile")]
    NoRegion,
    /// Standard output.
    #[error("standard output cannot be written: {0}")]
    Output(#[source] std::io::Error),
}

/// Prints the lines, and with `--follow` the new ones until a signal ends the process.
pub(super) async fn run(
    options: &Options,
    environment: &Environment,
    now: SystemTime,
) -> Result<(), LogsCommandError> {
    let (client, region) = options.place.client(environment).await?;
    let target = options.target.as_deref();
    let mut groups = find(&client, target, &region).await?;
    // Records of an audit trail name persons; `mcp-lambda audit list` shows them.
    groups.retain(|group| !is_trail(&group.name) || target == Some(group.name.as_str()));
    let format = if options.json {
        Format::Json
    } else {
        Format::Readable
    };
    let from = (now - options.since)
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let from = i64::try_from(from.as_millis()).unwrap_or(i64::MAX);
    let mut tail = Tail::new(client, groups, format, from);
    loop {
        let lines = tail.next().await?;
        for line in lines {
            writeln!(std::io::stdout(), "{line}").map_err(LogsCommandError::Output)?;
        }
        if !options.follow {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}

impl Place {
    /// The client of CloudWatch Logs, and its Region.
    pub(super) async fn client(
        &self,
        environment: &Environment,
    ) -> Result<(Client, String), LogsCommandError> {
        if self.local {
            let stack =
                LocalStack::find(&self.root, &self.state_directory, self.port, environment)?;
            return local(&stack).ok_or(LogsCommandError::NoEndpoint);
        }
        let config = aws::config(self.region.clone()).await;
        let region = config
            .region()
            .ok_or(LogsCommandError::NoRegion)?
            .to_string();
        Ok((Client::new(&config), region))
    }
}

/// The emulator of the local stack, and its Region.
fn local(stack: &LocalStack) -> Option<(Client, String)> {
    let (endpoint, region) = stack.aws_endpoint()?;
    let config = Builder::new()
        .behavior_version_latest()
        .endpoint_url(endpoint)
        .region(Region::new(region.to_owned()))
        // The emulator accepts any.
        .credentials_provider(Credentials::new("test", "test", None, None, "local stack"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    Some((Client::from_conf(config), region.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_a_number_and_a_unit() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("2h"), Ok(Duration::from_secs(7200)));
        for wrong in ["", "10", "m", "-1m", "1 m", "1w", "10mm"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
