//! The server of `it/http_service`: the tests start, signal and kill it as a process.

use std::process::ExitCode;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use mcp_lambda::rmcp::RoleServer;
use mcp_lambda::rmcp::service::RequestContext;
use mcp_lambda::{
    HttpUrl, HttpsClient, Process, Progress, Server, SessionError, SessionState, tool,
};

mcp_lambda::settings! {
    /// Settings of the server under test.
    struct GateSettings owned by Server {
        /// Where gates are asked to open. A response is the opened gate.
        gates: HttpUrl = "GATES_URL",
    }
}

struct Gates {
    url: HttpUrl,
    client: HttpsClient,
}

/// Returns its argument.
#[tool(scope = "tools", read_only)]
async fn echo(text: String) -> String {
    text
}

/// Reports progress, and waits until the test opens a gate.
#[tool(scope = "tools", as_task)]
async fn pass(gates: &Gates, gate: String, progress: Progress) -> Result<String, String> {
    progress.report(0, 1, "at the gate").await;
    wait_at(gates, &gate).await
}

/// Waits until the test opens a gate, and says nothing before.
#[tool(scope = "tools")]
async fn wait(gates: &Gates, gate: String) -> Result<String, String> {
    wait_at(gates, &gate).await
}

async fn wait_at(gates: &Gates, gate: &str) -> Result<String, String> {
    let url = HttpUrl::parse(&format!("{}/{gate}", gates.url.as_str()));
    let url = url.map_err(|problem| problem.to_string())?;
    let opened = gates.client.get(&url, &[], 100, Duration::from_secs(60));
    let word = opened.await.map_err(|problem| problem.to_string())?;
    Ok(String::from_utf8_lossy(&word).into_owned())
}

/// Counts the calls of its session.
#[tool(scope = "tools", writes_session)]
async fn count(session: SessionState<u64>) -> Result<String, SessionError> {
    let counted = session.update(|count| {
        *count += 1;
        *count
    });
    Ok(counted.await?.to_string())
}

/// Shows the names and values of the headers that describe the client of a proxy.
#[tool(scope = "tools")]
async fn forwarded(#[context] context: RequestContext<RoleServer>) -> String {
    let parts = context.extensions.get::<http::request::Parts>();
    let headers = parts.into_iter().flat_map(|parts| &parts.headers);
    let mut shown: Vec<String> = headers
        .filter(|(name, _)| name.as_str().contains("forwarded") || *name == "x-real-ip")
        .map(|(name, value)| format!("{name}={}", value.to_str().unwrap_or_default()))
        .collect();
    shown.sort();
    shown.join(" ")
}

/// Names the thread that it runs on.
#[tool(scope = "tools")]
async fn thread() -> String {
    let thread = std::thread::current();
    thread.name().unwrap_or_default().to_owned()
}

/// Seconds by which the clock of the process is ahead.
static CLOCK_AHEAD: OnceLock<u64> = OnceLock::new();

#[expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "a program reads its environment and its clock"
)]
fn main() -> ExitCode {
    if let Ok(seconds) = std::env::var("CLOCK_AHEAD_SECONDS") {
        CLOCK_AHEAD.get_or_init(|| seconds.parse().expect("a number of seconds"));
    }
    let now = || {
        let ahead = CLOCK_AHEAD.get().copied().unwrap_or_default();
        SystemTime::now() + Duration::from_secs(ahead)
    };
    let server = Server::with_app("gates", "1.0.0", |settings: GateSettings, _| {
        Ok(Gates {
            url: settings.gates,
            client: HttpsClient::new(),
        })
    })
    .scope("tools", "Use the tools")
    .tool(echo)
    .tool(pass)
    .tool(wait)
    .tool(count)
    .tool(forwarded)
    .tool(thread)
    .resumable_streams();
    let process = Process::new(std::env::args_os(), std::env::vars_os(), now);
    mcp_lambda::run(process, server.definition())
}
