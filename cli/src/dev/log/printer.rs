//! Prints one line for each request, and the lines of the functions beside it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::event::{Event, What};
use crate::log_line::log_line;

/// Calls whose callers are remembered.
const KEPT_AT_MOST: usize = 1000;

/// The names for people, by those in the emulator.
#[derive(Debug, Default, Clone)]
pub(crate) struct Functions {
    /// The MCP servers.
    pub(crate) servers: BTreeMap<String, String>,
    /// Other functions of the constructs, whose lines say themselves what they are.
    pub(crate) own: BTreeSet<String>,
    /// The app clients of programs, by `client_id`.
    pub(crate) clients: BTreeMap<String, String>,
}

impl Functions {
    /// What goes before a line of the function.
    fn label<'a>(&'a self, function: &'a str) -> Option<&'a str> {
        match self.servers.get(function) {
            Some(server) => (self.servers.len() > 1).then_some(server),
            None => (!self.own.contains(function)).then_some(function),
        }
    }
}

/// A request that the edge has forwarded and no function has written about.
#[derive(Debug)]
pub(crate) struct EdgeRequest<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) status: StatusCode,
    pub(crate) has_token: bool,
    pub(crate) duration: Duration,
}

/// Writes a line for each request and message. Clones share what they know.
#[derive(Clone)]
pub(crate) struct Log {
    quiet: bool,
    json: bool,
    known: Arc<Mutex<Known>>,
    sink: Arc<dyn Fn(&str) + Send + Sync>,
}

impl fmt::Debug for Log {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Log")
    }
}

#[derive(Debug, Default)]
struct Known {
    functions: Functions,
    /// By the id of the invocation.
    callers: HashMap<String, String>,
    not_emulated: BTreeSet<(String, String)>,
}

impl Log {
    /// Writes to standard output: nothing if `quiet`, JSON if `json`.
    pub(crate) fn new(quiet: bool, json: bool) -> Self {
        Self::to(quiet, json, |line| {
            // A closed standard output does not stop the stack. One write, so that lines do not mix.
            let _ = std::io::stdout().write_all(line.as_bytes());
        })
    }

    /// The same to a function, which gets each line with its line feed.
    fn to(quiet: bool, json: bool, sink: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self {
            quiet,
            json,
            known: Arc::default(),
            sink: Arc::new(sink),
        }
    }

    /// Whether programs read it.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Learns the names of the functions after a deployment.
    pub(crate) fn functions(&self, functions: Functions) {
        self.known().functions = functions;
    }

    /// A message of the program itself: `kind` for programs, `line` for people.
    pub(crate) fn say(&self, kind: &str, line: &str) {
        let members = json!({ "kind": kind, "message": line });
        self.write(now(), members, || Some(line.to_owned()));
    }

    /// A request that the edge forwarded.
    pub(crate) fn edge(&self, request: &EdgeRequest<'_>) {
        let EdgeRequest {
            method,
            path,
            status,
            has_token,
            duration,
        } = request;
        let milliseconds = duration.as_secs_f64() * 1000.0;
        let members = json!({ "kind": "edge", "method": method, "path": path, "status": status.as_u16(), "durationMs": milliseconds });
        self.write(now(), members, || {
            let cause = match (*status, has_token) {
                (StatusCode::UNAUTHORIZED, false) => "  no access token",
                (StatusCode::UNAUTHORIZED, true) => "  the access token is refused",
                (StatusCode::TOO_MANY_REQUESTS, _) => "  throttled",
                _ => "",
            };
            Some(format!(
                "{method} {path}  {}  {milliseconds:.0} ms{cause}",
                status.as_u16()
            ))
        });
    }

    /// A line that a program of `--with` wrote.
    pub(crate) fn with(&self, command: &str, line: &str) {
        let program = command.split_whitespace().next().unwrap_or("with");
        let members = json!({ "kind": "with", "command": command, "line": line });
        self.write(now(), members, || Some(format!("{program}: {line}")));
    }

    /// A line that a process of a service wrote.
    pub(crate) fn service(&self, service: &str, line: &str) {
        self.output(now(), service, line);
    }

