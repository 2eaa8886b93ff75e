//! The toolbox server as a Lambda function, with substitutes of the Serper API, Secrets Manager and S3.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

use std::convert::Infallible;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use mcp_lambda::{AwsEnvironment, HttpUrl, Milliseconds, Process};
use mcp_lambda_testing::{Function, FunctionOptions, TransferMode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use toolbox::{SearchApi, SearchError, SearchSettings};

const RESOURCE: &str = "https://d111.cloudfront.net/mcp";
const ISSUER: &str = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Example01";

/// All that the server asks, at one address.
struct World {
    /// The value of the secret, or the error code of Secrets Manager.
    secret: Mutex<Result<String, &'static str>>,
    /// Status and body of the Serper API; no response at all without it.
    serper: Mutex<Option<(u16, String)>>,
    /// What the Serper API was asked: key and body.
    searches: Mutex<Vec<(String, Value)>>,
    secrets_read: AtomicUsize,
    /// Status and body of S3, page by page.
    s3: Mutex<Vec<(u16, String)>>,
}

impl World {
    async fn start() -> (Arc<Self>, Arc<Function>) {
        let (world, function, _) = Self::start_at().await;
        (world, function)
    }

    async fn start_at() -> (Arc<Self>, Arc<Function>, String) {
        let found = json!({ "organic": [
            { "title": "Rust", "link": "https://www.rust-lang.org/", "snippet": "A language.", "position": 1 },
            { "title": "Bad", "link": "javascript:alert(1)", "snippet": "" },
            { "title": "Book", "link": "https://doc.rust-lang.org/book/" },
            { "title": "Third", "link": "https://example.com/", "snippet": "x".repeat(9000) },
        ] });
        let world = Arc::new(Self {
            secret: Mutex::new(Ok("key-one\n".to_owned())),
            serper: Mutex::new(Some((200, found.to_string()))),
            searches: Mutex::default(),
            secrets_read: AtomicUsize::new(0),
            s3: Mutex::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let served = Arc::clone(&world);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let world = Arc::clone(&served);
                let service = service_fn(move |request| {
                    let world = Arc::clone(&world);
                    async move { Ok::<_, Infallible>(world.respond(request).await) }
                });
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        let environment = [
            ("MCP_RESOURCE", RESOURCE),
            ("MCP_ISSUER", ISSUER),
            ("MCP_RESPONSE_MODE", "buffered"),
            ("SERPER_SECRET", "serper-key"),
            ("SERPER_BASE_URL", &format!("{address}/serper")),
            ("SERPER_TIMEOUT_MS", "700"),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "secret-example"),
            ("AWS_ENDPOINT_URL", &address),
        ];
        let function = Function::new(FunctionOptions {
            command: vec![env!("CARGO_BIN_EXE_toolbox").to_owned()],
            environment: environment
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            handler: "bootstrap".to_owned(),
            timeout: Duration::from_secs(60),
            transfer_mode: TransferMode::Buffered,
            kills: None,
        });
        (world, function, address)
    }

    async fn respond(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        if head.uri.path() == "/serper/search" {
            assert_eq!(head.method, "POST");
            let key = head.headers["x-api-key"].to_str().unwrap().to_owned();
            self.searches
                .lock()
                .unwrap()
                .push((key, serde_json::from_slice(&body).unwrap()));
            let Some((status, body)) = self.serper.lock().unwrap().clone() else {
                std::future::pending().await
            };
            return response(status, "application/json", body);
        }
        if head
            .headers
            .get("x-amz-target")
            .is_some_and(|target| target == "secretsmanager.GetSecretValue")
        {
            self.secrets_read.fetch_add(1, Ordering::SeqCst);
            let asked: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(asked["SecretId"], "serper-key");
            let (status, body) = match &*self.secret.lock().unwrap() {
                Ok(value) => (200, json!({ "SecretString": value, "Name": "serper-key" })),
                Err(code) => (
                    400,
                    json!({ "__type": code, "message": "arn:aws:iam::123456789012:role/r is not authorized" }),
                ),
            };
            return response(status, "application/x-amz-json-1.1", body.to_string());
        }
        assert!(
            head.headers["authorization"]
                .to_str()
                .unwrap()
                .contains("/s3/aws4_request"),
            "only S3 is left: {head:?}"
        );
        let (status, body) = self.s3.lock().unwrap().remove(0);
        response(status, "application/xml", body)
    }
}

fn response(status: u16, content_type: &str, body: String) -> Response<Full<Bytes>> {
    let response = Response::builder()
        .status(status)
        .header("content-type", content_type);
    response.body(Full::from(body)).unwrap()
}

async fn call(function: &Function, tool: &str, arguments: Value) -> Value {
    let (status, mut body) = call_with(function, "web.search s3.count", tool, arguments).await;
    assert_eq!(status, 200, "{body}");
    body["result"].take()
}

async fn call_with(
    function: &Function,
    scopes: &str,
    tool: &str,
    arguments: Value,
) -> (u16, Value) {
    let scopes: Vec<String> = scopes
        .split(' ')
        .map(|scope| format!("{RESOURCE}/{scope}"))
        .collect();
    let message = json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": tool, "arguments": arguments }
    });
    let event = json!({
        "httpMethod": "POST", "path": "/mcp", "body": message.to_string(), "isBase64Encoded": false,
        "headers": {
            "Host": "d111.cloudfront.net", "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-11-25",
        },
        "requestContext": { "authorizer": { "claims": {
            "sub": "ada", "client_id": "client", "token_use": "access", "scope": scopes.join(" "), "iss": ISSUER,
        } } },
    });
    let answer = function
        .invoke(event.to_string().into())
        .await
        .expect("the function responds");
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn searches_with_the_key_from_secrets_manager_which_each_process_reads_once() {
    let (world, function) = World::start().await;
    let result = call(
        &function,
        "search_website",
        json!({ "query": " rust ", "limit": 3 }),
    )
    .await;
    let results = result["structuredContent"]["results"].as_array().unwrap();
    assert_eq!(
        results[..2],
        [
            json!({ "title": "Rust", "url": "https://www.rust-lang.org/", "snippet": "A language." }),
            json!({ "title": "Book", "url": "https://doc.rust-lang.org/book/", "snippet": "" }),
        ],
        "without the address that a browser must not open"
    );
    assert_eq!(results[2]["snippet"].as_str().unwrap().len(), 500);
    assert!(
        text(&result).starts_with("Rust\nhttps://www.rust-lang.org/\nA language."),
        "{result}"
    );
    let site = json!({ "query": "lambda", "site": "docs.aws.amazon.com" });
    call(&function, "search_website", site).await;
    assert_eq!(
        *world.searches.lock().unwrap(),
        [
            ("key-one".to_owned(), json!({ "q": "rust", "num": 3 })),
            (
                "key-one".to_owned(),
                json!({ "q": "site:docs.aws.amazon.com lambda", "num": 5 })
            ),
        ]
    );
    let read = u64::try_from(world.secrets_read.load(Ordering::SeqCst)).unwrap();
    assert_eq!(read, function.processes_started(), "once by each process");
}

#[tokio::test]
async fn every_wrong_response_of_the_serper_api_is_a_tool_error_that_says_what_happened() {
    let (world, function) = World::start().await;
    let refused = "the Serper API refused the API key (status %); an operator has to put a valid one into the secret of SERPER_SECRET";
    let too_many = "the Serper API accepts no more searches (status 429); try again in a minute";
    let nonsense = "the Serper API sent something that cannot be understood";
    for (response, problem) in [
        (Some((401, "{}".to_owned())), refused.replace('%', "401")),
        (
            Some((403, "Unauthorized: key-one".to_owned())),
            refused.replace('%', "403"),
        ),
        (Some((429, "{}".to_owned())), too_many.to_owned()),
        (
            Some((400, "{}".to_owned())),
            "the Serper API answered with status 400".to_owned(),
        ),
        (
            Some((500, "oops".to_owned())),
            "the Serper API answered with status 500".to_owned(),
        ),
        (
            Some((503, String::new())),
            "the Serper API answered with status 503".to_owned(),
        ),
        (
            Some((302, String::new())),
            "the Serper API answered with status 302".to_owned(),
        ),
        (Some((200, "<html>".to_owned())), nonsense.to_owned()),
        (Some((200, String::new())), nonsense.to_owned()),
        (Some((200, "[]".to_owned())), nonsense.to_owned()),
        (
            Some((200, json!({ "organic": "none" }).to_string())),
            nonsense.to_owned(),
        ),
        (
            Some((200, json!({ "organic": [{ "title": 1 }] }).to_string())),
            nonsense.to_owned(),
        ),
        (
            Some((200, " ".repeat(600 * 1024))),
            "the Serper API sent more data than expected".to_owned(),
        ),
        (None, "the Serper API did not answer in time".to_owned()),
    ] {
        world.serper.lock().unwrap().clone_from(&response);
        let result = call(&function, "search_website", json!({ "query": "rust" })).await;
        assert_eq!(result["isError"], true, "{problem}");
        assert_eq!(text(&result), format!("no search now: {problem}"));
        assert_eq!(result.get("structuredContent"), None);
    }
    *world.serper.lock().unwrap() = Some((200, json!({ "organic": [] }).to_string()));
    let nothing = call(&function, "search_website", json!({ "query": "rust" })).await;
    assert_eq!(nothing["structuredContent"]["results"], json!([]));
}

/// The API client in this process: a function may have several, and each has a key of its own.
#[tokio::test]
async fn a_key_that_was_replaced_is_read_again_after_it_was_refused() {
    let (world, _function, address) = World::start_at().await;
    let variables = [
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "secret-example"),
        ("AWS_ENDPOINT_URL", &address),
    ];
    let variables = variables.map(|(name, value)| (name.into(), value.into()));
    let process = Process::new([], variables, || SystemTime::UNIX_EPOCH);
    let config = AwsEnvironment::new(&process).sdk_config().unwrap();
    let settings = SearchSettings {
        base_url: HttpUrl::parse(&format!("{address}/serper")).unwrap(),
        timeout: Milliseconds(Duration::from_secs(60)),
        secret: "serper-key".to_owned(),
    };
    let api = SearchApi::new(settings, aws_sdk_secretsmanager::Client::new(&config));
    let found = world.serper.lock().unwrap().clone();
    assert_eq!(api.search("rust", 5, None).await.unwrap().len(), 3);
    *world.secret.lock().unwrap() = Ok("key-two".to_owned());
    *world.serper.lock().unwrap() = Some((403, "{}".to_owned()));
    let refused = api.search("rust", 5, None).await;
    assert_eq!(refused, Err(SearchError::KeyRefused(StatusCode::FORBIDDEN)));
    *world.serper.lock().unwrap() = found;
    assert_eq!(api.search("rust", 5, None).await.unwrap().len(), 3);
    let keys: Vec<String> = world
        .searches
        .lock()
        .unwrap()
        .iter()
        .map(|(key, _)| key.clone())
        .collect();
    assert_eq!(keys, ["key-one", "key-one", "key-two"]);
}

