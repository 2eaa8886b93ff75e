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
//! - [`DirectoryRule`]: what directories of MCP servers ask of the contract,
//! - [`AuditRecord`]: a record of an audit trail,
//! - [`openapi`]: the OpenAPI document of the tools as plain REST, and the paths of its endpoints,
//! - [`setting_names`], [`NameRule`]s such as [`SCOPE_NAME`], and lists such as [`LOOPBACK_HOSTS`]: facts that the constructs
//!   know too. `npm run generate` writes them to `cdk/lib/generated`.
//!
//! It does no I/O: it never reads the environment, the clock or the network.

mod app;
mod audit_record;
mod browser;
mod caller_limits;
mod challenge;
mod connect;
mod directory;
mod health;
mod hierarchy;
mod host;
mod icon;
mod manifest;
mod mcp_settings;
mod metadata;
mod name_rule;
mod openapi;
mod param_headers;
mod prompt;
mod redirect;
mod schema;
mod scope;
mod secret;
mod setting;
pub mod setting_names;
mod tools_api;
mod tools_keys;
mod url;

pub use app::{
    APP_MEDIA_TYPE, APP_NAME, APP_SCHEME, AppCsp, AppPermission, FLAT_URI_META, LONGEST_APP,
    McpApp, ToolVisibility, UI_EXTENSION, UI_META, is_app_origin,
};
pub use audit_record::{AUDIT_LOG_ID, AuditApi, AuditCallerKind, AuditOutcome, AuditRecord};
pub use browser::{BROWSER_REDIRECT, MCP_PATH, opens_page};
pub use caller_limits::{CALLER_LIMIT_ACTIONS, HIGHEST_CALLER_LIMIT, ToolCallLimits};
pub use challenge::{Challenge, InvalidChallengeValue};
pub use connect::{CONNECT_COMMANDS, LINK_CONFIG, VSCODE_LINK};
pub use directory::{DirectoryFinding, DirectoryRule, TOOL_NAME};
pub use health::HEALTH_PATH;
pub use hierarchy::ScopeHierarchy;
pub use host::{LOOPBACK_HOSTS, PRIVATE_DOMAINS, is_loopback_host};
pub use icon::{Icon, IconTheme};
pub use manifest::{
    AwsActions, AwsResource, AwsResourceType, CONTRACT_VERSION, Contract, ContractProblem,
    ENDPOINT_METHODS_VERSION, EndpointMethod, SELF_INVOCATION_VERSION, SERVER_NAME, STATE_RESOURCE,
    Scope, SelfInvocation, ServerInfo, Tool,
};
pub use mcp_settings::{McpSettings, Metrics, ResponseMode};
pub use metadata::{
    ASSERTION_ALGORITHMS, AUTHORIZATION_ENDPOINTS, AUTHORIZATION_SERVER_METADATA_PATH,
    AUTHORIZE_PATH, AssertionMetadata, AuthorizationServerMetadata, GITHUB_KEYS_PATH, JWKS_PATH,
    OPENID_CONFIGURATION_PATH, PROTECTED_RESOURCE_METADATA_PATH, ProtectedResourceMetadata,
    TOKEN_PATH, WELL_KNOWN_PATH, jwks_url,
};
pub use name_rule::{NameRule, SHA256_DIGEST};
pub use openapi::{ToolsApiAccess, openapi};
pub use param_headers::{PARAMETER_HEADER, param_headers};
pub use prompt::{McpResource, Prompt, PromptArgument};
pub use redirect::{FORBIDDEN_SCHEMES, LONGEST_CLIENT_URL, SCHEME};
pub use scope::{InvalidScopeName, SCOPE_NAME, SCOPE_TOKEN, full_scope, validate_scope_name};
pub use secret::Secret;
#[doc(hidden)]
pub use setting::setting as __setting;
pub use setting::{
    List, Milliseconds, Reader, Setting, SettingOwner, SettingProblem, SettingType, SettingUnit,
    SettingValue, Settings, SettingsError,
};
pub use tools_api::{
    CALL_PATHS, DOCUMENTATION_PATH, FUNCTION_PATH, FUNCTIONS_PATH, OPENAPI_PATH,
    TOOLS_API_DOCUMENTS, TOOLS_API_PATHS,
};
pub use tools_keys::{ToolsKey, ToolsKeys};
pub use url::{HttpUrl, InvalidUrl};
