//! A stand-in of the Lambda Runtime API, with the function under test running against it.
#![expect(
    clippy::disallowed_methods,
    reason = "a test is a process of its own and reads its clock"
)]

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use mcp_lambda::{Definition, Process};
use rmcp::ServerHandler;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

use crate::server;
use crate::wire::HttpAnswer;

pub(crate) const RESOURCE: &str = "https://d111.cloudfront.net/mcp";
pub(crate) const ISSUER: &str =
    "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Example01";
pub(crate) const METADATA: &str =
    "https://d111.cloudfront.net/.well-known/oauth-protected-resource/mcp";

/// What X-Ray calls the trace of every invocation.
pub(crate) const TRACE: &str = "1-69200000-000000000000000000000001";

/// Longer than anything a test waits for.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// A running function and the platform around it.
pub(crate) struct Function {
    invocations: mpsc::Sender<Invocation>,
    /// How often the function has asked for an invocation, and how many it has got.
    asked: watch::Receiver<(usize, usize)>,
    pub(crate) log: Arc<Mutex<Vec<String>>>,
}

struct Invocation {
    event: Bytes,
    timeout: Duration,
    reply: mpsc::Sender<Reply>,
}

/// What the function posts, in the order in which it arrives.
enum Reply {
    Start { is_error: bool, headers: HeaderMap },
    Data(Bytes),
}

/// The function's answer to one invocation, while it is being received.
pub(crate) struct Invoked {
    pub(crate) is_error: bool,
    pub(crate) headers: HeaderMap,
    replies: mpsc::Receiver<Reply>,
    pub(crate) received: BytesMut,
}

impl Invoked {
    /// Waits for more data; `false` at the end.
    pub(crate) async fn more(&mut self) -> bool {
        match self.replies.recv().await {
            Some(Reply::Data(data)) => {
                self.received.extend_from_slice(&data);
                true
            }
            Some(Reply::Start { .. }) | None => false,
        }
    }

    pub(crate) async fn all(mut self) -> Bytes {
        while self.more().await {}
        self.received.freeze()
    }
}

/// The platform's side of one function.
struct Platform {
    invocations: tokio::sync::Mutex<mpsc::Receiver<Invocation>>,
    replies: Mutex<HashMap<String, mpsc::Sender<Reply>>>,
    asked: watch::Sender<(usize, usize)>,
}

impl Function {
    pub(crate) async fn streaming() -> Self {
        Self::start(&[]).await
    }

    pub(crate) async fn buffered() -> Self {
        Self::start(&[("MCP_RESPONSE_MODE", "buffered")]).await
    }

    pub(crate) async fn start(variables: &[(&str, &str)]) -> Self {
        Self::start_server(variables, server::definition).await
    }

    pub(crate) async fn start_server<S: ServerHandler>(
        variables: &[(&str, &str)],
        definition: fn() -> Definition<S>,
    ) -> Self {
        let program = move |process| mcp_lambda::run(process, definition());
        Self::start_program(variables, program).await
    }

    /// A function whose clock is this one.
    #[allow(dead_code, reason = "the tests of state alone set the clock")]
    pub(crate) async fn start_server_at<S: ServerHandler>(
        now: fn() -> SystemTime,
        variables: &[(&str, &str)],
        definition: fn() -> Definition<S>,
    ) -> Self {
        let program = move |process| mcp_lambda::run(process, definition());
        Self::start_program_at(now, variables, program).await
    }

    pub(crate) async fn start_program(
        variables: &[(&str, &str)],
        program: impl FnOnce(Process) -> ExitCode + Send + 'static,
    ) -> Self {
        Self::start_program_at(SystemTime::now, variables, program).await
    }

    async fn start_program_at(
        now: fn() -> SystemTime,
        variables: &[(&str, &str)],
        program: impl FnOnce(Process) -> ExitCode + Send + 'static,
    ) -> Self {
        let (invocations, asked, mut all) = Self::platform().await;
        let log = Arc::new(Mutex::new(Vec::new()));
        all.extend(
            variables
                .iter()
                .map(|(name, value)| (*name, (*value).to_owned())),
        );
        let process = process_at(now, &[], &all, &log);
        // The loop has its own runtime, as in a real function; it ends with the test's process.
        std::thread::spawn(move || program(process));
        Self {
            invocations,
            asked,
            log,
        }
    }