#[tokio::test]
async fn a_secret_that_cannot_be_used_is_a_tool_error_without_the_account_s_details() {
    let (world, function) = World::start().await;
    for (secret, problem) in [
        (
            Err("AccessDeniedException"),
            "no search now: the API key cannot be read from Secrets Manager (AccessDeniedException)",
        ),
        (
            Ok(" \n".to_owned()),
            "no search now: the secret of SERPER_SECRET holds no API key; an operator has to put one there",
        ),
        (
            Ok("two\nlines".to_owned()),
            "no search now: the secret of SERPER_SECRET holds no API key; an operator has to put one there",
        ),
    ] {
        *world.secret.lock().unwrap() = secret;
        let result = call(&function, "search_website", json!({ "query": "rust" })).await;
        assert_eq!(text(&result), problem);
    }
    assert_eq!(world.searches.lock().unwrap().len(), 0);
}

#[tokio::test]
async fn says_which_argument_is_wrong_before_anybody_is_asked() {
    let (world, function) = World::start().await;
    for (arguments, problem) in [
        (
            json!({ "query": " " }),
            "query must have 1 to 400 characters, got 0",
        ),
        (
            json!({ "query": "x".repeat(401) }),
            "query: must have at most 400 characters, got 401",
        ),
        (
            json!({ "query": "x", "limit": 11 }),
            "limit: must be at most 10, got 11",
        ),
        (
            json!({ "query": "x", "site": "a.b/c d" }),
            "site must be a host name such as docs.aws.amazon.com, got \"a.b/c d\"",
        ),
    ] {
        let result = call(&function, "search_website", arguments).await;
        assert_eq!(text(&result), problem);
    }
    assert_eq!(world.secrets_read.load(Ordering::SeqCst), 0);
}

