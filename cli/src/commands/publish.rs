//! `mcp-lambda publish`: what directories of MCP servers ask for.

use std::path::{Path, PathBuf};

use clap::Args;
use url::Url;

use serde::Serialize;

use crate::publish::{
    PublishError, PublishedContract, Submission, ai_catalog, checklist, discovery_list,
    server_card, server_json,
};

pub(super) const EXAMPLES: &str = "Examples:
  mcp-lambda publish --url https://mcp.example.com/mcp --namespace com.example
                                        writes server.json for the MCP registry, and prints what each directory asks for
  mcp-lambda publish --url … --namespace com.example --discovery public
                                        also writes public/server-card.json and public/ai-catalog.json (drafts)
  mcp-lambda publish --url … --namespace io.github.octocat --repository https://github.com/octocat/shop > checklist.md

It sends nothing: mcp-publisher, the tool of the registry, publishes server.json. The rules about tools are those of
docs/directories.md, which the server's program applies when it prints its contract.";

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The public MCP URL of the deployed server
    #[arg(long)]
    url: Url,

    /// The namespace in the MCP registry: io.github.<account>, or the reversed domain that you own
    #[arg(long)]
    namespace: String,

    /// The contract that the server's program printed
    #[arg(long, value_name = "FILE", default_value = "contract.json")]
    contract: PathBuf,

    /// Where the source is: an https URL on GitHub or GitLab
    #[arg(long, value_name = "URL")]
    repository: Option<Url>,

    /// The privacy policy
    #[arg(long, value_name = "URL")]
    privacy_policy: Option<Url>,

    /// Where people get help: a page or a mail address
    #[arg(long, value_name = "CONTACT")]
    support: Option<String>,

    /// Where to write the entry for the MCP registry
    #[arg(long, value_name = "FILE", default_value = "server.json")]
    output: PathBuf,

    /// Where to write a server card and an AI catalog too; both formats are drafts
    #[arg(long, value_name = "DIRECTORY")]
    discovery: Option<PathBuf>,
}

/// Why `mcp-lambda publish` failed.
#[derive(Debug, thiserror::Error)]
pub enum PublishCommandError {
    /// The contract cannot be read.
    #[error("{file} cannot be read: {cause}: print it with `<server> contract > contract.json`, or name it with --contract", file = file.display())]
    Contract {
        /// The file.
        file: PathBuf,
        /// What the operating system or the JSON parser said.
        cause: std::io::Error,
    },
    /// The registry would refuse the entry.
    #[error("the MCP registry would refuse the server:\n{}", listed(.0))]
    Refused(Vec<PublishError>),
    /// The entry cannot be written.
    #[error("{file} cannot be written: {cause}: name another with {option}", file = file.display())]
    Output {
        /// The file.
        file: PathBuf,
        /// What the operating system said.
        cause: std::io::Error,
        /// The option that names it.
        option: &'static str,
    },
}

fn listed(errors: &[PublishError]) -> String {
    let lines: Vec<String> = errors.iter().map(|error| format!("  - {error}")).collect();
    lines.join("\n")
}

/// Writes the entry and returns the lists.
pub(super) fn run(options: &Options) -> Result<String, PublishCommandError> {
    let contract = contract(&options.contract)?;
    let entry = server_json(
        &contract,
        &options.url,
        &options.namespace,
        options.repository.as_ref(),
    )
    .map_err(PublishCommandError::Refused)?;
    write(&options.output, &entry, "--output")?;
    if let Some(directory) = &options.discovery {
        let card = server_card(&entry);
        let catalog = ai_catalog(&entry, &options.namespace);
        write(&directory.join("server-card.json"), &card, "--discovery")?;
        write(&directory.join("ai-catalog.json"), &catalog, "--discovery")?;
    }
    let submission = Submission {
        url: options.url.clone(),
        namespace: options.namespace.clone(),
        file: options.output.display().to_string(),
        privacy_policy: options.privacy_policy.clone(),
        support: options.support.clone(),
    };
    let mut list = checklist(&contract, &submission).trim_end().to_owned();
    if options.discovery.is_some() {
        list.push_str(&discovery_list(&options.namespace));
    }
    Ok(list)
}

/// Writes a document, and the directory that it is in.
fn write(
    file: &Path,
    document: &impl Serialize,
    option: &'static str,
) -> Result<(), PublishCommandError> {
    let content = serde_json::to_string_pretty(document).unwrap_or_default() + "\n";
    let made = file.parent().map_or(Ok(()), std::fs::create_dir_all);
    made.and_then(|()| std::fs::write(file, content))
        .map_err(|cause| PublishCommandError::Output {
            file: file.to_owned(),
            cause,
            option,
        })
}

fn contract(file: &Path) -> Result<PublishedContract, PublishCommandError> {
    let content = std::fs::read(file);
    content
        .and_then(|content| Ok(serde_json::from_slice(&content)?))
        .map_err(|cause| PublishCommandError::Contract {
            file: file.to_owned(),
            cause,
        })
}
