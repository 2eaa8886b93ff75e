//! Runs the command of a CDK app, for this machine.

use std::path::Path;

use serde_json::Value;

use super::assembly::Assembly;
use super::cdk_json::CdkApp;
use super::local_mode::{LOCAL_KEY, LocalMode};
use crate::dev::error::StackError;
use crate::dev::paths::Paths;
use crate::dev::process::{of_the_user, step};

impl CdkApp {
    /// Synthesizes the app for this machine into `directory`, which is emptied first.
    pub(crate) async fn synthesize(
        &self,
        paths: &Paths,
        directory: &Path,
        local: &LocalMode,
        placement: (&str, &str),
    ) -> Result<Assembly, StackError> {
        let mut context = self.context.clone();
        let local = serde_json::to_value(local).unwrap_or(Value::Null);
        context.insert(LOCAL_KEY.to_owned(), local);
        let _ = std::fs::remove_dir_all(directory);
        std::fs::create_dir_all(directory).map_err(StackError::file(directory))?;
        let (account, region) = placement;
        let mut synth = of_the_user("sh", paths);
        synth
            .args(["-c", &self.command])
            .current_dir(&self.root)
            .env("CDK_OUTDIR", directory)
            .env("CDK_CONTEXT_JSON", Value::Object(context).to_string())
            .env("CDK_DEFAULT_ACCOUNT", account)
            .env("CDK_DEFAULT_REGION", region)
            // `cdk synth` validates the same template; here only the seconds count.
            .env("CDK_VALIDATION", "false");
        let fix =
            "fix what it reports (if a package is missing, install the packages of the CDK app)";
        step("synthesizing the app", fix, &mut synth).await?;
        if !directory.join("manifest.json").exists() {
            return Err(StackError::NotACdkApp {
                command: self.command.clone(),
            });
        }
        Assembly::read(directory)
    }
}
