use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::answer::{http_body, result_of};
use crate::event::{Revision, get_event, mcp_event};
use crate::problem::Problem;
use crate::process::Process;

/// What the benchmark's tool `report` writes when it reports.
const PROGRESS: &[u8] = b"notifications/progress";
/// How long `report` goes on after its report, so that its result does not push the report out.
const REPORT_GOES_ON_MILLISECONDS: u64 = 60;

/// A program to measure.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Program {
    /// Its name in the report.
    pub name: String,
    /// How it is started.
    pub command: Vec<String>,
    /// Its environment, beside what Lambda sets.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// What it is asked.
    pub asked: Asked,
}

/// What a program is asked.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Asked {
    /// The tool `greet` of an MCP server.
    #[serde(rename_all = "camelCase")]
    Greet {
        /// The client's revision.
        revision: Revision,
        /// Calls before the first that counts.
        warm_up: u64,
        /// Calls that count, of `tools/list` and of `tools/call` each.
        calls: u64,
    },
    /// The tool `report`, whose progress is to be seen while it runs.
    #[serde(rename_all = "camelCase")]
    Report {
        /// The client's revision.
        revision: Revision,
        /// Calls that count.
        calls: u64,
    },
    /// One GET, whose JSON answer has this member.
    #[serde(rename_all = "camelCase")]
    Document {
        /// What to get.
        path: String,
        /// The member that the document must have.
        member: String,
    },
}

/// What one round has found out about a program. A figure that its kind of program does not have is absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// From the start of the process to its first answer, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cold_start_ms: Option<f64>,
    /// Median of warm `tools/list`, in microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list_us: Option<f64>,
    /// Median of warm `tools/call`, in microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_us: Option<f64>,
    /// Processor time of one warm `tools/call`, in microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processor_us: Option<f64>,
    /// Median from the tool's report to its event at the Runtime API, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_event_ms: Option<f64>,
    /// Peak resident memory, in KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_memory_kib: Option<u64>,
    /// Sockets that were open when the process asked for its first invocation; only where that was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sockets_when_ready: Option<usize>,
}

/// Starts the program, asks it, and verifies every answer.
///
/// # Errors
///
/// [`Problem`] when the program does not start, or gives another answer than it should.
pub fn measure(program: &Program, look_at_sockets: bool, log: &Path) -> Result<Figures, Problem> {
    let mut process = Process::start(&program.command, &program.environment, log)?;
    let mut figures = Figures::default();
    if look_at_sockets {
        process.wait_until_ready()?;
        figures.sockets_when_ready = Some(process.sockets()?);
    }
    match &program.asked {
        Asked::Greet {
            revision,
            warm_up,
            calls,
        } => {
            let mut client = Client::new(&mut process, *revision);
            figures.cold_start_ms = Some(client.open()?);
            client.list(*warm_up)?;
            figures.list_us = Some(median_microseconds(client.list(*calls)?));
            client.greet(*warm_up)?;
            let before = client.process.processor_time()?;
            figures.call_us = Some(median_microseconds(client.greet(*calls)?));
            let spent = client.process.processor_time()?.saturating_sub(before);
            figures.processor_us = Some(spent.as_secs_f64() * 1e6 / *calls as f64);
        }
        Asked::Report { revision, calls } => {
            let mut client = Client::new(&mut process, *revision);
            let delays = client.report(*calls)?;
            figures.first_event_ms = Some(median_microseconds(delays) / 1000.0);
        }
        Asked::Document { path, member } => {
            let answer = process.invoke(&get_event(path), None)?;
            let document: Value = serde_json::from_str(&http_body(&answer)?)
                .map_err(|error| Problem::new(format!("{path} is not JSON: {error}")))?;
            if document.get(member).is_none() {
                return Err(Problem::new(format!("{path} has no {member}: {document}")));
            }
            figures.cold_start_ms = Some(process.age_at(answer.arrived).as_secs_f64() * 1e3);
        }
    }
    figures.peak_memory_kib = Some(process.peak_memory()?);
    Ok(figures)
}

/// An MCP client that believes no answer.
struct Client<'a> {
    process: &'a mut Process,
    revision: Revision,
    requests: u64,
}