fn buckets(from: usize, to: usize, token: Option<&str>) -> (u16, String) {
    let names: String = (from..to)
        .map(|number| format!("<Bucket><Name>b{number}</Name><CreationDate>2026-01-01T00:00:00.000Z</CreationDate></Bucket>"))
        .collect();
    let token = token
        .map(|token| format!("<ContinuationToken>{token}</ContinuationToken>"))
        .unwrap_or_default();
    (
        200,
        format!(
            "<?xml version=\"1.0\"?><ListAllMyBucketsResult><Buckets>{names}</Buckets>{token}</ListAllMyBucketsResult>"
        ),
    )
}

#[tokio::test]
async fn counts_the_buckets_of_every_page() {
    let (world, function) = World::start().await;
    *world.s3.lock().unwrap() = vec![
        buckets(0, 1000, Some("more")),
        buckets(1000, 1003, None),
        buckets(0, 0, None),
    ];
    let result = call(&function, "count_s3_buckets", json!({})).await;
    assert_eq!(result["structuredContent"], json!({ "buckets": 1003 }));
    assert_eq!(text(&result), "the AWS account has 1003 S3 buckets");
    let none = call(&function, "count_s3_buckets", json!({})).await;
    assert_eq!(none["structuredContent"], json!({ "buckets": 0 }));
}

