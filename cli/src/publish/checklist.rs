//! The lists of what directories ask for, with what is done already.

use std::fmt::Write;

use url::Url;

use super::contract::PublishedContract;
use super::server_json::is_listed;

/// What a publisher says about a server beyond its contract.
#[derive(Debug, Clone)]
pub struct Submission {
    /// The public MCP URL.
    pub url: Url,
    /// The namespace in the registry.
    pub namespace: String,
    /// Where `server.json` is.
    pub file: String,
    /// The privacy policy.
    pub privacy_policy: Option<Url>,
    /// Where people get help: a page or a mail address.
    pub support: Option<String>,
}

/// The lists as Markdown: `[x]` is shown by the contract or was given, `[ ]` is left to a person.
#[must_use]
pub fn checklist(contract: &PublishedContract, submission: &Submission) -> String {
    let server = &contract.server;
    let mut text = format!(
        "# {} {} in the directories\n\nMCP URL: {}\n",
        server.title, server.version, submission.url
    );
    for (directory, items) in [
        ("MCP registry", registry(submission)),
        ("Claude's directory", claude(contract, submission)),
        ("ChatGPT", chatgpt(contract, submission)),
    ] {
        let _ = write!(text, "\n## {directory}\n\n");
        for Item { done, what } in items {
            let _ = writeln!(text, "- [{}] {what}", if done { 'x' } else { ' ' });
        }
    }
    text
}

struct Item {
    done: bool,
    what: String,
}

fn item(done: bool, what: impl Into<String>) -> Item {
    Item {
        done,
        what: what.into(),
    }
}

fn registry(submission: &Submission) -> Vec<Item> {
    let Submission {
        namespace, file, ..
    } = submission;
    let proof = if namespace.starts_with("io.github.") {
        "`mcp-publisher login github`".to_owned()
    } else {
        let domain: Vec<&str> = namespace.rsplit('.').collect();
        format!(
            "`mcp-publisher login dns --domain {}`, with a TXT record",
            domain.join(".")
        )
    };
    vec![
        item(
            true,
            format!("`{file}` has what the schema of the registry asks for"),
        ),
        item(false, format!("prove that {namespace} is yours: {proof}")),
        item(false, format!("`mcp-publisher publish {file}`")),
    ]
}

fn claude(contract: &PublishedContract, submission: &Submission) -> Vec<Item> {
    let mut items = vec![item(
        false,
        format!(
            "claude.ai connects: `mcp-lambda doctor {} --client claude`",
            submission.url
        ),
    )];
    items.extend(tools(contract));
    items.extend(about(contract, submission));
    items.push(item(
        false,
        "an account for the reviewers, with data that shows every tool",
    ));
    items
}

fn chatgpt(contract: &PublishedContract, submission: &Submission) -> Vec<Item> {
    let mut items = vec![item(
        false,
        format!(
            "ChatGPT connects: `mcp-lambda doctor {} --client chatgpt`",
            submission.url
        ),
    )];
    items.extend(tools(contract));
    let without: Vec<&str> = contract
        .tools
        .iter()
        .filter(|tool| {
            let hint = |name| {
                tool.annotations
                    .as_ref()
                    .is_some_and(|hints| hints[name].is_boolean())
            };
            !["readOnlyHint", "destructiveHint", "openWorldHint"]
                .into_iter()
                .all(hint)
        })
        .map(|tool| tool.name.as_str())
        .collect();
    let hints = "readOnlyHint, destructiveHint and openWorldHint of every tool";
    items.push(if without.is_empty() {
        item(true, hints)
    } else {
        item(
            false,
            format!(
                "{hints}, `destructive = false` where it destroys nothing; missing: {}",
                without.join(", ")
            ),
        )
    });
    items.extend(about(contract, submission));
    items.push(item(false, "a verified publisher: a person or a company"));
    items.push(item(
        false,
        "an account for the reviewers without a second factor, and a question for each tool with its expected answer",
    ));
    items
}

/// The rules that a server's program applies when it prints its contract.
fn tools(contract: &PublishedContract) -> Vec<Item> {
    if contract.directory.is_empty() {
        return vec![item(
            true,
            "every tool has a name of at most 64 characters, a title, a description, its hints, and arguments that models take",
        )];
    }
    let findings = contract.directory.iter();
    findings
        .map(|finding| {
            item(
                false,
                format!("{} {} ({})", finding.about, finding.message, finding.rule),
            )
        })
        .collect()
}

fn about(contract: &PublishedContract, submission: &Submission) -> Vec<Item> {
    let server = &contract.server;
    let given = |what: &str, option: &str, value: Option<&str>| match value {
        Some(value) => item(true, format!("{what}: {value}")),
        None => item(false, format!("{what} ({option})")),
    };
    let policy = submission.privacy_policy.as_ref().map(Url::as_str);
    vec![
        given(
            "a page about the server",
            ".website() in the Rust server",
            server.website_url.as_deref(),
        ),
        given("a privacy policy", "--privacy-policy", policy),
        given(
            "where people get help",
            "--support",
            submission.support.as_deref(),
        ),
        item(
            server.icons.iter().any(is_listed),
            "a picture at an https URL (Icon::at in the Rust server)",
        ),
    ]
}
