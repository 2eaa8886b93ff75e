//! An MCP server under test: a function with the environment that a deployment gives it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use mcp_lambda_runtime::process::Process;
use mcp_lambda_runtime::program::Program;
use serde_json::Value;

use crate::answer::{Failure, TransferMode};
use crate::deployment::{ISSUER, RESOURCE};
use crate::function::Function;
use crate::log_group::LogGroup;
use crate::options::FunctionOptions;
use crate::process::ThreadProgram;
use crate::table::Table;
use crate::test_caller::TestCaller;

/// Longer than any tool that a test waits for.
const TIMEOUT: Duration = Duration::from_secs(60);

/// An MCP server behind API Gateway, with its state in memory. As on Lambda, it gets a second process for a call that arrives
/// while the first one is busy.
pub struct ServerUnderTest {
    function: Arc<Function>,
    program: Option<ThreadProgram>,
    options: FunctionOptions,
    table: Arc<Table>,
    audit: Option<Arc<LogGroup>>,
}

/// Serves what the function returns on threads of the test: `serve(shop::server)`.
///
/// # Errors
///
/// [`Failure::NotStarted`] when the table that holds its state has no port.
pub async fn serve<P: Program>(
    server: impl Fn() -> P + Send + Sync + 'static,
) -> Result<ServerUnderTest, Failure> {
    let program = move |variables: BTreeMap<String, String>| {
        let variables = variables
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()));
        let process = Process::new([], variables, now).with_log(print);
        let _ = server().run_in(process);
    };
    ServerUnderTest::start(Vec::new(), Some(Arc::new(program))).await
}

/// Serves the binary of a package: `serve_program(env!("CARGO_BIN_EXE_shop"))`.
///
/// # Errors
///
/// As [`serve`].
pub async fn serve_program(program: &str) -> Result<ServerUnderTest, Failure> {
    ServerUnderTest::start(vec![program.to_owned()], None).await
}

impl ServerUnderTest {
    async fn start(command: Vec<String>, program: Option<ThreadProgram>) -> Result<Self, Failure> {
        let (table, endpoint) = Table::serve()
            .await
            .map_err(|error| Failure::NotStarted(error.to_string()))?;
        let environment = [
            ("MCP_RESOURCE", RESOURCE),
            ("MCP_ISSUER", ISSUER),
            ("MCP_RESPONSE_MODE", "buffered"),
            ("MCP_STATE_TABLE", "state"),
            (
                "MCP_STATE_KEYS",
                "test:0123456789abcdefghijklmnopqrstuvwxyzABCDEFG",
            ),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "example"),
            ("AWS_ENDPOINT_URL", &endpoint),
        ];
        let options = FunctionOptions {
            command,
            environment: environment
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            handler: "bootstrap".to_owned(),
            timeout: TIMEOUT,
            transfer_mode: TransferMode::Buffered,
            kills: None,
        };
        Ok(Self {
            function: Function::start(options.clone(), program.clone()),
            program,
            options,
            table,
            audit: None,
        })
    }

    /// The same server with a setting of its own. No process has started yet, so it applies to the first one.
    #[must_use]
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.options
            .environment
            .insert(name.to_owned(), value.to_owned());
        self.function = Function::start(self.options.clone(), self.program.clone());
        self
    }

    /// The same server with an audit trail, which it must declare. No process has started yet.
    ///
    /// # Errors
    ///
    /// [`Failure::NotStarted`] when the log group has no port.
    pub async fn audited(self) -> Result<Self, Failure> {
        let group = "audit";
        let (audit, endpoint) = LogGroup::serve(group)
            .await
            .map_err(|error| Failure::NotStarted(error.to_string()))?;
        let mut server = self
            .setting("MCP_AUDIT_LOG_GROUP", group)
            .setting("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", &endpoint);
        server.audit = Some(audit);
        Ok(server)
    }

    /// The records of the audit trail so far, in their order.
    #[must_use]
    pub fn audit_records(&self) -> Vec<Value> {
        let lines = self.audit.as_ref().map(|audit| audit.lines());
        let lines = lines.unwrap_or_default();
        lines
            .iter()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    }

    /// A person, by the subject of the access token, without OAuth scopes so far.
    #[must_use]
    pub fn caller(&self, subject: &str) -> TestCaller {
        TestCaller::new(&self.function, subject, "client")
    }

    /// A program that signs in with client credentials, by its app client, without OAuth scopes so far.
    #[must_use]
    pub fn machine(&self, app_client: &str) -> TestCaller {
        TestCaller::new(&self.function, app_client, app_client)
    }

    /// The operations of DynamoDB that the server has used so far, such as `GetItem`, in their order.
    #[must_use]
    pub fn table_operations(&self) -> Vec<String> {
        self.table.operations()
    }

    /// How many items the server keeps.
    #[must_use]
    pub fn kept_items(&self) -> usize {
        self.table.len()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test is a process of its own and reads its clock"
)]
fn now() -> SystemTime {
    SystemTime::now()
}

#[expect(
    clippy::print_stderr,
    reason = "the server's log belongs to the output of the test"
)]
fn print(line: &str) {
    eprintln!("{line}");
}