    /// The function as a process of its own, started by `start` with these variables.
    pub(crate) async fn elsewhere(start: impl FnOnce(&BTreeMap<&str, String>)) -> Self {
        let (invocations, asked, variables) = Self::platform().await;
        start(&variables);
        Self {
            invocations,
            asked,
            log: Arc::default(),
        }
    }

    /// A Runtime API, and the variables of a function that asks it.
    async fn platform() -> (
        mpsc::Sender<Invocation>,
        watch::Receiver<(usize, usize)>,
        BTreeMap<&'static str, String>,
    ) {
        let (invocations, receiver) = mpsc::channel(64);
        let (asking, asked) = watch::channel((0, 0));
        let platform = Arc::new(Platform {
            invocations: tokio::sync::Mutex::new(receiver),
            replies: Mutex::new(HashMap::new()),
            asked: asking,
        });
        let address = serve(move |request| {
            let platform = Arc::clone(&platform);
            async move { platform.answer(request).await }
        })
        .await;
        let variables = BTreeMap::from([
            ("AWS_LAMBDA_RUNTIME_API", address.to_string()),
            ("MCP_RESOURCE", RESOURCE.to_owned()),
            ("MCP_ISSUER", ISSUER.to_owned()),
            (
                "MCP_ALLOWED_HOSTS",
                "abc123.execute-api.eu-central-1.amazonaws.com".to_owned(),
            ),
        ]);
        (invocations, asked, variables)
    }

    /// Waits until the function asks for more work: what it logs of a request, it writes after the answer.
    pub(crate) async fn settled(&self) {
        let mut asked = self.asked.clone();
        let idle = asked.wait_for(|(asked, got)| asked > got);
        idle.await.expect("the platform runs");
    }

    /// The lines of requests so far.
    pub(crate) fn requests(&self) -> Vec<Value> {
        let log = self.log.lock().unwrap();
        log.iter()
            .map(|line| serde_json::from_str::<Value>(line).expect("a line is JSON"))
            .filter(|line| line["message"] == "request")
            .collect()
    }

    /// Hands an event to the function and waits for the start of its answer.
    pub(crate) async fn invoke(&self, event: &Value, timeout: Duration) -> Invoked {
        let (reply, mut replies) = mpsc::channel(64);
        let invocation = Invocation {
            event: event.to_string().into(),
            timeout,
            reply,
        };
        self.invocations
            .send(invocation)
            .await
            .expect("the platform runs");
        let start = tokio::time::timeout(Duration::from_secs(10), replies.recv()).await;
        match start.expect("the function answers") {
            Some(Reply::Start { is_error, headers }) => Invoked {
                is_error,
                headers,
                replies,
                received: BytesMut::new(),
            },
            Some(Reply::Data(_)) | None => panic!("an answer starts with its head"),
        }
    }

    /// Sends an event and waits for the whole streamed answer.
    pub(crate) async fn send(&self, event: &Value) -> HttpAnswer {
        let invoked = self.invoke(event, DEFAULT_TIMEOUT).await;
        assert!(!invoked.is_error, "the invocation succeeds");
        assert_eq!(
            invoked
                .headers
                .get("Lambda-Runtime-Function-Response-Mode")
                .and_then(|mode| mode.to_str().ok()),
            Some("streaming")
        );
        assert_eq!(
            invoked.headers["Content-Type"],
            "application/vnd.awslambda.http-integration-response"
        );
        assert_eq!(invoked.headers["Transfer-Encoding"], "chunked");
        HttpAnswer::from_stream(&invoked.all().await)
    }

    /// Sends a JSON-RPC message of a client of revision 2025-11-25.
    pub(crate) async fn call_legacy(&self, message: &Value) -> HttpAnswer {
        self.send(&event(message, &[("MCP-Protocol-Version", "2025-11-25")]))
            .await
    }

    /// Sends a JSON-RPC message of a client of revision 2026-07-28.
    pub(crate) async fn call(&self, message: &Value) -> HttpAnswer {
        self.send(&modern_event(message)).await
    }
}

