//! Reads what a folder says about its CDK app: the command and the context.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::json::read_json;
use crate::dev::error::StackError;

/// A CDK app as its folder describes it.
#[derive(Debug, Clone)]
pub(crate) struct CdkApp {
    /// The folder, where the command runs.
    pub(crate) root: PathBuf,
    /// The command that synthesizes it, for a shell.
    pub(super) command: String,
    /// The context and feature flags that the CDK's command line would pass.
    pub(super) context: Map<String, Value>,
}

impl CdkApp {
    /// Reads `cdk.json` and `cdk.context.json` of the folder. `command` replaces the one of `cdk.json`, and `context`
    /// (`key=value`) adds to its context.
    pub(crate) fn read(
        root: &Path,
        command: Option<&str>,
        context: &[(String, String)],
    ) -> Result<Self, StackError> {
        #[derive(Deserialize)]
        struct CdkJson {
            app: Option<String>,
            #[serde(default)]
            context: Map<String, Value>,
        }
        let file = root.join("cdk.json");
        if !file.exists() {
            return Err(StackError::AppMissing {
                root: root.to_owned(),
            });
        }
        let cdk_json: CdkJson = read_json(&file)?;
        let command = command
            .map(str::to_owned)
            .or(cdk_json.app)
            .filter(|command| !command.trim().is_empty())
            .ok_or_else(|| StackError::AppCommandMissing { file: file.clone() })?;
        let mut all = cdk_json.context;
        let looked_up = root.join("cdk.context.json");
        if looked_up.exists() {
            all.extend(read_json::<Map<String, Value>>(&looked_up)?);
        }
        let given = context.iter().cloned();
        all.extend(given.map(|(key, value)| (key, Value::String(value))));
        Ok(Self {
            root: root.to_owned(),
            command,
            context: all,
        })
    }
}
