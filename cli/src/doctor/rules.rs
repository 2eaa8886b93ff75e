//! The rules of the SDKs that MCP clients are built on, read in their sources.

use super::documents::{ResourceWellKnown, ServerWellKnown};
use super::profile::{
    IssuerRule, Missing, OnError, Pkce, ResourceMatch, ResourceRules, ServerRules,
};

const INSERTED_ROOT: &[ResourceWellKnown] = &[ResourceWellKnown::Inserted, ResourceWellKnown::Root];
const OAUTH_OPENID: &[ServerWellKnown] = &[
    ServerWellKnown::OAuth,
    ServerWellKnown::OpenId,
    ServerWellKnown::OpenIdAppended,
];

/// `discoverOAuthServerInfo` of `@modelcontextprotocol/client` 2.4: a pointer is the only URL, and what cannot be read
/// counts as missing.
pub(super) const TYPESCRIPT_RESOURCE: ResourceRules = ResourceRules {
    pointer: true,
    after_pointer: false,
    well_known: INSERTED_ROOT,
    server_error: OnError::Missing,
    unreadable: OnError::Missing,
    matching: ResourceMatch::Prefix,
    mismatch: OnError::Fatal,
    missing: Missing::Origin,
};

/// `discoverAuthorizationServerMetadata` of `@modelcontextprotocol/client` 2.4.
pub(super) const TYPESCRIPT_SERVER: ServerRules = ServerRules {
    well_known: OAUTH_OPENID,
    server_error: OnError::Fatal,
    unreadable: OnError::Fatal,
    strict: true,
    issuer: IssuerRule::RootSlash,
    default_endpoints: false,
    endpoints_at_issuer: false,
    pkce: Pkce::NotExcluded,
    response_types: true,
    https_only: true,
};

/// `@modelcontextprotocol/sdk` 1.32, which does not compare the issuer.
pub(super) const TYPESCRIPT_1_SERVER: ServerRules = ServerRules {
    issuer: IssuerRule::Unchecked,
    https_only: false,
    ..TYPESCRIPT_SERVER
};

/// `mcp.client.auth` of the Python SDK 2.3.
pub(super) const PYTHON_RESOURCE: ResourceRules = ResourceRules {
    pointer: true,
    after_pointer: true,
    well_known: INSERTED_ROOT,
    server_error: OnError::FatalIfLast,
    unreadable: OnError::Next,
    matching: ResourceMatch::Prefix,
    mismatch: OnError::Fatal,
    missing: Missing::Origin,
};

/// `mcp.client.auth` of the Python SDK 2.3.
pub(super) const PYTHON_SERVER: ServerRules = ServerRules {
    well_known: OAUTH_OPENID,
    // The search ends, and the default endpoints are used.
    server_error: OnError::Missing,
    unreadable: OnError::Next,
    strict: false,
    issuer: IssuerRule::Exact,
    default_endpoints: true,
    endpoints_at_issuer: false,
    pkce: Pkce::Unchecked,
    response_types: false,
    https_only: false,
};

/// `transport/auth.rs` of rmcp 3.11.
pub(super) const RMCP_RESOURCE: ResourceRules = ResourceRules {
    pointer: true,
    after_pointer: true,
    well_known: &[
        ResourceWellKnown::Inserted,
        ResourceWellKnown::Appended,
        ResourceWellKnown::Root,
    ],
    server_error: OnError::Fatal,
    unreadable: OnError::Next,
    matching: ResourceMatch::Prefix,
    mismatch: OnError::Fatal,
    missing: Missing::McpUrl,
};

/// `transport/auth.rs` of rmcp 3.11.
pub(super) const RMCP_SERVER: ServerRules = ServerRules {
    well_known: &[
        ServerWellKnown::OAuth,
        ServerWellKnown::OpenId,
        ServerWellKnown::OpenIdAppended,
        ServerWellKnown::OAuthRoot,
    ],
    server_error: OnError::Fatal,
    unreadable: OnError::Next,
    strict: false,
    issuer: IssuerRule::RootSlash,
    default_endpoints: false,
    endpoints_at_issuer: false,
    pkce: Pkce::NotExcluded,
    response_types: true,
    https_only: false,
};

/// `src/vs/base/common/oauth.ts` of VS Code: another `resource` counts as no document.
pub(super) const VSCODE_RESOURCE: ResourceRules = ResourceRules {
    pointer: true,
    after_pointer: false,
    well_known: INSERTED_ROOT,
    server_error: OnError::Next,
    unreadable: OnError::Next,
    matching: ResourceMatch::Exact,
    mismatch: OnError::Next,
    missing: Missing::Origin,
};

/// `src/vs/base/common/oauth.ts` of VS Code.
pub(super) const VSCODE_SERVER: ServerRules = ServerRules {
    well_known: OAUTH_OPENID,
    server_error: OnError::Next,
    unreadable: OnError::Next,
    strict: false,
    issuer: IssuerRule::Present,
    default_endpoints: false,
    endpoints_at_issuer: false,
    pkce: Pkce::Unchecked,
    response_types: false,
    https_only: false,
};

/// `packages/core/src/mcp/oauth-utils.ts` of Gemini CLI.
pub(super) const GEMINI_RESOURCE: ResourceRules = ResourceRules {
    pointer: true,
    after_pointer: true,
    well_known: INSERTED_ROOT,
    server_error: OnError::Next,
    unreadable: OnError::Next,
    matching: ResourceMatch::Exact,
    mismatch: OnError::Fatal,
    missing: Missing::McpUrl,
};

/// `packages/core/src/mcp/oauth-utils.ts` of Gemini CLI.
pub(super) const GEMINI_SERVER: ServerRules = ServerRules {
    well_known: &[
        ServerWellKnown::OAuth,
        ServerWellKnown::OpenId,
        ServerWellKnown::OpenIdAppended,
        ServerWellKnown::OAuthRoot,
        ServerWellKnown::OpenIdRoot,
    ],
    server_error: OnError::Next,
    unreadable: OnError::Next,
    strict: false,
    issuer: IssuerRule::Unchecked,
    default_endpoints: false,
    endpoints_at_issuer: false,
    pkce: Pkce::Unchecked,
    response_types: false,
    https_only: false,
};
