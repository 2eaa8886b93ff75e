//! The contract of an MCP server on Lambda with its environment, as plain values.
//!
//! Four programs share strings: the server, the constructs that deploy it, the API Gateway in front of it and the local
//! stack. This crate defines those strings once:
//!
//! - [`Contract`]: the JSON document that `<server> contract` prints and the constructs read at synth,
//! - [`Setting`] and [`settings!`]: the environment variables of a server function,
//! - [`Challenge`]: the `WWW-Authenticate` value of a 401 or 403 (RFC 6750 section 3, RFC 9728 section 5.1),
//! - [`ProtectedResourceMetadata`]: the RFC 9728 document and its well-known URL.
//!
//! It does no I/O: it never reads the environment, the clock or the network.

mod challenge;
mod hierarchy;
mod manifest;
mod mcp_settings;
mod metadata;
mod param_headers;
mod schema;
mod scope;
mod setting;
mod url;

pub use challenge::{Challenge, InvalidChallengeValue};
pub use hierarchy::ScopeHierarchy;
pub use manifest::{
    AwsActions, AwsResource, AwsResourceType, CONTRACT_VERSION, Contract, ContractProblem,
    ENDPOINT_METHODS_VERSION, EndpointMethod, SELF_INVOCATION_VERSION, Scope, SelfInvocation,
    ServerInfo, Tool,
};
pub use mcp_settings::{McpSettings, Metrics, ResponseMode};
pub use metadata::{PROTECTED_RESOURCE_METADATA_PATH, ProtectedResourceMetadata};
pub use param_headers::param_headers;
pub use scope::{InvalidScopeName, full_scope, validate_scope_name};
#[doc(hidden)]
pub use setting::setting as __setting;
pub use setting::{
    List, Milliseconds, Reader, Setting, SettingOwner, SettingProblem, SettingType, SettingUnit,
    SettingValue, Settings, SettingsError,
};
pub use url::{HttpUrl, InvalidUrl};
