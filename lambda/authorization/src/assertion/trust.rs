//! What is trusted to authenticate a program.

use std::sync::Arc;

use mcp_lambda_token::jwk::PublicKey;
use serde::Deserialize;
use url::Url;

/// The issuer of the tokens of GitHub Actions.
pub(crate) const GITHUB_ACTIONS: &str = "https://token.actions.githubusercontent.com";

/// A program that authenticates with a client assertion, and only so.
#[derive(Clone, Debug)]
pub(crate) struct MachineClient {
    /// Its app client in the user pool.
    pub(crate) client_id: String,
    /// The app client's secret in Secrets Manager.
    pub(crate) secret_arn: String,
    pub(crate) trust: AssertionTrust,
}

/// Who signs the assertions of a program.
#[derive(Clone, Debug)]
pub(crate) struct AssertionTrust {
    pub(crate) keys: Keys,
    /// The jobs of GitHub Actions whose tokens are its assertions; absent if the program signs them itself.
    pub(crate) jobs: Option<GitHubJobs>,
}

/// The location of public keys.
#[derive(Clone, Debug)]
pub(crate) enum Keys {
    /// In the settings.
    Known(Arc<Vec<PublicKey>>),
    /// A JWK Set at an https URL.
    Published(Url),
}

/// The jobs of GitHub Actions whose tokens are accepted: each claim that is set must be equal.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct GitHubJobs {
    /// `iss`.
    #[serde(default = "github_actions")]
    pub(crate) issuer: String,
    /// `repository`: owner and name.
    pub(crate) repository: String,
    /// `repository_id`, which a repository that takes over the name does not have.
    pub(crate) repository_id: Option<String>,
    /// `repository_owner_id`.
    pub(crate) owner_id: Option<String>,
    /// `ref`, such as `refs/heads/main`.
    #[serde(rename = "ref")]
    pub(crate) git_ref: Option<String>,
    /// `environment`.
    pub(crate) environment: Option<String>,
    /// `job_workflow_ref`: the workflow file with its own ref.
    pub(crate) workflow_ref: Option<String>,
    /// `sub`.
    pub(crate) subject: Option<String>,
}

fn github_actions() -> String {
    GITHUB_ACTIONS.to_owned()
}
