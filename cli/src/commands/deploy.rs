//! `mcp-lambda deploy`: checks credentials, Region and bootstrap, then runs `cdk deploy`.

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use crate::aws;
use crate::deploy::{Lacking, check};
use crate::dev::error::StackError;

pub(super) const EXAMPLES: &str = "Examples:
  mcp-lambda deploy                     every stack of the CDK app in this folder
  mcp-lambda deploy DogFacts -c env=prod --require-approval never
                                        everything after `deploy` goes to `cdk deploy`
  AWS_PROFILE=work AWS_REGION=eu-west-1 mcp-lambda deploy

Exit status: that of `cdk deploy`, or 1 when something is missing.";

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Name of the CDK's bootstrap stack
    #[arg(long, value_name = "NAME", default_value = "CDKToolkit")]
    toolkit_stack_name: String,

    /// The project's root directory
    #[arg(long, default_value = ".", hide = true)]
    root: PathBuf,

    /// Names of stacks and options of `cdk deploy`
    #[arg(
        value_name = "CDK ARGUMENT",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    arguments: Vec<OsString>,
}

/// Why `mcp-lambda deploy` failed.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// The folder has no app.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// AWS is not ready.
    #[error(transparent)]
    Lacking(#[from] Lacking),
    /// The CDK is not installed.
    #[error("{root} has no node_modules/.bin/cdk: run `npm ci` there", root = root.display())]
    NoCdk {
        /// The project.
        root: PathBuf,
    },
    /// The CDK cannot be started.
    #[error("`cdk` cannot be started: {0}; run `npm ci` again")]
    Start(#[source] std::io::Error),
    /// The CDK failed and said why.
    #[error("`cdk deploy` ended with {0}; what it says is above")]
    Cdk(std::process::ExitStatus),
}

impl DeployError {
    /// The exit status of the command.
    pub(super) fn exit_status(&self) -> u8 {
        match self {
            Self::Cdk(status) => status
                .code()
                .and_then(|code| u8::try_from(code).ok())
                .unwrap_or(1),
            Self::Stack(_) | Self::Lacking(_) | Self::NoCdk { .. } | Self::Start(_) => 1,
        }
    }
}

/// Deploys, with the CDK's own output.
pub(super) async fn run(options: &Options) -> Result<(), DeployError> {
    let root = std::fs::canonicalize(&options.root).map_err(StackError::file(&options.root))?;
    if !root.join("cdk.json").exists() {
        return Err(StackError::AppMissing { root }.into());
    }
    let name = if cfg!(windows) { "cdk.cmd" } else { "cdk" };
    let cdk = root.join("node_modules/.bin").join(name);
    if !cdk.exists() {
        return Err(DeployError::NoCdk { root });
    }
    let destination = check(&aws::config(None).await, &options.toolkit_stack_name).await?;
    // A closed standard error cannot be reported.
    let _ = writeln!(
        std::io::stderr(),
        "Deploying to account {}, {} …",
        destination.account,
        destination.region
    );
    let status = tokio::process::Command::new(cdk)
        .arg("deploy")
        .arg("--toolkit-stack-name")
        .arg(&options.toolkit_stack_name)
        .args(&options.arguments)
        .current_dir(&root)
        .status()
        .await
        .map_err(DeployError::Start)?;
    if status.success() {
        Ok(())
    } else {
        Err(DeployError::Cdk(status))
    }
}
