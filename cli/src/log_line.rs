//! Makes one readable line of a log record of a function: a request of a server or of the authorization server, a panic,
//! an error, or what the server's own code wrote.

use serde_json::{Map, Value};

use crate::visible::visible;

/// The line for a person, without a time; `None` for records that say nothing to them (Lambda's START and END).
///
/// ```
/// use mcp_lambda_cli::log_line::log_line;
///
/// let record = r#"{"level":"INFO","message":"request","method":"tools/call","tool":"createOrder","client":"claude-code",
///     "status":200,"outcome":"ok","durationMs":6.2}"#;
/// assert_eq!(log_line(record).as_deref(), Some("tools/call createOrder  ok  200  6 ms  claude-code"));
/// ```
#[must_use]
pub fn log_line(record: &str) -> Option<String> {
    let record = record.trim_end();
    match serde_json::from_str(record) {
        Ok(Value::Object(record)) => object(&record).map(|line| visible(&line)),
        _ => plain(record),
    }
}

/// Two spaces between the columns.
const GAP: &str = "  ";

fn object(record: &Map<String, Value>) -> Option<String> {
    if let Some(kind) = string(record, "type").filter(|kind| kind.starts_with("platform.")) {
        return platform(kind, record);
    }
    if string(record, "message") == Some("request") && record.contains_key("outcome") {
        return Some(request(record));
    }
    if record.contains_key("endpoint") && record.contains_key("status") {
        return Some(authorization(record));
    }
    Some(other(record))
}

/// The line that `lambda/mcp-lambda` writes for each request.
fn request(record: &Map<String, Value>) -> String {
    let method = string(record, "method").unwrap_or("request");
    let subject = match string(record, "tool") {
        Some(tool) => format!("{method} {tool}"),
        None => method.to_owned(),
    };
    let outcome = string(record, "outcome").unwrap_or_default();
    let outcome = match string(record, "refusal") {
        Some(refusal) => format!("{outcome}: {refusal}"),
        None => outcome.to_owned(),
    };
    let cold = record.get("coldStart") == Some(&Value::Bool(true));
    columns([
        Some(subject),
        Some(outcome),
        record.get("status").map(value),
        record
            .get("durationMs")
            .and_then(Value::as_f64)
            .map(duration),
        string(record, "client").map(str::to_owned),
        cold.then(|| "cold start".to_owned()),
    ])
}

/// The line that the authorization server writes for each request.
fn authorization(record: &Map<String, Value>) -> String {
    let client = string(record, "clientHost").or_else(|| string(record, "clientRegistration"));
    let detail = string(record, "detail").or_else(|| string(record, "mismatch"));
    columns([
        string(record, "endpoint").map(|endpoint| format!("authorization {endpoint}")),
        Some(
            string(record, "failure")
                .map_or_else(|| "ok".to_owned(), |name| format!("refused: {name}")),
        ),
        record.get("status").map(value),
        client.map(str::to_owned),
        detail.map(str::to_owned),
    ])
}

/// Lambda's own events; only an invocation that failed says something.
fn platform(kind: &str, record: &Map<String, Value>) -> Option<String> {
    let event = record.get("record")?.as_object()?;
    let status = string(event, "status").filter(|status| *status != "success")?;
    let cause = string(event, "errorType").map_or_else(String::new, |cause| format!(" ({cause})"));
    Some(format!("ERROR{GAP}{kind}: {status}{cause}"))
}

/// Members that the line shows elsewhere, or that only a program needs.
const HIDDEN: [&str; 10] = [
    "level",
    "message",
    "timestamp",
    "time",
    "target",
    "requestId",
    "xrayTraceId",
    "traceId",
    "fields",
    "_aws",
];

/// Any other JSON record, of this project or of `tracing`: level, message, members.
fn other(record: &Map<String, Value>) -> String {
    let fields = record.get("fields").and_then(Value::as_object);
    let level = string(record, "level").unwrap_or("INFO");
    let message = string(record, "message")
        .or_else(|| string(fields?, "message"))
        .unwrap_or_default();
    if let (true, Some(position)) = (message == "a panic", string(record, "place")) {
        return columns([
            Some("PANIC".to_owned()),
            Some(position.to_owned()),
            string(record, "panic").map(str::to_owned),
        ]);
    }
    let members: Vec<String> = record
        .iter()
        .chain(fields.into_iter().flatten())
        .filter(|(name, _)| !HIDDEN.contains(&name.as_str()))
        .map(|(name, member)| format!("{name}={}", value(member)))
        .collect();
    columns([
        (level != "INFO").then(|| level.to_owned()),
        Some(message.to_owned()).filter(|message| !message.is_empty()),
        Some(members.join(" ")).filter(|members| !members.is_empty()),
    ])
}

