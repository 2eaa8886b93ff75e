//! The contract of an MCP server on Lambda with its environment, as plain values.
//!
//! Four programs share strings: the server, the constructs that deploy it, the API Gateway in front of it and the local
//! stack. This crate defines those strings once:
//!
//! - [`Contract`]: the JSON document that `<server> contract` prints and the constructs read at synth,
//! - [`Setting`] and [`settings!`]: the environment variables of a server function,
//! - [`Challenge`]: the `WWW-Authenticate` value of a 401 or 403 (RFC 6750 section 3, RFC 9728 section 5.1),
//! - [`ProtectedResourceMetadata`] and [`AuthorizationServerMetadata`]: the documents of RFC 9728 and RFC 8414, and their
//!   well-known paths,
//! - [`setting_names`], [`NameRule`]s such as [`SCOPE_NAME`], and lists such as [`LOOPBACK_HOSTS`]: facts that the constructs
//!   know too. `npm run generate` writes them to `cdk/lib/generated`.
//!
//! It does no I/O: it never reads the environment, the clock or the network.

mod challenge;
mod hierarchy;
mod host;
mod manifest;
mod mcp_settings;
mod metadata;
mod name_rule;
mod param_headers;
mod redirect;
mod schema;
mod scope;
mod setting;
pub mod setting_names;
mod url;

pub use challenge::{Challenge, InvalidChallengeValue};
pub use hierarchy::ScopeHierarchy;
pub use host::{LOOPBACK_HOSTS, PRIVATE_DOMAINS, is_loopback_host};
pub use manifest::{
    AwsActions, AwsResource, AwsResourceType, CONTRACT_VERSION, Contract, ContractProblem,
    ENDPOINT_METHODS_VERSION, EndpointMethod, SELF_INVOCATION_VERSION, SERVER_NAME, Scope,
    SelfInvocation, ServerInfo, Tool,
};
pub use mcp_settings::{McpSettings, Metrics, ResponseMode};
pub use metadata::{
    AUTHORIZATION_SERVER_METADATA_PATH, AuthorizationServerMetadata, JWKS_PATH,
    OPENID_CONFIGURATION_PATH, PROTECTED_RESOURCE_METADATA_PATH, ProtectedResourceMetadata,
    WELL_KNOWN_PATH, jwks_url,
};
pub use name_rule::{NameRule, SHA256_DIGEST};
pub use param_headers::{PARAMETER_HEADER, param_headers};
pub use redirect::{FORBIDDEN_SCHEMES, LONGEST_CLIENT_URL, SCHEME};
pub use scope::{InvalidScopeName, SCOPE_NAME, SCOPE_TOKEN, full_scope, validate_scope_name};
#[doc(hidden)]
pub use setting::setting as __setting;
pub use setting::{
    List, Milliseconds, Reader, Setting, SettingOwner, SettingProblem, SettingType, SettingUnit,
    SettingValue, Settings, SettingsError,
};
pub use url::{HttpUrl, InvalidUrl};
