//! Defines [`Process`]: the arguments, environment variables, clock and log of a server, as one value.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use crate::log::Log;

/// The inputs of a server from its process: arguments, environment variables, clock, log.
///
/// `main` builds it and all other code takes it as a value, so that a test can supply its own.
#[derive(Clone)]
#[non_exhaustive]
pub struct Process {
    /// The arguments, without the program's name.
    pub arguments: Vec<String>,
    /// The environment variables.
    pub variables: Arc<BTreeMap<String, String>>,
    /// The clock.
    pub now: fn() -> SystemTime,
    /// The log.
    pub log: Log,
}

impl Process {
    /// Takes the process's arguments (with the program's name first), its environment and its clock.
    ///
    /// Arguments and variables that are not Unicode are left out: no setting can hold them.
    #[must_use]
    pub fn new(
        arguments: impl IntoIterator<Item = OsString>,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        now: fn() -> SystemTime,
    ) -> Self {
        let variables = variables
            .into_iter()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self {
            arguments: arguments
                .into_iter()
                .skip(1)
                .filter_map(|argument| argument.into_string().ok())
                .collect(),
            variables: Arc::new(variables),
            now,
            log: Log::standard_error(),
        }
    }

    /// Sends log lines (JSON, without a line feed) to a function instead of the standard error stream.
    #[must_use]
    pub fn with_log(mut self, sink: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.log = Log::new(sink);
        self
    }

    /// Whether this is a Lambda function.
    #[must_use]
    pub fn is_function(&self) -> bool {
        self.runtime_api().is_some()
    }

    /// Whether this is a container of an Amazon ECS task.
    #[must_use]
    pub fn is_ecs_task(&self) -> bool {
        self.variable("ECS_CONTAINER_METADATA_URI_V4").is_some()
    }

    /// The address of the Lambda Runtime API, which Lambda sets in every function with a custom runtime.
    #[must_use]
    pub fn runtime_api(&self) -> Option<&str> {
        self.variable("AWS_LAMBDA_RUNTIME_API")
    }

    /// A variable that is set and not empty.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }
}

impl fmt::Debug for Process {
    /// Shows only the names of the variables: their values may be credentials.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Process")
            .field("arguments", &self.arguments)
            .field("variables", &self.variables.keys())
            .finish_non_exhaustive()
    }
}
