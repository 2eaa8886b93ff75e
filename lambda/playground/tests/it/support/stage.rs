//! The playground with all that it needs.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use mcp_lambda_playground::{Playground, edge};
use mcp_lambda_runtime::process::Process;
use serde_json::json;

use super::browser::Browser;
use super::listener::listener;
use super::{Bedrock, Program, Shop, Table};

pub(crate) const MODEL: &str = "eu.amazon.nova-lite-v1:0";

/// What differs from test to test.
#[derive(Default)]
pub(crate) struct Options {
    /// Further variables.
    pub(crate) variables: Vec<(&'static str, String)>,
    /// In memory instead of the table.
    pub(crate) in_memory: bool,
}

/// The playground with all that it needs.
pub(crate) struct Stage {
    pub(crate) shop: Shop,
    pub(crate) bedrock: Bedrock,
    pub(crate) table: Table,
    pub(crate) origin: String,
    pub(crate) log: Arc<Mutex<Vec<String>>>,
    variables: Vec<(String, String)>,
}

fn later() -> SystemTime {
    SystemTime::now() + Duration::from_secs(60)
}

impl Stage {
    pub(crate) async fn start() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let (shop, bedrock, table) = tokio::join!(Shop::start(), Bedrock::start(), Table::start());
        let servers = json!([{ "name": "The shop", "url": shop.url }]).to_string();
        let models =
            json!([{ "id": MODEL, "name": "Nova Lite" }, { "id": "another.model" }]).to_string();
        let mut variables: Vec<(String, String)> = [
            ("PLAYGROUND_SERVERS", servers.as_str()),
            ("PLAYGROUND_MODELS", &models),
            (
                "PLAYGROUND_SECRET",
                "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            ),
            ("PLAYGROUND_TITLE", "A shop"),
            ("ALLOW_PRIVATE_SERVERS", "true"),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_ENDPOINT_URL_DYNAMODB", &table.url),
            ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", &bedrock.url),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        if !options.in_memory {
            variables.push(("PLAYGROUND_TABLE".into(), "table".into()));
        }
        for (name, value) in options.variables {
            variables.retain(|(known, _)| known != name);
            variables.push((name.into(), value));
        }
        let mut stage = Self {
            shop,
            bedrock,
            table,
            origin: String::new(),
            log: Arc::default(),
            variables,
        };
        stage.origin = stage.process(SystemTime::now).await;
        stage
    }

    /// Another process of the same playground, a minute later: what a killed one held has expired.
    pub(crate) async fn later(&mut self) {
        self.origin = self.process(later).await;
    }

    /// The playground as a process of its own, which can be killed.
    pub(crate) async fn program(&self) -> Program {
        Program::start(&self.variables).await
    }

    /// Another process at the same time, at another address.
    pub(crate) async fn another(&self) -> String {
        self.process(SystemTime::now).await
    }

    async fn process(&self, now: fn() -> SystemTime) -> String {
        let (listener, origin) = listener().await;
        let log = Arc::clone(&self.log);
        let mut variables = self.variables.clone();
        variables.push(("PLAYGROUND_ORIGIN".into(), origin.clone()));
        let variables = variables
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()));
        let process = Process::new(Vec::new(), variables, now);
        let process = process.with_log(move |line| log.lock().unwrap().push(line.to_owned()));
        let playground = Playground::new(&process).unwrap();
        tokio::spawn(edge::serve_http(listener, playground));
        origin
    }

    /// A browser in which nobody is signed in.
    pub(crate) fn browser(&self) -> Browser {
        Browser::new(&self.origin)
    }

    /// A browser in which `person` is signed in.
    pub(crate) async fn signed_in(&self, person: &str) -> Browser {
        let mut browser = self.browser();
        browser.sign_in(person).await;
        browser
    }
}
