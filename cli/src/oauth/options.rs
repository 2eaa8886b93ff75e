//! Who signs in, and how.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use url::Url;

/// Who signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// A person, in a browser.
    Person {
        /// The id of an MCP client that the authorization server knows already. Without it, the client registers itself.
        client_id: Option<String>,
        /// The URL of a Client ID Metadata Document, used when the authorization server takes them.
        metadata_document: Option<Url>,
    },
    /// A program, with client credentials. Its access token is not refreshed: sign in again when it has expired.
    Program {
        /// The id of its app client.
        client_id: String,
        /// How it authenticates.
        credentials: ProgramCredentials,
    },
}

/// How a program authenticates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProgramCredentials {
    /// With the secret of its app client.
    Secret(Secret),
    /// With a client assertion.
    Assertion(Assertion),
}

/// Where the client assertion of a program comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assertion {
    /// It is signed for one sign-in.
    Signed {
        /// The private key, PKCS #8 in PEM form.
        key: Secret,
        /// When the sign-in begins.
        at: SystemTime,
    },
    /// It was made elsewhere, such as the OIDC token of a job.
    Given(Secret),
}

/// A string that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secret")
    }
}

/// How to sign in.
pub struct Options {
    /// Who signs in.
    pub identity: Identity,
    /// The OAuth scopes to ask for beside those that were granted before; the server's own choice if empty.
    pub scopes: Vec<String>,
    /// Takes the person to the sign-in page: opens a browser, or shows the URL.
    pub visit: Box<dyn Fn(&Url) + Send + Sync>,
    /// The port of the loopback redirect URI, or 0 for a free one.
    pub callback_port: u16,
    /// How long to wait for the person.
    pub patience: Duration,
    /// The directory of the files with the tokens, one for each server; see [`directory`].
    pub directory: PathBuf,
}

impl std::fmt::Debug for Options {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Options")
            .field("identity", &self.identity)
            .field("scopes", &self.scopes)
            .field("callback_port", &self.callback_port)
            .field("directory", &self.directory)
            .finish_non_exhaustive()
    }
}

/// How long a person has for the sign-in page.
pub const PATIENCE: Duration = Duration::from_mins(10);

/// The directory of the tokens, from the values of `XDG_STATE_HOME` and `HOME`.
#[must_use]
pub fn directory(state_home: Option<PathBuf>, home: Option<PathBuf>) -> Option<PathBuf> {
    // A relative XDG_STATE_HOME is invalid and ignored, as the specification of the directories says.
    let state = state_home
        .filter(|path| path.is_absolute())
        .or_else(|| home.map(|home| home.join(".local/state")))?;
    Some(state.join("mcp-lambda/sign-ins"))
}
