//! Faults of authorization server metadata.

use serde_json::json;

use super::Stopped::{self, All, AllBut, These};
use super::parts::{at, at_server_metadata, on_server, remove, server_with, server_without};
use super::{Case, case};
use crate::stub::Reply;

/// Clients on the TypeScript SDK 2, which compares issuers.
const COMPARES_ISSUER: &[&str] = &[
    "codex",
    "mcp-remote",
    "inspector",
    "typescript",
    "python",
    "rmcp",
];
pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "no authorization server metadata",
            "server-metadata-missing",
            AllBut(&["python"]),
            "McpAuthorization.server()",
            at_server_metadata(|| Reply::json(404, &json!({ "error": "not_found" }))),
        ),
        case(
            "5xx on authorization server metadata",
            "server-metadata-server-error",
            AllBut(&["vscode", "gemini", "python"]),
            "without a function",
            at("/.well-known/oauth-authorization-server", || {
                Reply::new(500, String::new())
            }),
        ),
        case(
            "a web page as authorization server metadata",
            "server-metadata-unreadable",
            AllBut(&["vscode", "gemini", "codex", "python", "rmcp"]),
            "/.well-known/*",
            at("/.well-known/oauth-authorization-server", || {
                Reply::html(200)
            }),
        ),
        case(
            "metadata redirects to another host",
            "metadata-redirects",
            AllBut(&["claude", "chatgpt", "vscode", "gemini", "python"]),
            "issuer itself",
            |asked, reply| {
                if asked.is_server_metadata() && asked.headers["host"].starts_with("127.0.0.1") {
                    let elsewhere = asked.origin.replace("127.0.0.1", "localhost");
                    *reply = Reply::new(302, String::new());
                    reply.set("location", &format!("{elsewhere}{}", asked.path));
                }
            },
        ),
        case(
            "the OpenID document only",
            "openid-only",
            Stopped::None,
            "serve both",
            at("/.well-known/oauth-authorization-server", || {
                Reply::json(404, &json!({ "error": "not_found" }))
            }),
        ),
        case(
            "no issuer",
            "issuer-missing",
            These(&[
                "codex",
                "mcp-remote",
                "inspector",
                "typescript",
                "python",
                "rmcp",
                "vscode",
            ]),
            "McpServer",
            server_without("issuer"),
        ),
        case(
            "a wrong issuer",
            "issuer-mismatch",
            These(COMPARES_ISSUER),
            "jwt({ issuer })",
            server_with("issuer", json!("https://issuer.example")),
        ),
        case(
            "an issuer with a trailing slash",
            "issuer-trailing-slash",
            These(&["python"]),
            "spelling",
            |asked, reply| {
                on_server(asked, reply, |document, origin| {
                    document["issuer"] = json!(format!("{origin}/"))
                });
            },
        ),
        case(
            "no token endpoint",
            "endpoints-missing",
            All,
            "McpServer",
            server_without("token_endpoint"),
        ),
        case(
            "an endpoint over http",
            "endpoint-not-https",
            All,
            "publicBaseUrl",
            server_with("token_endpoint", json!("http://auth.invalid/token")),
        ),
        case(
            "split origin",
            "split-origin",
            These(&["codex"]),
            "McpAuthorization.server()",
            |asked, reply| {
                on_server(asked, reply, |document, origin| {
                    let elsewhere = origin.replace("127.0.0.1", "localhost");
                    document["authorization_endpoint"] = json!(format!("{elsewhere}/authorize"));
                    document["token_endpoint"] = json!(format!("{elsewhere}/token"));
                    remove(document, "authorization_response_iss_parameter_supported");
                });
            },
        ),
        case(
            "no S256 in the list's absence",
            "s256-missing",
            These(&["claude", "chatgpt"]),
            "list S256",
            server_without("code_challenge_methods_supported"),
        ),
        case(
            "plain only",
            "s256-unsupported",
            AllBut(&["vscode", "gemini", "python"]),
            "S256",
            server_with("code_challenge_methods_supported", json!(["plain"])),
        ),
        case(
            "the implicit flow only",
            "response-type-code-missing",
            AllBut(&["vscode", "gemini", "python"]),
            "lists it",
            server_with("response_types_supported", json!(["token"])),
        ),
        case(
            "no refresh tokens",
            "grant-types-incomplete",
            Stopped::None,
            "both",
            server_with("grant_types_supported", json!(["authorization_code"])),
        ),
        case(
            "no public clients",
            "token-auth-none-missing",
            Stopped::None,
            "none",
            server_with(
                "token_endpoint_auth_methods_supported",
                json!(["client_secret_basic"]),
            ),
        ),
        case(
            "an OAuth scope that is not offered",
            "scope-unsupported",
            Stopped::None,
            "deploy again",
            server_with("scopes_supported", json!(["other"])),
        ),
        case(
            "documents that differ",
            "server-documents-differ",
            Stopped::None,
            "one source",
            |asked, reply| {
                if asked.path == "/.well-known/openid-configuration" {
                    reply.edit(|document| {
                        document["token_endpoint"] = json!("https://old.example/token")
                    });
                }
            },
        ),
        case(
            "no keys",
            "keys-unreachable",
            Stopped::None,
            "jwksUri",
            at("/jwks.json", || {
                Reply::json(404, &json!({ "error": "not_found" }))
            }),
        ),
    ]
}
