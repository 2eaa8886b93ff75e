//! The MCP clients whose way in is played: a table of behaviours.

use std::time::Duration;

use super::profile::{
    Basis, Configured, Identity, IssuerRule, Lane, Missing, Opening, Pkce, Profile, Redirects,
    Registration, ResourceRules, ServerRules,
};
use super::rules::{
    GEMINI_RESOURCE, GEMINI_SERVER, PYTHON_RESOURCE, PYTHON_SERVER, RMCP_RESOURCE, RMCP_SERVER,
    TYPESCRIPT_1_SERVER, TYPESCRIPT_RESOURCE, TYPESCRIPT_SERVER, VSCODE_RESOURCE, VSCODE_SERVER,
};

/// A client on the TypeScript SDK, which most of them are; each row says what differs.
const TYPESCRIPT: Profile = Profile {
    id: "typescript",
    name: "TypeScript SDK",
    version: "2.4.0",
    basis: Basis::Run,
    lane: Lane::Machine,
    opens_with: &[Opening::Initialize],
    signs_in_on_403: false,
    resource: TYPESCRIPT_RESOURCE,
    server: TYPESCRIPT_SERVER,
    identities: &[
        Identity::Register,
        configured("pass `clientInformation` of the OAuth provider", true),
    ],
    registration: Registration {
        name: "TypeScript SDK client (mcp-lambda doctor)",
        redirect_uris: &["http://localhost:8090/callback"],
        redirect: "http://localhost:8090/callback",
        application_type: Some("native"),
    },
    patience: None,
    redirects: Redirects::Origin,
};

/// A service of a vendor: its requests come from the vendor's network, and S256 must be listed.
const SERVICE: Profile = Profile {
    basis: Basis::Documented,
    lane: Lane::Vendor,
    server: ServerRules {
        issuer: IssuerRule::Unchecked,
        pkce: Pkce::Listed,
        ..TYPESCRIPT_SERVER
    },
    redirects: Redirects::Any,
    ..TYPESCRIPT
};

const fn configured(how: &'static str, fixed_redirect: bool) -> Identity {
    Identity::Configured(Configured {
        how,
        fixed_redirect,
    })
}

const fn document(url: &'static str, needs_none: bool) -> Identity {
    Identity::Document {
        url: Some(url),
        needs_none,
    }
}

const fn registration(
    name: &'static str,
    redirect_uris: &'static [&'static str],
    redirect: &'static str,
    application_type: Option<&'static str>,
) -> Registration {
    Registration {
        name,
        redirect_uris,
        redirect,
        application_type,
    }
}

