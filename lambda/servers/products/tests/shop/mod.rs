//! The shop's tables on the emulator that `npm start` runs, and its servers as Lambda functions. The tests of orders use it too.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement,
    KeyType, Projection, ProjectionType, ScalarAttributeType,
};
use http_body_util::BodyExt;
use mcp_lambda::{AwsEnvironment, Process};
use mcp_lambda_testing::{Answer, Function, FunctionOptions, TransferMode};
use products::seed::{Seed, catalogue, write};
use serde_json::{Value, json};

pub(crate) const RESOURCE: &str = "https://d111.cloudfront.net/mcp";
pub(crate) const ISSUER: &str =
    "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Example01";
/// Ends what hangs; nothing is expected to take so long.
const PATIENCE: Duration = Duration::from_secs(120);
const KEYS: &str = "one:0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ01";

/// Tables that no other test has, on an emulator that all tests of this process share.
pub(crate) struct Shop {
    pub(crate) client: Client,
    pub(crate) catalogue: String,
    pub(crate) orders: String,
    state: String,
}

impl Shop {
    /// With the whole catalogue.
    pub(crate) async fn open() -> Self {
        let shop = Self::empty().await;
        for seed in catalogue().unwrap() {
            write(&shop.client, &shop.catalogue, &seed).await.unwrap();
        }
        shop
    }

    pub(crate) async fn empty() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let client = client();
        // The emulator loads its DynamoDB at the first request, for which a server would not wait long enough.
        client.list_tables().send().await.unwrap();
        let shop = Self {
            client,
            catalogue: format!("catalogue-{number}"),
            orders: format!("orders-{number}"),
            state: format!("state-{number}"),
        };
        let by_price = ("priceCents", ScalarAttributeType::N);
        shop.create(
            &shop.catalogue,
            &[
                ("byCategory", "category", by_price.clone()),
                ("byPrice", "kind", by_price),
            ],
        )
        .await;
        let by_time = ("created", ScalarAttributeType::S);
        shop.create(&shop.orders, &[("byOwner", "owner", by_time)])
            .await;
        shop.create(&shop.state, &[]).await;
        shop
    }

    async fn create(&self, table: &str, indexes: &[(&str, &str, (&str, ScalarAttributeType))]) {
        let key = |name: &str, kind: KeyType| {
            KeySchemaElement::builder()
                .attribute_name(name)
                .key_type(kind)
                .build()
                .unwrap()
        };
        let attribute = |name: &str, kind: ScalarAttributeType| {
            AttributeDefinition::builder()
                .attribute_name(name)
                .attribute_type(kind)
                .build()
                .unwrap()
        };
        let mut create = self
            .client
            .create_table()
            .table_name(table)
            .billing_mode(BillingMode::PayPerRequest)
            .key_schema(key("pk", KeyType::Hash))
            .attribute_definitions(attribute("pk", ScalarAttributeType::S));
        let mut defined = vec!["pk"];
        for (index, partition, (sort, kind)) in indexes {
            for (name, kind) in [(*partition, ScalarAttributeType::S), (*sort, kind.clone())] {
                if !defined.contains(&name) {
                    defined.push(name);
                    create = create.attribute_definitions(attribute(name, kind));
                }
            }
            create = create.global_secondary_indexes(
                GlobalSecondaryIndex::builder()
                    .index_name(*index)
                    .key_schema(key(partition, KeyType::Hash))
                    .key_schema(key(sort, KeyType::Range))
                    .projection(
                        Projection::builder()
                            .projection_type(ProjectionType::All)
                            .build(),
                    )
                    .build()
                    .unwrap(),
            );
        }
        create.send().await.unwrap();
    }

    /// Puts a product on the shelf that is not in the catalogue's file, with this stock.
    pub(crate) async fn stock(&self, id: &str, price_cents: u64, stock: u64) {
        let seed = json!({
            "id": id, "name": format!("Test {id}"), "category": "tests", "description": "For a test.",
            "priceCents": price_cents, "stock": stock,
        });
        let seed: Seed = serde_json::from_value(seed).unwrap();
        write(&self.client, &self.catalogue, &seed).await.unwrap();
    }

    /// How many pieces of a product are left.
    pub(crate) async fn left(&self, id: &str) -> u64 {
        let item = self
            .client
            .get_item()
            .table_name(&self.catalogue)
            .key("pk", AttributeValue::S(id.to_owned()))
            .consistent_read(true)
            .send()
            .await
            .unwrap();
        item.item().unwrap()["stock"]
            .as_n()
            .unwrap()
            .parse()
            .unwrap()
    }

    /// How many orders there are, of everybody.
    pub(crate) async fn order_count(&self) -> usize {
        let scan = self
            .client
            .scan()
            .table_name(&self.orders)
            .send()
            .await
            .unwrap();
        scan.items().len()
    }

    /// A server of the shop as a Lambda function.
    pub(crate) fn function(&self, program: &str, transfer_mode: TransferMode) -> Arc<Function> {
        self.function_at(program, transfer_mode, emulator())
    }

    /// The same with its tables behind another address.
    pub(crate) fn function_at(
        &self,
        program: &str,
        transfer_mode: TransferMode,
        endpoint: &str,
    ) -> Arc<Function> {
        let mode = match transfer_mode {
            TransferMode::Stream => "stream",
            TransferMode::Buffered => "buffered",
        };
        let environment = [
            ("MCP_RESOURCE", RESOURCE),
            ("MCP_ISSUER", ISSUER),
            ("MCP_RESPONSE_MODE", mode),
            ("MCP_STATE_TABLE", &self.state),
            ("MCP_STATE_KEYS", KEYS),
            ("MCP_METRICS", "off"),
            ("CATALOGUE_TABLE", &self.catalogue),
            ("ORDERS_TABLE", &self.orders),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_ENDPOINT_URL", endpoint),
        ];
        Function::new(FunctionOptions {
            command: vec![program.to_owned()],
            environment: environment
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            handler: "bootstrap".to_owned(),
            timeout: Duration::from_secs(60),
            transfer_mode,
            kills: None,
        })
    }
}

