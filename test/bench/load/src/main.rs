//! Sends requests over a number of connections, each one after the response to the one before, and prints how many there
//! were and how long they took.
//!
//! A closed loop: with many connections a response waits for its turn at the server, and the times contain that.

mod connection;

use std::io::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::json;

use crate::connection::Connection;

/// What to send, and for how long: the program's only argument, as JSON.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Plan {
    /// `host:port`.
    address: String,
    /// Path of the requests.
    path: String,
    /// Further headers of each request.
    headers: Vec<(String, String)>,
    /// Body of each request.
    body: String,
    /// What the body of each response must contain.
    expected: String,
    connections: usize,
    warm_up_ms: u64,
    measured_ms: u64,
}

fn main() -> ExitCode {
    let result = plan().and_then(|plan| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        runtime.block_on(measure(plan))
    });
    match result {
        Ok(line) => {
            let _ = writeln!(std::io::stdout(), "{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

fn plan() -> Result<Plan, String> {
    let argument = std::env::args().nth(1).ok_or("the plan is missing")?;
    serde_json::from_str(&argument).map_err(|error| format!("the plan cannot be read: {error}"))
}

async fn measure(plan: Plan) -> Result<String, String> {
    let request = request(&plan);
    let begin = Instant::now() + Duration::from_millis(plan.warm_up_ms);
    let end = begin + Duration::from_millis(plan.measured_ms);
    let mut clients = Vec::new();
    for _ in 0..plan.connections {
        let connection = Connection::open(&plan.address).await?;
        let (request, expected) = (request.clone(), plan.expected.clone());
        clients.push(tokio::spawn(client(
            connection, request, expected, begin, end,
        )));
    }
    let mut times = Vec::new();
    for client in clients {
        times.extend(client.await.map_err(|error| error.to_string())??);
    }
    times.sort_unstable();
    let percentile = |share: f64| {
        let last = times.len().saturating_sub(1);
        let index = (last as f64 * share).round() as usize;
        times.get(index).map(|time| time.as_secs_f64() * 1e6)
    };
    let seconds = Duration::from_millis(plan.measured_ms).as_secs_f64();
    let line = json!({
        "requests": times.len(),
        "perSecond": times.len() as f64 / seconds,
        "p50Us": percentile(0.5),
        "p99Us": percentile(0.99),
    });
    Ok(line.to_string())
}

/// The time of each request that began and ended in the measured time.
async fn client(
    mut connection: Connection,
    request: Vec<u8>,
    expected: String,
    begin: Instant,
    end: Instant,
) -> Result<Vec<Duration>, String> {
    let mut times = Vec::new();
    loop {
        let sent = Instant::now();
        if sent >= end {
            return Ok(times);
        }
        connection.exchange(&request, &expected).await?;
        let received = Instant::now();
        if sent >= begin && received <= end {
            times.push(received - sent);
        }
    }
}

fn request(plan: &Plan) -> Vec<u8> {
    let mut head = format!(
        "POST {} HTTP/1.1\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n\
         Content-Length: {}\r\n",
        plan.path,
        plan.body.len()
    );
    for (name, value) in &plan.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    let mut request = head.into_bytes();
    request.extend_from_slice(plan.body.as_bytes());
    request
}
