//! Faults of the first response.

use serde_json::json;

use super::Stopped::{self, AllBut, These};
use super::parts::{at_mcp_get, on_resource, remove};
use super::{Case, case};
use crate::stub::Reply;

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "403 without an access token",
            "unauthenticated-forbidden",
            AllBut(&["claude-code", "codex", "rmcp"]),
            "401",
            |asked, reply| {
                if reply.status == 401 && asked.is_mcp() {
                    reply.status = 403;
                    reply.unset("www-authenticate");
                }
            },
        ),
        case(
            "no challenge",
            "challenge-missing",
            Stopped::None,
            "gateway responses",
            |_, reply| {
                reply.unset("www-authenticate");
            },
        ),
        case(
            "Basic",
            "challenge-not-bearer",
            Stopped::None,
            "Bearer",
            |_, reply| {
                if reply.status == 401 {
                    reply.set("www-authenticate", "Basic realm=\"intranet\"");
                }
            },
        ),
        case(
            "no resource_metadata",
            "challenge-without-metadata",
            Stopped::None,
            "McpServer",
            |asked, reply| {
                if reply.status == 401 {
                    reply.set(
                        "www-authenticate",
                        &format!("Bearer scope=\"{}\"", asked.scope()),
                    );
                }
            },
        ),
        case(
            "resource_metadata without a host",
            "challenge-metadata-not-url",
            Stopped::None,
            "publicBaseUrl",
            |_, reply| {
                if reply.status == 401 {
                    reply.set(
                        "www-authenticate",
                        "Bearer resource_metadata=\"/.well-known/oauth-protected-resource/mcp\"",
                    );
                }
            },
        ),
        case(
            "no OAuth scopes",
            "scopes-missing",
            Stopped::None,
            "contract",
            |asked, reply| {
                if let Some(challenge) = reply.header("www-authenticate") {
                    reply.set("www-authenticate", challenge.split(',').next().unwrap());
                }
                on_resource(asked, reply, |document, _| {
                    remove(document, "scopes_supported")
                });
            },
        ),
        case(
            "offline_access",
            "challenge-offline-access",
            These(&[
                "cursor",
                "gemini",
                "mcp-remote",
                "inspector",
                "typescript",
                "typescript-1",
                "python",
                "rmcp",
                "claude-code",
                "codex",
                "claude",
                "vscode",
                "copilot",
            ]),
            "does not list",
            |asked, reply| {
                if reply.status == 401 {
                    let challenge = reply.header("www-authenticate").unwrap();
                    let scope = format!("scope=\"{} offline_access\"", asked.scope());
                    let first = challenge.split(',').next().unwrap();
                    reply.set("www-authenticate", &format!("{first}, {scope}"));
                }
            },
        ),
        case(
            "GET before 401",
            "get-before-authorization",
            Stopped::None,
            "before the method",
            at_mcp_get(|| Reply::json(405, &json!({ "error": "method_not_allowed" }))),
        ),
        case(
            "400 for an invalid access token",
            "invalid-token-status",
            Stopped::None,
            "expired",
            |asked, reply| {
                if asked.is_mcp() && asked.headers.contains_key("authorization") {
                    *reply = Reply::json(400, &json!({ "error": "invalid_request" }));
                }
            },
        ),
        case(
            "no challenge for an invalid access token",
            "invalid-token-without-challenge",
            Stopped::None,
            "same challenge",
            |asked, reply| {
                if asked.headers.contains_key("authorization") {
                    reply.unset("www-authenticate");
                }
            },
        ),
    ]
}
