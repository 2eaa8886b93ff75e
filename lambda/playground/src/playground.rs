//! What one process has: settings, table, keys and clients, each made when it is first needed.

use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use mcp_lambda_agent::prices::Prices;
use mcp_lambda_runtime::aws::AwsEnvironment;
use mcp_lambda_runtime::process::Process;
use mcp_lambda_runtime::start_error::StartError;

use crate::bedrock;
use crate::clock::seconds;
use crate::network::Network;
use crate::sealing::Secrets;
use crate::settings::Settings;
use crate::sign_in::Flow;
use crate::store::{DynamoDbTable, MemoryTable, Table, TableError};

/// The playground of one process.
pub struct Playground {
    pub(crate) settings: Settings,
    pub(crate) process: Process,
    pub(crate) secrets: Secrets,
    pub(crate) network: Network,
    table: OnceLock<Arc<dyn Table>>,
    bedrock: OnceLock<aws_sdk_bedrockruntime::Client>,
    prices: OnceLock<Prices>,
}

impl Playground {
    /// Reads the settings. Opens no connection and makes no client.
    ///
    /// # Errors
    ///
    /// [`StartError::Settings`] names every variable that is missing or wrong.
    pub fn new(process: &Process) -> Result<Arc<Self>, StartError> {
        let settings = Settings::from_variables(&process.variables, process.is_function());
        let settings = settings.map_err(StartError::Settings)?;
        Ok(Arc::new(Self {
            secrets: Secrets::new(settings.secret.clone(), process),
            network: Network::new(settings.allow_private_servers),
            process: process.clone(),
            table: OnceLock::new(),
            bedrock: OnceLock::new(),
            prices: OnceLock::new(),
            settings,
        }))
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) fn now(&self) -> SystemTime {
        (self.process.now)()
    }

    /// Seconds since 1970.
    pub(crate) fn seconds(&self) -> u64 {
        seconds(self.now())
    }

    pub(crate) fn flow(&self) -> Flow<'_> {
        Flow {
            network: &self.network,
            settings: &self.settings,
        }
    }

    pub(crate) fn prices(&self) -> &Prices {
        self.prices.get_or_init(Prices::built_in)
    }

    pub(crate) fn table(&self) -> Result<&Arc<dyn Table>, TableError> {
        if let Some(table) = self.table.get() {
            return Ok(table);
        }
        let made: Arc<dyn Table> = match &self.settings.table {
            None => Arc::new(MemoryTable::new(self.process.now)),
            Some(name) => {
                let config = AwsEnvironment::new(&self.process).sdk_config();
                let config = config.map_err(|error| TableError::Unavailable(error.to_string()))?;
                let mut builder = aws_sdk_dynamodb::config::Builder::from(&config);
                if let Some(url) = self.process.variable("AWS_ENDPOINT_URL_DYNAMODB") {
                    builder = builder.endpoint_url(url);
                }
                let client = aws_sdk_dynamodb::Client::from_conf(builder.build());
                Arc::new(DynamoDbTable::new(client, name.clone(), self.process.now))
            }
        };
        Ok(self.table.get_or_init(|| made))
    }

    pub(crate) fn bedrock(&self) -> Result<&aws_sdk_bedrockruntime::Client, StartError> {
        if let Some(client) = self.bedrock.get() {
            return Ok(client);
        }
        let made = bedrock::client(&self.process)?;
        Ok(self.bedrock.get_or_init(|| made))
    }
}