/// All clients, in the order of the report.
pub const PROFILES: &[Profile] = &[
    Profile {
        id: "claude-code",
        name: "Claude Code",
        version: "2.1.332",
        opens_with: &[Opening::Discover, Opening::Initialize],
        signs_in_on_403: true,
        server: ServerRules {
            issuer: IssuerRule::Unchecked,
            ..TYPESCRIPT_SERVER
        },
        identities: &[
            document("https://claude.ai/oauth/claude-code-client-metadata", false),
            Identity::Register,
            configured(
                "add the server with `--client-id ID --callback-port PORT`",
                true,
            ),
        ],
        registration: registration(
            "Claude Code (mcp-lambda doctor)",
            &["http://localhost:53682/callback"],
            "http://localhost:53682/callback",
            Some("native"),
        ),
        ..TYPESCRIPT
    },
    Profile {
        id: "codex",
        name: "Codex",
        version: "0.171.0",
        opens_with: &[Opening::Get],
        signs_in_on_403: true,
        resource: RMCP_RESOURCE,
        server: ServerRules {
            endpoints_at_issuer: true,
            ..RMCP_SERVER
        },
        identities: &[
            document("https://chatgpt.com/oauth/codex/client.json", true),
            Identity::Register,
            configured("add the server with `--oauth-client-id ID`", false),
        ],
        registration: registration(
            "Codex (mcp-lambda doctor)",
            &["http://127.0.0.1:53683/callback/mcp-lambda-doctor"],
            "http://127.0.0.1:53683/callback/mcp-lambda-doctor",
            Some("native"),
        ),
        ..TYPESCRIPT
    },
    Profile {
        id: "claude",
        name: "claude.ai and Claude Desktop",
        version: "November 2026",
        identities: &[
            document("https://claude.ai/oauth/mcp-oauth-client-metadata", true),
            Identity::Register,
            configured("enter it under the connector's advanced settings", true),
        ],
        registration: registration(
            "Claude (mcp-lambda doctor)",
            &["https://claude.ai/api/mcp/auth_callback"],
            "https://claude.ai/api/mcp/auth_callback",
            None,
        ),
        patience: Some(Duration::from_secs(10)),
        ..SERVICE
    },
    Profile {
        id: "chatgpt",
        name: "ChatGPT",
        version: "November 2026",
        resource: ResourceRules {
            missing: Missing::Fatal,
            ..TYPESCRIPT_RESOURCE
        },
        identities: &[
            Identity::Document {
                url: None,
                needs_none: false,
            },
            Identity::Register,
            configured("enter it when the connector is created", true),
        ],
        registration: registration(
            "ChatGPT (mcp-lambda doctor)",
            &["https://chatgpt.com/connector/oauth/mcp-lambda-doctor"],
            "https://chatgpt.com/connector/oauth/mcp-lambda-doctor",
            None,
        ),
        ..SERVICE
    },
    Profile {
        id: "vscode",
        name: "VS Code",
        version: "November 2026",
        basis: Basis::Source,
        resource: VSCODE_RESOURCE,
        server: VSCODE_SERVER,
        identities: &[
            document("https://vscode.dev/oauth/client-metadata.json", false),
            Identity::Register,
            configured("enter it when VS Code asks", true),
        ],
        registration: registration(
            "Visual Studio Code (mcp-lambda doctor)",
            &[
                "https://insiders.vscode.dev/redirect",
                "https://vscode.dev/redirect",
                "http://127.0.0.1/",
                "http://127.0.0.1:33418/",
            ],
            "http://127.0.0.1:33418/",
            Some("native"),
        ),
        redirects: Redirects::Any,
        ..TYPESCRIPT
    },
    Profile {
        id: "cursor",
        name: "Cursor",
        version: "November 2026",
        basis: Basis::Documented,
        server: TYPESCRIPT_1_SERVER,
        identities: &[
            Identity::Register,
            configured("set `auth.CLIENT_ID` in mcp.json", true),
        ],
        registration: registration(
            "Cursor (mcp-lambda doctor)",
            &[
                "cursor://anysphere.cursor-mcp/oauth/callback",
                "https://www.cursor.com/agents/mcp/oauth/callback",
                "http://localhost:8787/callback",
            ],
            "http://localhost:8787/callback",
            None,
        ),
        ..TYPESCRIPT
    },
    Profile {
        id: "gemini",
        name: "Gemini CLI",
        version: "0.61.0",
        resource: GEMINI_RESOURCE,
        server: GEMINI_SERVER,
        identities: &[
            Identity::Register,
            configured("set `oauth.clientId` of the server in settings.json", true),
        ],
        registration: registration(
            "Gemini CLI MCP Client (mcp-lambda doctor)",
            &["http://localhost:7777/oauth/callback"],
            "http://localhost:7777/oauth/callback",
            None,
        ),
        redirects: Redirects::Any,
        ..TYPESCRIPT
    },
    Profile {
        id: "copilot",
        name: "GitHub Copilot CLI",
        version: "1.0",
        basis: Basis::Documented,
        server: TYPESCRIPT_1_SERVER,
        identities: &[
            document("https://github.com/copilot/cli/client-metadata.json", false),
            Identity::Register,
            configured("set `oauthClientId` of the server in mcp-config.json", true),
        ],
        // Its document lists port 33418, and it uses a free one.
        registration: registration(
            "GitHub Copilot CLI (mcp-lambda doctor)",
            &["http://127.0.0.1:61876/"],
            "http://127.0.0.1:61876/",
            Some("native"),
        ),
        ..TYPESCRIPT
    },
    Profile {
        id: "mcp-remote",
        name: "mcp-remote",
        version: "0.15.1",
        opens_with: &[Opening::Get, Opening::Initialize],
        identities: &[
            Identity::Register,
            configured(
                "pass `--static-oauth-client-info '{\"client_id\":\"ID\"}'`",
                true,
            ),
        ],
        registration: registration(
            "MCP CLI Proxy (mcp-lambda doctor)",
            &["http://localhost:9696/oauth/callback"],
            "http://localhost:9696/oauth/callback",
            None,
        ),
        ..TYPESCRIPT
    },
    Profile {
        id: "inspector",
        name: "MCP Inspector, command line",
        version: "2.12.0",
        identities: &[
            Identity::Register,
            configured("pass `--client-id ID`", true),
        ],
        registration: registration(
            "MCP Inspector (mcp-lambda doctor)",
            &["http://127.0.0.1:6276/oauth/callback"],
            "http://127.0.0.1:6276/oauth/callback",
            None,
        ),
        ..TYPESCRIPT
    },
    TYPESCRIPT,
    Profile {
        id: "typescript-1",
        name: "TypeScript SDK",
        version: "1.32.2",
        server: TYPESCRIPT_1_SERVER,
        ..TYPESCRIPT
    },
    Profile {
        id: "python",
        name: "Python SDK",
        version: "2.3.0",
        resource: PYTHON_RESOURCE,
        server: PYTHON_SERVER,
        identities: &[
            Identity::Register,
            configured("store it in the provider's `TokenStorage`", true),
        ],
        registration: registration(
            "Python SDK client (mcp-lambda doctor)",
            &["http://localhost:3000/callback"],
            "http://localhost:3000/callback",
            None,
        ),
        ..TYPESCRIPT
    },
    Profile {
        id: "rmcp",
        name: "Rust SDK (rmcp)",
        version: "3.11.0",
        opens_with: &[Opening::Get],
        signs_in_on_403: true,
        resource: RMCP_RESOURCE,
        server: RMCP_SERVER,
        identities: &[
            Identity::Register,
            configured("call `with_preregistered_client`", true),
        ],
        registration: registration(
            "rmcp client (mcp-lambda doctor)",
            &["http://127.0.0.1:8091/callback"],
            "http://127.0.0.1:8091/callback",
            Some("native"),
        ),
        ..TYPESCRIPT
    },
    Profile {
        id: "web-page",
        name: "a web page (TypeScript SDK)",
        lane: Lane::Page,
        registration: registration(
            "Web page (mcp-lambda doctor)",
            &["http://localhost:6274/oauth/callback"],
            "http://localhost:6274/oauth/callback",
            None,
        ),
        ..TYPESCRIPT
    },
];

/// The clients of a report without `--client`: all but a web page, which few servers let in on purpose.
pub fn usual() -> impl Iterator<Item = &'static Profile> {
    PROFILES.iter().filter(|profile| profile.lane != Lane::Page)
}
