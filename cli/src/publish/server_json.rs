//! Makes the `server.json` of the MCP registry, in the version 2025-12-11 of its schema.

use mcp_lambda_contract::NameRule;
use serde::Serialize;
use url::Url;

use super::contract::{PublishedContract, PublishedIcon};
use crate::doctor::evidence::is_loopback;

const SCHEMA: &str = "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json";
/// Longest title and description, in characters.
const LONGEST_TEXT: usize = 100;
/// Longest name, with the namespace.
const LONGEST_NAME: usize = 200;
/// Longest URL of an icon.
const LONGEST_ICON: usize = 255;
/// The MIME types of icons that the registry takes.
const ICON_TYPES: [&str; 5] = [
    "image/png",
    "image/jpeg",
    "image/jpg",
    "image/svg+xml",
    "image/webp",
];
/// One label of a namespace.
const LABEL: NameRule = NameRule {
    prefix: "",
    first: &['A'..='Z', 'a'..='z', '0'..='9'],
    other: &['A'..='Z', 'a'..='z', '0'..='9', '-'..='-'],
    length: 1..=63,
};

/// The document.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    #[serde(rename = "$schema")]
    schema: &'static str,
    name: String,
    title: String,
    description: String,
    version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    website_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repository: Option<Repository>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    icons: Vec<PublishedIcon>,
    remotes: [Remote; 1],
}

#[derive(Debug, Clone, Serialize)]
struct Repository {
    url: String,
    source: String,
}

#[derive(Debug, Clone, Serialize)]
struct Remote {
    #[serde(rename = "type")]
    transport: &'static str,
    url: String,
}

/// Why there is no entry that the registry takes. Each message names what to change.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PublishError {
    /// The URL is not one that everybody reaches.
    #[error("{url} is no public URL: give the https URL of the deployed server with --url")]
    NotPublic {
        /// The URL.
        url: String,
    },
    /// The namespace is no reversed domain.
    #[error(
        "the namespace {namespace:?} is no reversed domain: give io.github.<your account>, or the domain that you own, such as com.example"
    )]
    Namespace {
        /// The namespace.
        namespace: String,
    },
    /// The name is too long.
    #[error("the name {name} has {length} characters and the registry takes {LONGEST_NAME}: shorten the name of the server", length = name.len())]
    Name {
        /// The name with its namespace.
        name: String,
    },
    /// A text is missing or too long.
    #[error(
        "the {what} of the server has {length} characters and the registry takes 1 to {LONGEST_TEXT}: change it with .{what}() in the Rust server and print the contract again"
    )]
    Text {
        /// `title` or `description`.
        what: &'static str,
        /// Its length.
        length: usize,
    },
    /// The version is none.
    #[error(
        "the version {version:?} is not one exact version, such as 1.2.3: correct it in the Rust server and print the contract again"
    )]
    Version {
        /// The version.
        version: String,
    },
    /// The repository is not one.
    #[error(
        "{url} is no repository on GitHub or GitLab: give its https URL with --repository, or leave it out"
    )]
    Repository {
        /// The URL.
        url: String,
    },
}

/// The entry of a server that is deployed at `url`, in the namespace of its publisher.
///
/// # Errors
///
/// All that the registry would refuse, see [`PublishError`]. It does not check that the publisher owns the namespace, which the
/// registry does, nor that the server is there.
pub fn server_json(
    contract: &PublishedContract,
    url: &Url,
    namespace: &str,
    repository: Option<&Url>,
) -> Result<Entry, Vec<PublishError>> {
    let server = &contract.server;
    let name = format!("{namespace}/{}", server.name);
    let mut errors = Vec::new();
    if url.scheme() != "https" || is_loopback(url) {
        errors.push(PublishError::NotPublic {
            url: url.to_string(),
        });
    }
    if namespace.split('.').count() < 2 || !namespace.split('.').all(|label| LABEL.allows(label)) {
        errors.push(PublishError::Namespace {
            namespace: namespace.to_owned(),
        });
    }
    if name.len() > LONGEST_NAME {
        errors.push(PublishError::Name { name: name.clone() });
    }
    for (what, text) in [
        ("title", &server.title),
        ("description", &server.description),
    ] {
        let length = text.chars().count();
        if text.trim().is_empty() || length > LONGEST_TEXT {
            errors.push(PublishError::Text { what, length });
        }
    }
    if !is_exact(&server.version) {
        errors.push(PublishError::Version {
            version: server.version.clone(),
        });
    }
    let repository = repository.and_then(|url| {
        let found = repository_of(url);
        if found.is_none() {
            errors.push(PublishError::Repository {
                url: url.to_string(),
            });
        }
        found
    });
    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(Entry {
        schema: SCHEMA,
        name,
        title: server.title.clone(),
        description: server.description.clone(),
        version: server.version.clone(),
        website_url: server.website_url.clone(),
        repository,
        icons: server
            .icons
            .iter()
            .filter(|icon| is_listed(icon))
            .cloned()
            .collect(),
        remotes: [Remote {
            transport: "streamable-http",
            url: url.to_string(),
        }],
    })
}

/// Whether the registry takes a picture: at an `https` URL, for a directory does not show `data` URLs.
pub(super) fn is_listed(icon: &PublishedIcon) -> bool {
    let listed = |kind: &String| ICON_TYPES.contains(&kind.as_str());
    icon.src.starts_with("https://")
        && icon.src.len() <= LONGEST_ICON
        && icon.mime_type.as_ref().is_none_or(listed)
}

/// Three numbers, with what SemVer allows behind them.
fn is_exact(version: &str) -> bool {
    let core = version.split(['-', '+']).next().unwrap_or_default();
    let numbers: Vec<&str> = core.split('.').collect();
    numbers.len() == 3
        && numbers
            .iter()
            .all(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

fn repository_of(url: &Url) -> Option<Repository> {
    let source = match url.host_str()? {
        "github.com" => "github",
        "gitlab.com" => "gitlab",
        _ => return None,
    };
    (url.scheme() == "https" && url.path().matches('/').count() >= 2).then(|| Repository {
        url: url.to_string(),
        source: source.to_owned(),
    })
}