/// An event of API Gateway with this message, by a person whose access token has these OAuth scopes.
pub(crate) fn event(
    person: &str,
    scopes: &str,
    message: &Value,
    headers: &[(&str, &str)],
) -> Value {
    let scopes: Vec<String> = scopes
        .split(' ')
        .map(|scope| format!("{RESOURCE}/{scope}"))
        .collect();
    let mut event = json!({
        "httpMethod": "POST", "path": "/mcp", "body": message.to_string(), "isBase64Encoded": false,
        "headers": {
            "Host": "d111.cloudfront.net", "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
        },
        "requestContext": { "authorizer": { "claims": {
            "sub": person, "client_id": "client", "token_use": "access", "scope": scopes.join(" "), "iss": ISSUER,
        } } },
    });
    for (name, value) in headers {
        event["headers"][*name] = json!(value);
    }
    event
}

/// The message that calls a tool.
pub(crate) fn message(tool: &str, arguments: &Value) -> Value {
    json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": tool, "arguments": arguments }
    })
}

pub(crate) async fn invoke(function: &Function, event: &Value) -> Answer {
    let invoked = function.invoke(event.to_string().into()).await;
    invoked.expect("the function responds")
}

/// Status and body of one `tools/call`.
pub(crate) async fn call_with(
    function: &Function,
    person: &str,
    scopes: &str,
    tool: &str,
    arguments: Value,
) -> (u16, Value) {
    let headers = [("MCP-Protocol-Version", "2025-11-25")];
    let answer = invoke(
        function,
        &event(person, scopes, &message(tool, &arguments), &headers),
    )
    .await;
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

/// The first text of a result.
pub(crate) fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap_or_default()
}

/// A DynamoDB client of the emulator.
fn client() -> Client {
    let variables = [
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_ENDPOINT_URL", emulator()),
    ];
    let variables = variables.map(|(name, value)| (name.into(), value.into()));
    let process = Process::new([], variables, || SystemTime::UNIX_EPOCH);
    let config = AwsEnvironment::new(&process).sdk_config().unwrap();
    let patient = TimeoutConfig::builder()
        .operation_timeout(PATIENCE)
        .operation_attempt_timeout(PATIENCE)
        .build();
    Client::new(&config.into_builder().timeout_config(patient).build())
}

/// Where the emulator is. It ends with this process, because its standard input closes then.
pub(crate) fn emulator() -> &'static str {
    static ENDPOINT: OnceLock<String> = OnceLock::new();
    ENDPOINT.get_or_init(start_emulator)
}

fn start_emulator() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../..")
        .canonicalize()
        .unwrap();
    let state =
        PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("shop-{}", std::process::id()));
    std::fs::create_dir_all(&state).unwrap();
    let port_file = state.join("port");
    let child = Command::new(installed(&root))
        .arg(root.join("cli/emulator/launch.py"))
        .args(["--port", "0", "--port-file"])
        .arg(&port_file)
        .arg("--state")
        .arg(&state)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the emulator starts");
    // Its standard input stays open as long as this process lives.
    std::mem::forget(child);
    for _ in 0..1200 {
        let port = std::fs::read_to_string(&port_file).ok();
        if let Some(port) = port.and_then(|port| port.parse::<u16>().ok())
            && std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
        {
            return format!("http://127.0.0.1:{port}");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("the emulator does not listen after a minute");
}

/// The Python interpreter of the emulator's environment, which `npm start` installs the same way and into the same directory.
fn installed(root: &Path) -> PathBuf {
    let local = root.join(".local");
    std::fs::create_dir_all(&local).unwrap();
    let lock = File::create(local.join("venv.lock")).unwrap();
    lock.lock().unwrap();
    let python = local.join("venv/bin/python");
    let requirements = root.join("cli/emulator/requirements.txt");
    let stamp = local.join("venv/requirements.stamp");
    let wanted = std::fs::read(&requirements).unwrap();
    if std::fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return python;
    }
    let run = |command: &mut Command| {
        let ran = command.output().expect("Python 3.10 or newer is installed");
        assert!(
            ran.status.success(),
            "{}",
            String::from_utf8_lossy(&ran.stderr)
        );
    };
    run(Command::new("python3")
        .args(["-I", "-m", "venv", "--clear"])
        .arg(local.join("venv")));
    run(Command::new(&python)
        .args([
            "-I",
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ])
        .args(["--require-hashes", "--requirement"])
        .arg(&requirements));
    std::fs::write(&stamp, wanted).unwrap();
    python
}
