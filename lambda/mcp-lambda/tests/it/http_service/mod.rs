//! The HTTP service as an operator meets it: a process with a port, signals, and requests over TCP.

mod ending;
mod limits;
mod ready;
mod rest;
mod several;

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc, watch};

use crate::event_source::{ISSUER, serve};
use crate::issuer::{Issuer, claims};
use crate::plain_http::{post, send};
use crate::programs;
use crate::wire::HttpAnswer;

const RESOURCE: &str = "https://mcp.example.com/mcp";
const HOST: &str = "mcp.example.com";
/// Ends a test that hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A process of the server.
struct Service {
    child: Child,
    address: String,
    bearer: String,
    log: watch::Receiver<Vec<String>>,
}

/// Places where tools wait until the test lets them go on.
struct Gates {
    url: String,
    gates: Arc<Mutex<HashMap<String, Gate>>>,
    /// Names of gates whose tool has gone away.
    left: mpsc::UnboundedReceiver<String>,
}

#[derive(Clone)]
struct Gate {
    arrived: Arc<Semaphore>,
    open: Arc<Semaphore>,
}

/// Reports a tool that goes away before its gate is open.
struct Waiting {
    gate: String,
    left: mpsc::UnboundedSender<String>,
    has_passed: bool,
}

impl Waiting {
    fn pass(&mut self) {
        self.has_passed = true;
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if !self.has_passed {
            let _ = self.left.send(std::mem::take(&mut self.gate));
        }
    }
}

impl Gates {
    async fn start() -> Self {
        let gates: Arc<Mutex<HashMap<String, Gate>>> = Arc::default();
        let (sender, left) = mpsc::unbounded_channel();
        let served = Arc::clone(&gates);
        let address = serve(move |request| {
            let name = request.uri().path().trim_start_matches('/').to_owned();
            let gate = gate(&served, &name);
            let mut waiting = Waiting {
                gate: name,
                left: sender.clone(),
                has_passed: false,
            };
            async move {
                gate.arrived.add_permits(1);
                gate.open.acquire().await.unwrap().forget();
                waiting.pass();
                Response::new(Full::from("passed"))
            }
        })
        .await;
        Self {
            url: format!("http://{address}"),
            gates,
            left,
        }
    }

    /// Waits until this many tools wait at the gate.
    async fn arrived(&self, name: &str, tools: u32) {
        let gate = gate(&self.gates, name);
        let arrived = gate.arrived.acquire_many(tools);
        let arrived = tokio::time::timeout(PATIENCE, arrived).await;
        arrived
            .expect("the tool waits at its gate")
            .unwrap()
            .forget();
    }

    /// Lets this many tools go on.
    fn open(&self, name: &str, tools: usize) {
        gate(&self.gates, name).open.add_permits(tools);
    }

    /// The next gate whose tool goes away.
    async fn left(&mut self) -> String {
        let left = tokio::time::timeout(PATIENCE, self.left.recv()).await;
        left.expect("a tool goes away").unwrap()
    }
}

fn gate(gates: &Mutex<HashMap<String, Gate>>, name: &str) -> Gate {
    let mut gates = gates.lock().unwrap();
    let gate = gates.entry(name.to_owned()).or_insert_with(|| Gate {
        arrived: Arc::new(Semaphore::new(0)),
        open: Arc::new(Semaphore::new(0)),
    });
    gate.clone()
}

impl Service {
    /// A process that is ready.
    async fn start(issuer: &Issuer, gates: &Gates, more: &[(&str, &str)]) -> Self {
        let service = Self::begin(issuer, gates, more).await;
        service.becomes_ready().await;
        service
    }

    /// A process that listens, and may not have read the issuer's keys yet.
    async fn begin(issuer: &Issuer, gates: &Gates, more: &[(&str, &str)]) -> Self {
        let mut child = Command::new(programs::program("http_service"))
            .env_clear()
            .envs([
                ("MCP_RESOURCE", RESOURCE),
                ("MCP_ISSUER", ISSUER),
                ("MCP_JWKS_URL", &issuer.jwks_url()),
                ("MCP_LISTEN", "127.0.0.1:0"),
                ("GATES_URL", &gates.url),
            ])
            .envs(more.iter().copied())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = child.stderr.take().unwrap();
        let (sender, log) = watch::channel(Vec::new());
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                sender.send_modify(|lines| lines.push(line));
            }
        });
        let mut service = Self {
            child,
            address: String::new(),
            bearer: format!("Bearer {}", issuer.token(&claims(RESOURCE))),
            log,
        };
        let listening: Value =
            serde_json::from_str(&service.logged("\"listening\"").await).unwrap();
        service.address = listening["address"].as_str().unwrap().to_owned();
        service
    }

    /// The first line of the log with this text.
    async fn logged(&mut self, text: &str) -> String {
        let find = |lines: &Vec<String>| lines.iter().find(|line| line.contains(text)).cloned();
        let mut log = self.log.clone();
        let waiting = log.wait_for(|lines| find(lines).is_some());
        let lines = tokio::time::timeout(PATIENCE, waiting).await;
        let lines = lines.expect("the line is logged");
        find(&lines.expect("the process goes on")).unwrap()
    }

    fn request(&self, message: &Value) -> Request<Full<Bytes>> {
        let mut request = post(
            &format!("http://{}/mcp", self.address),
            Some(&self.bearer),
            message,
        );
        request.headers_mut().insert("host", HOST.parse().unwrap());
        request
    }

    async fn call(&self, tool: &str, arguments: Value) -> HttpAnswer {
        send(self.request(&call(tool, arguments))).await
    }

    async fn becomes_ready(&self) {
        let ready = async {
            while self.health().await.status != 200 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let ready = tokio::time::timeout(PATIENCE, ready).await;
        ready.expect("it asks the issuer again by itself");
    }

    async fn health(&self) -> HttpAnswer {
        let url = format!("http://{}/health", self.address);
        send(Request::get(url).body(Full::default()).unwrap()).await
    }

    /// Sends a signal, by its name for the command `kill`.
    fn signal(&self, signal: &str) {
        let process = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &process]).status();
        assert!(sent.unwrap().success());
    }

    /// Waits for the end of the process; whether it ended well.
    async fn ended(mut self) -> bool {
        let ended = tokio::task::spawn_blocking(move || self.child.wait().unwrap().success());
        let ended = tokio::time::timeout(PATIENCE, ended).await;
        ended.expect("the process ends").unwrap()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether it is the error of a call that was stopped: of the tool, or, on a busy machine, of the server that waits for it.
fn says_that_it_was_stopped(answer: &HttpAnswer) -> bool {
    let message = answer.json();
    let of_tool = &message["result"]["content"][0]["text"];
    let of_server = &message["error"]["message"];
    *of_tool == "tool wait did not finish before the server's deadline"
        || *of_server == "the server did not finish before the end of its invocation"
}

fn call(tool: &str, arguments: Value) -> Value {
    json!({
        "jsonrpc": "2.0", "id": 7, "method": "tools/call",
        "params": { "name": tool, "arguments": arguments, "_meta": { "progressToken": "p" } }
    })
}