impl<'a> Client<'a> {
    fn new(process: &'a mut Process, revision: Revision) -> Self {
        Self {
            process,
            revision,
            requests: 0,
        }
    }

    /// The first request; answers with the age of the process at its end, in milliseconds.
    fn open(&mut self) -> Result<f64, Problem> {
        let (method, params) = self.revision.opening();
        self.requests += 1;
        let event = mcp_event(self.revision, self.requests, method, params);
        let answer = self.process.invoke(&event, None)?;
        let result = result_of(&http_body(&answer)?, self.requests)?;
        if result["capabilities"]["tools"].is_null() {
            return Err(Problem::new(format!("{method} offers no tools: {result}")));
        }
        Ok(self.process.age_at(answer.arrived).as_secs_f64() * 1e3)
    }

    fn list(&mut self, calls: u64) -> Result<Vec<Duration>, Problem> {
        let mut times = Vec::new();
        for _ in 0..calls {
            self.requests += 1;
            let event = mcp_event(self.revision, self.requests, "tools/list", json!({}));
            let answer = self.process.invoke(&event, None)?;
            let result = result_of(&http_body(&answer)?, self.requests)?;
            let tools = result["tools"].as_array().into_iter().flatten();
            let lists_greet = tools.into_iter().any(|tool| {
                tool["name"] == "greet"
                    && tool["inputSchema"]["properties"]["name"]["type"] == "string"
            });
            if !lists_greet {
                return Err(Problem::new(format!("tools/list lacks greet: {result}")));
            }
            times.push(answer.took);
        }
        Ok(times)
    }

    fn greet(&mut self, calls: u64) -> Result<Vec<Duration>, Problem> {
        let mut times = Vec::new();
        for _ in 0..calls {
            self.requests += 1;
            // Somebody else each time, so that no answer can be an old one.
            let name = format!("caller {}", self.requests);
            let params = json!({ "name": "greet", "arguments": { "name": name } });
            let event = mcp_event(self.revision, self.requests, "tools/call", params);
            let answer = self.process.invoke(&event, None)?;
            let result = result_of(&http_body(&answer)?, self.requests)?;
            let greeting = format!("hello, {name}");
            // A framework may make structured content of a tool's text, and the text JSON of that.
            if result["content"][0]["text"] != greeting
                && result["structuredContent"]["output"] != greeting
            {
                return Err(Problem::new(format!("{name} is not greeted: {result}")));
            }
            times.push(answer.took);
        }
        Ok(times)
    }

    /// From the time that the tool says it reported at to the arrival of the report.
    fn report(&mut self, calls: u64) -> Result<Vec<Duration>, Problem> {
        let mut delays = Vec::new();
        for _ in 0..calls {
            self.requests += 1;
            let params = json!({
                "name": "report",
                "arguments": { "milliseconds": REPORT_GOES_ON_MILLISECONDS },
                "_meta": { "progressToken": self.requests }
            });
            let event = mcp_event(self.revision, self.requests, "tools/call", params);
            let answer = self.process.invoke(&event, Some(PROGRESS))?;
            let body = http_body(&answer)?;
            result_of(&body, self.requests)?;
            let reported = reported_at(&body, self.requests)?;
            let seen = answer
                .seen
                .and_then(|seen| seen.duration_since(UNIX_EPOCH).ok())
                .ok_or_else(|| Problem::new(format!("no progress in the answer: {body}")))?;
            delays.push(seen.saturating_sub(reported));
        }
        Ok(delays)
    }
}

/// The time in the tool's report, as a duration since 1970.
fn reported_at(body: &str, token: u64) -> Result<Duration, Problem> {
    body.lines()
        .filter_map(|line| line.strip_prefix("data:"))
        .filter_map(|event| serde_json::from_str::<Value>(event).ok())
        .filter(|event| event["params"]["progressToken"] == token)
        .find_map(|event| event["params"]["message"].as_str()?.parse().ok())
        .map(Duration::from_nanos)
        .ok_or_else(|| Problem::new(format!("no report of request {token}: {body}")))
}

fn median_microseconds(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    let middle = times.get(times.len() / 2).copied().unwrap_or_default();
    middle.as_secs_f64() * 1e6
}
