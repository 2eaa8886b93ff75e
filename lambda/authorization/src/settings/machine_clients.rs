//! The programs that authenticate with a client assertion.

use std::sync::Arc;

use mcp_lambda_contract::{GITHUB_KEYS_PATH, Reader};
use mcp_lambda_token::jwk::PublicKey;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::values::{BaseUrl, Json};
use crate::{
    assertion::{AssertionTrust, Keys, MachineClient, trust::GitHubJobs},
    client::identifier::document_url,
};

const MACHINE_CLIENTS: &str = "AUTHORIZATION_MACHINE_CLIENTS";

mcp_lambda_contract::settings! {
    /// The programs without a stored secret.
    pub(super) struct MachineSettings owned by McpLambda {
        /// Programs that authenticate with a client assertion, as JSON: a list of
        /// {"clientId":"…","clientSecretArn":"…"} with one of "keys" (JSON Web Keys), "jwksUri" and "gitHubActions".
        listed: Json<Vec<Listed>> = "AUTHORIZATION_MACHINE_CLIENTS" or "[]",
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Listed {
    client_id: String,
    client_secret_arn: String,
    keys: Option<Vec<Value>>,
    jwks_uri: Option<String>,
    git_hub_actions: Option<GitHubJobs>,
}

impl MachineSettings {
    /// The clients; a problem for each that cannot be trusted as it is listed.
    pub(super) fn clients(
        self,
        issuer: Option<&BaseUrl>,
        reader: &mut Reader<'_>,
    ) -> Vec<MachineClient> {
        let Json(listed) = self.listed;
        let mut clients: Vec<MachineClient> = Vec::new();
        for each in listed {
            let id = each.client_id.clone();
            match each.client(issuer) {
                Ok(client) if clients.iter().any(|other| other.client_id == id) => {
                    drop(client);
                    reader.problem(MACHINE_CLIENTS, format!("client '{id}' is listed twice"));
                }
                Ok(client) => clients.push(client),
                Err(problem) => reader.problem(MACHINE_CLIENTS, format!("client '{id}' {problem}")),
            }
        }
        clients
    }
}

impl Listed {
    fn client(self, issuer: Option<&BaseUrl>) -> Result<MachineClient, String> {
        let own_host = issuer.and_then(BaseUrl::host);
        let published = |url: &str| {
            let url = document_url(url, own_host.as_deref());
            url.map(Keys::Published).map_err(|_| {
                "must have its keys at an https URL with a path, a public host name, and no port, user, query or fragment"
                    .to_owned()
            })
        };
        let trust = match (self.keys, self.jwks_uri, self.git_hub_actions) {
            (Some(keys), None, None) => AssertionTrust {
                keys: known(&keys)?,
                jobs: None,
            },
            (None, Some(url), None) => AssertionTrust {
                keys: published(&url)?,
                jobs: None,
            },
            (None, None, Some(jobs)) => {
                check_jobs(&jobs)?;
                AssertionTrust {
                    keys: published(&format!("{}{GITHUB_KEYS_PATH}", jobs.issuer))?,
                    jobs: Some(jobs),
                }
            }
            _ => return Err("must have one of keys, jwksUri and gitHubActions".to_owned()),
        };
        if self.client_id.is_empty() || Url::parse(&self.client_id).is_ok() {
            return Err("must have the id of an app client".to_owned());
        }
        Ok(MachineClient {
            client_id: self.client_id,
            secret_arn: self.client_secret_arn,
            trust,
        })
    }
}

fn known(keys: &[Value]) -> Result<Keys, String> {
    if keys.is_empty() {
        return Err("has no key".to_owned());
    }
    let keys = keys.iter().map(PublicKey::from_jwk);
    let keys: Result<Vec<_>, _> = keys.collect();
    keys.map(|keys| Keys::Known(Arc::new(keys)))
        .map_err(|problem| format!("has a key that cannot be used: {problem}"))
}

/// One repository, and a branch or tag or an environment of it: never all jobs.
fn check_jobs(jobs: &GitHubJobs) -> Result<(), String> {
    let mut parts = jobs.repository.split('/');
    let is_name = |part: Option<&str>| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        part.is_some_and(|part| !part.is_empty() && part.bytes().all(allowed))
    };
    if !(is_name(parts.next()) && is_name(parts.next()) && parts.next().is_none()) {
        return Err("must have a repository such as octo-org/octo-repo".to_owned());
    }
    let git_ref = jobs.git_ref.as_deref();
    if git_ref.is_none() && jobs.environment.is_none() {
        return Err("must have a ref or an environment; without, every branch counts".to_owned());
    }
    let is_branch_or_tag =
        |name: &str| name.starts_with("refs/heads/") || name.starts_with("refs/tags/");
    if !git_ref.is_none_or(is_branch_or_tag) {
        return Err("must have a ref that begins with refs/heads/ or refs/tags/".to_owned());
    }
    Ok(())
}