    /// A line of the file of events.
    pub(super) fn event(&self, line: &[u8]) {
        let Ok(Event { time, what }) = serde_json::from_slice(line) else {
            return;
        };
        match what {
            What::Output { function, line } => self.output(time, &function, &line),
            What::Call {
                request_id, caller, ..
            } => {
                let mut known = self.known();
                if known.callers.len() >= KEPT_AT_MOST {
                    known.callers.clear();
                }
                if let Some(caller) = caller {
                    known.callers.insert(request_id, caller);
                }
            }
            What::Failure { function, message } => {
                // Its own lines are in the log already.
                let cause = message.split(": {").next().unwrap_or(&message);
                let members = json!({ "kind": "failure", "function": function, "message": cause });
                self.write(time, members, || {
                    Some(format!("ERROR  {}: {cause}", self.name(&function)))
                });
            }
            What::NotEmulated {
                r#type,
                logical_id,
                stack,
            } => {
                if !self
                    .known()
                    .not_emulated
                    .insert((stack.clone(), logical_id.clone()))
                {
                    return;
                }
                let members = json!({ "kind": "notEmulated", "type": r#type, "logicalId": logical_id, "stack": stack });
                self.write(time, members, || {
                    Some(format!(
                        "{} ({logical_id} of {stack}) has no effect on this machine",
                        r#type
                    ))
                });
            }
        }
    }

    fn output(&self, time: u64, function: &str, line: &str) {
        let record: Option<Value> = serde_json::from_str(line).ok();
        let caller = record.as_ref().and_then(|record| {
            let is_request = record["message"] == "request";
            let id = record["requestId"].as_str().filter(|_| is_request)?;
            let known = self.known();
            let caller = known.callers.get(id)?;
            Some(
                known
                    .functions
                    .clients
                    .get(caller)
                    .unwrap_or(caller)
                    .clone(),
            )
        });
        let name = self.name(function);
        let mut members = json!({ "kind": "output", "function": name, "caller": caller });
        match record {
            Some(record) => members["record"] = record,
            None => members["line"] = Value::String(line.to_owned()),
        }
        self.write(time, members, || {
            let text = log_line(line)?;
            let label = self.known().functions.label(function).map(str::to_owned);
            let label = label.map(|label| format!("{label}  ")).unwrap_or_default();
            let caller = caller
                .map(|caller| format!(" · {caller}"))
                .unwrap_or_default();
            Some(format!("{label}{text}{caller}"))
        });
    }

    fn name(&self, function: &str) -> String {
        let known = self.known();
        let server = known.functions.servers.get(function);
        server.map_or_else(|| function.to_owned(), Clone::clone)
    }

    /// `time` is in milliseconds since 1970.
    fn write(&self, time: u64, mut members: Value, line: impl FnOnce() -> Option<String>) {
        let text = if self.json {
            members["time"] = Value::from(time);
            Some(members.to_string())
        } else if self.quiet {
            None
        } else {
            line().map(|line| format!("{} {line}", clock(time)))
        };
        if let Some(text) = text {
            (self.sink)(&format!("{text}\n"));
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // Nothing is left half-written by a panic between two assignments of plain values.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The time of day (UTC).
fn clock(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    let (hours, minutes) = (seconds / 3600 % 24, seconds / 60 % 60);
    format!("{hours:02}:{minutes:02}:{:02}", seconds % 60)
}

#[allow(
    clippy::disallowed_methods,
    reason = "the log is the edge: each line has the time at which it is written"
)]
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    u64::try_from(since.unwrap_or_default().as_millis()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A log and what it has written.
    fn log(json: bool) -> (Log, Arc<Mutex<String>>) {
        let written: Arc<Mutex<String>> = Arc::default();
        let sink = written.clone();
        let log = Log::to(false, json, move |line| sink.lock().unwrap().push_str(line));
        (log, written)
    }

    /// 2026-11-30 17:02:28 UTC.
    const TIME: u64 = 1_796_058_148_000;

    fn event(log: &Log, mut members: Value) {
        members["time"] = TIME.into();
        log.event(members.to_string().as_bytes());
    }

    fn request(log: &Log, function: &str) {
        event(
            log,
            json!({ "kind": "call", "function": function, "requestId": "r1", "caller": "id1" }),
        );
        let line = json!({ "message": "request", "requestId": "r1", "method": "tools/call", "tool": "createOrder",
            "status": 200, "outcome": "ok", "durationMs": 6.2 });
        event(
            log,
            json!({ "kind": "output", "function": function, "line": line.to_string() }),
        );
    }

    fn servers(names: &[&str]) -> Functions {
        Functions {
            servers: names
                .iter()
                .map(|name| (format!("{name}-function"), (*name).to_owned()))
                .collect(),
            own: ["authorization-function".to_owned()].into(),
            clients: [("id1".to_owned(), "Job".to_owned())].into(),
        }
    }

    #[test]
    fn a_request_is_one_line_with_its_caller_and_of_several_servers_with_the_server() {
        let (log, written) = log(false);
        log.functions(servers(&["shop"]));
        request(&log, "shop-function");
        log.functions(servers(&["shop", "desk"]));
        request(&log, "desk-function");
        assert_eq!(
            *written.lock().unwrap(),
            "17:02:28 tools/call createOrder  ok  200  6 ms · Job\n\
             17:02:28 desk  tools/call createOrder  ok  200  6 ms · Job\n"
        );
    }

    #[test]
    fn what_functions_write_and_why_they_fail_is_beside_it() {
        let (log, written) = log(false);
        log.functions(servers(&["shop"]));
        for (function, line) in [
            ("shop-function", "hello"),
            ("app-function", "of the app's own"),
            (
                "authorization-function",
                r#"{"endpoint":"token","status":200}"#,
            ),
        ] {
            event(
                &log,
                json!({ "kind": "output", "function": function, "line": line }),
            );
        }
        event(
            &log,
            json!({ "kind": "failure", "function": "shop-function",
                "message": "bootstrap exited during init with code 1: {\"level\":\"ERROR\"}" }),
        );
        let odd = json!({ "kind": "notEmulated", "type": "AWS::A::B", "logicalId": "Odd", "stack": "App" });
        event(&log, odd.clone());
        event(&log, odd);
        assert_eq!(
            *written.lock().unwrap(),
            "17:02:28 hello\n\
             17:02:28 app-function  of the app's own\n\
             17:02:28 authorization token  ok  200\n\
             17:02:28 ERROR  shop: bootstrap exited during init with code 1\n\
             17:02:28 AWS::A::B (Odd of App) has no effect on this machine\n"
        );
    }

    #[test]
    fn programs_get_one_json_object_for_each_line() {
        let (log, written) = log(true);
        log.functions(servers(&["shop"]));
        request(&log, "shop-function");
        log.edge(&EdgeRequest {
            method: "POST",
            path: "/mcp",
            status: StatusCode::UNAUTHORIZED,
            has_token: false,
            duration: Duration::from_millis(2),
        });
        let lines: Vec<Value> = written
            .lock()
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines[0]["function"], "shop");
        assert_eq!(lines[0]["caller"], "Job");
        assert_eq!(lines[0]["record"]["tool"], "createOrder");
        assert_eq!(lines[0]["time"], TIME);
        assert_eq!(
            (&lines[1]["kind"], &lines[1]["status"]),
            (&json!("edge"), &json!(401))
        );
    }

    #[test]
    fn a_request_without_a_response_of_a_function_says_why() {
        let (log, written) = log(false);
        for (status, has_token) in [
            (StatusCode::UNAUTHORIZED, false),
            (StatusCode::UNAUTHORIZED, true),
            (StatusCode::TOO_MANY_REQUESTS, true),
            (StatusCode::OK, false),
        ] {
            log.edge(&EdgeRequest {
                method: "POST",
                path: "/mcp",
                status,
                has_token,
                duration: Duration::from_millis(2),
            });
        }
        let written = written.lock().unwrap();
        let lines: Vec<&str> = written.lines().map(|line| &line[9..]).collect();
        assert_eq!(
            lines,
            [
                "POST /mcp  401  2 ms  no access token",
                "POST /mcp  401  2 ms  the access token is refused",
                "POST /mcp  429  2 ms  throttled",
                "POST /mcp  200  2 ms",
            ]
        );
    }
}