/// A line that is not JSON: Lambda's own, or what a server prints.
fn plain(record: &str) -> Option<String> {
    let of_lambda = [
        "START RequestId: ",
        "END RequestId: ",
        "INIT_START ",
        "EXTENSION\t",
    ];
    if record.is_empty() || of_lambda.iter().any(|start| record.starts_with(start)) {
        return None;
    }
    if let Some(report) = record.strip_prefix("REPORT RequestId: ") {
        let status = report
            .split('\t')
            .find_map(|part| part.trim().strip_prefix("Status: "))?;
        return Some(format!("ERROR{GAP}invocation: {status}"));
    }
    Some(record.to_owned())
}

fn columns<const COUNT: usize>(columns: [Option<String>; COUNT]) -> String {
    let columns: Vec<String> = columns.into_iter().flatten().collect();
    columns.join(GAP)
}

fn duration(milliseconds: f64) -> String {
    match milliseconds {
        ..1.0 => format!("{milliseconds:.1} ms"),
        1.0..10_000.0 => format!("{milliseconds:.0} ms"),
        _ => format!("{:.1} s", milliseconds / 1000.0),
    }
}

fn string<'a>(record: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    record.get(name)?.as_str()
}

fn value(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(record: &str) -> String {
        log_line(record).unwrap()
    }

    #[test]
    fn a_refused_call_says_why_and_a_slow_one_how_long() {
        assert_eq!(
            line(
                r#"{"level":"INFO","message":"request","requestId":"r","method":"tools/call","tool":"buy","status":403,
                "outcome":"refused","refusal":"insufficientScope","durationMs":0.41,"coldStart":true,"_aws":{}}"#
            ),
            "tools/call buy  refused: insufficientScope  403  0.4 ms  cold start"
        );
        assert_eq!(
            line(
                r#"{"message":"request","method":"tools/list","status":200,"outcome":"ok","durationMs":12345.0}"#
            ),
            "tools/list  ok  200  12.3 s"
        );
    }

    #[test]
    fn the_authorization_server_names_endpoint_and_failure() {
        assert_eq!(
            line(
                r#"{"endpoint":"token","status":400,"failure":"invalidGrant","detail":"the code is used","clientRegistration":"registered"}"#
            ),
            "authorization token  refused: invalidGrant  400  registered  the code is used"
        );
        assert_eq!(
            line(r#"{"endpoint":"register","status":201}"#),
            "authorization register  ok  201"
        );
    }

    #[test]
    fn a_caller_s_strings_do_not_reach_the_terminal_as_control_characters() {
        assert_eq!(
            line(
                r#"{"message":"request","method":"tools/list","client":"a\u001b[2Jb","outcome":"ok"}"#
            ),
            "tools/list  ok  a\u{fffd}[2Jb"
        );
    }

    #[test]
    fn panics_and_errors_stand_out_with_their_position_and_members() {
        assert_eq!(
            line(r#"{"level":"ERROR","message":"a panic","place":"src/server.rs:150:9"}"#),
            "PANIC  src/server.rs:150:9"
        );
        assert_eq!(
            line(r#"{"level":"ERROR","message":"a tool panicked","tool":"boom","requestId":"r"}"#),
            "ERROR  a tool panicked  tool=boom"
        );
        assert_eq!(
            line(
                r#"{"timestamp":"t","level":"WARN","fields":{"message":"slow","rows":7},"target":"shop"}"#
            ),
            "WARN  slow  rows=7"
        );
    }

    #[test]
    fn of_lambdas_own_lines_only_failures_are_shown() {
        assert_eq!(log_line("START RequestId: 1 Version: 2\n"), None);
        assert_eq!(log_line("REPORT RequestId: 1\tDuration: 3.2 ms\t\n"), None);
        assert_eq!(
            line("REPORT RequestId: 1\tDuration: 3000.00 ms\tStatus: timeout\n"),
            "ERROR  invocation: timeout"
        );
        assert_eq!(
            log_line(r#"{"type":"platform.report","record":{"status":"success"}}"#),
            None
        );
        assert_eq!(
            line(
                r#"{"type":"platform.report","record":{"status":"error","errorType":"Runtime.ExitError"}}"#
            ),
            "ERROR  platform.report: error (Runtime.ExitError)"
        );
        assert_eq!(line("hello from my tool\n"), "hello from my tool");
    }
}
