//! An MCP authorization server in front of Amazon Cognito.
#[cfg(feature = "administration")]
pub mod administration;
mod answer;
mod authorize;
mod callback;
mod capability;
mod client;
mod cognito;
mod consent;
mod cookie;
pub mod edge;
mod failure;
mod log;
mod metadata;
mod page;
mod redirect;
mod request;
mod revoke;
mod scope;
mod seal;
mod secret;
mod server;
mod settings;
mod token;
mod transaction;

pub use capability::*;
pub use client::{DocumentProblem, is_public};
pub use failure::{Failure, Wire};
pub use log::LogEvent;
pub use metadata::{MetadataForm, authorization_server_metadata};
pub use redirect::{
    CallbackRule, Destination, KNOWN_CLIENT_CALLBACKS, MAX_REDIRECT_URI, RedirectPolicy,
    RedirectProblem, RedirectUri,
};
pub use request::{Request, Response};
pub use scope::{ScopeCatalog, ScopeDefinition};
pub use seal::{Keyring, OpenFailure, Purpose};
pub use secret::{Digest, Secret};
pub use server::AuthorizationServer;
pub use settings::*;