#[tokio::test]
async fn buckets_that_may_not_be_listed_are_a_tool_error_without_the_account_s_details() {
    let (world, function) = World::start().await;
    let denied = "<Error><Code>AccessDenied</Code><Message>arn:aws:iam::123456789012:role/r is not authorized</Message></Error>";
    *world.s3.lock().unwrap() = vec![(403, denied.to_owned())];
    let result = call(&function, "count_s3_buckets", json!({})).await;
    assert_eq!(result["isError"], true);
    assert_eq!(
        text(&result),
        "the buckets cannot be counted now: S3 (AccessDenied)"
    );
}

#[tokio::test]
async fn each_tool_has_an_oauth_scope_of_its_own() {
    let (_world, function) = World::start().await;
    for (scope, tool) in [
        ("s3.count", "search_website"),
        ("web.search", "count_s3_buckets"),
    ] {
        let (status, body) = call_with(&function, scope, tool, json!({ "query": "x" })).await;
        assert_eq!(
            (status, body["error"]["code"].as_i64()),
            (403, Some(-32003))
        );
    }
}

#[test]
fn the_checked_in_contract_is_what_the_server_prints() {
    let path = format!("{}/contract.json", env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(env!("CARGO_BIN_EXE_toolbox"))
        .arg("contract")
        .env_clear()
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        checked_in == printed,
        "lambda/servers/toolbox/contract.json is stale; run: cargo run -p toolbox -- contract > lambda/servers/toolbox/contract.json"
    );
}