impl Platform {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let path = request
            .uri()
            .path()
            .trim_start_matches("/2018-06-01/runtime")
            .to_owned();
        if path == "/invocation/next" {
            self.asked.send_modify(|(asked, _)| *asked += 1);
            let Some(invocation) = self.invocations.lock().await.recv().await else {
                return status(StatusCode::GONE);
            };
            self.asked.send_modify(|(_, got)| *got += 1);
            let mut replies = self.replies.lock().unwrap();
            let id = format!("invocation-{}", replies.len());
            replies.insert(id.clone(), invocation.reply);
            let end = SystemTime::now() + invocation.timeout;
            let deadline = end
                .duration_since(SystemTime::UNIX_EPOCH)
                .unwrap()
                .as_millis();
            return Response::builder()
                .header("Lambda-Runtime-Aws-Request-Id", id)
                .header(
                    "Lambda-Runtime-Trace-Id",
                    format!("Root={TRACE};Parent=463ac35c9f6413ad;Sampled=1"),
                )
                .header("Lambda-Runtime-Deadline-Ms", deadline.to_string())
                .body(Full::new(invocation.event))
                .unwrap();
        }
        if path == "/init/error" {
            return status(StatusCode::ACCEPTED);
        }
        let mut parts = path.trim_start_matches("/invocation/").split('/');
        let (Some(id), Some(kind)) = (parts.next(), parts.next()) else {
            return status(StatusCode::NOT_FOUND);
        };
        let reply = self
            .replies
            .lock()
            .unwrap()
            .get(id)
            .cloned()
            .expect("a known invocation");
        let (head, mut body) = request.into_parts();
        let _ = reply
            .send(Reply::Start {
                is_error: kind == "error",
                headers: head.headers,
            })
            .await;
        while let Some(Ok(frame)) = body.frame().await {
            if let Ok(data) = frame.into_data() {
                let _ = reply.send(Reply::Data(data)).await;
            }
        }
        self.replies
            .lock()
            .unwrap()
            .insert(id.to_owned(), mpsc::channel(1).0);
        status(StatusCode::ACCEPTED)
    }
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

/// Serves HTTP on a loopback port of the system's choice until the test's process ends.
pub(crate) async fn serve<F, A>(answer: F) -> SocketAddr
where
    F: Fn(Request<Incoming>) -> A + Clone + Send + 'static,
    A: Future<Output = Response<Full<Bytes>>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let service = service_fn(move |request| {
                    let answer = answer(request);
                    async move { Ok::<_, Infallible>(answer.await) }
                });
                let _ = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    });
    address
}

/// A process with these arguments and variables, whose log the test can read.
pub(crate) fn process(
    arguments: &[&str],
    variables: &BTreeMap<&str, String>,
    log: &Arc<Mutex<Vec<String>>>,
) -> Process {
    process_at(SystemTime::now, arguments, variables, log)
}

fn process_at(
    now: fn() -> SystemTime,
    arguments: &[&str],
    variables: &BTreeMap<&str, String>,
    log: &Arc<Mutex<Vec<String>>>,
) -> Process {
    let arguments = std::iter::once("server")
        .chain(arguments.iter().copied())
        .map(Into::into);
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).into(), value.into()));
    let log = Arc::clone(log);
    Process::new(arguments, variables, now)
        .with_log(move |line| log.lock().unwrap().push(line.to_owned()))
}

/// A file under `tests/data`.
pub(crate) fn data(name: &str) -> Value {
    let path = format!(
        "{}/../mcp-lambda/tests/data/{name}",
        env!("CARGO_MANIFEST_DIR")
    );
    serde_json::from_str(&std::fs::read_to_string(&path).expect(&path)).expect(&path)
}

/// The event of a signed-in person who posts this message.
pub(crate) fn event(message: &Value, headers: &[(&str, &str)]) -> Value {
    let mut event = data("event-person.json");
    event["body"] = json!(message.to_string());
    for (name, value) in headers {
        set_header(&mut event, name, value);
    }
    event
}

/// Sets a header in both forms in which an event holds it.
pub(crate) fn set_header(event: &mut Value, name: &str, value: &str) {
    event["headers"][name] = json!(value);
    event["multiValueHeaders"][name] = json!([value]);
}

/// As [`event`], with what revision 2026-07-28 asks a client to send.
pub(crate) fn modern_event(message: &Value) -> Value {
    let mut message = message.clone();
    let meta = data("discover-2026-07-28.json")["params"]["_meta"].clone();
    for (name, value) in meta.as_object().unwrap() {
        message["params"]["_meta"][name] = value.clone();
    }
    let method = message["method"].as_str().unwrap().to_owned();
    let mut event = event(
        &message,
        &[
            ("MCP-Protocol-Version", "2026-07-28"),
            ("Mcp-Method", &method),
        ],
    );
    if let Some(name) = message["params"]["name"].as_str() {
        set_header(&mut event, "Mcp-Name", name);
    }
    event
}

/// A `tools/call` without arguments.
pub(crate) fn call(tool: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": { "name": tool, "arguments": {} } })
}
