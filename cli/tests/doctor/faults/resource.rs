//! Faults of protected resource metadata.

use serde_json::json;

use super::Stopped::{self, AllBut, These};
use super::parts::{at_resource_metadata, on_resource, resource_with, resource_without};
use super::{Case, case};
use crate::stub::Reply;

pub(super) fn cases() -> Vec<Case> {
    vec![
        // ChatGPT stops; the others find the authorization server at the same origin.
        case(
            "no protected resource metadata",
            "resource-metadata-missing",
            These(&["chatgpt"]),
            "mcpServerUrl",
            at_resource_metadata(|| Reply::json(404, &json!({ "error": "not_found" }))),
        ),
        case(
            "not at its well-known URL",
            "resource-metadata-path-missing",
            Stopped::None,
            "cloudFront",
            |asked, reply| {
                if asked.path == "/.well-known/oauth-protected-resource/mcp" {
                    *reply = Reply::json(404, &json!({ "error": "not_found" }));
                }
                if let Some(challenge) = reply.header("www-authenticate") {
                    reply.set(
                        "www-authenticate",
                        &challenge.replace("-resource/mcp", "-resource"),
                    );
                }
            },
        ),
        case(
            "5xx on a probe",
            "resource-metadata-server-error",
            These(&["codex", "chatgpt", "rmcp", "python"]),
            "without a function",
            at_resource_metadata(|| Reply::new(500, String::new())),
        ),
        case(
            "a web page as metadata",
            "resource-metadata-unreadable",
            These(&["chatgpt"]),
            "McpServer",
            at_resource_metadata(|| Reply::html(200)),
        ),
        case(
            "a foreign resource",
            "resource-mismatch",
            AllBut(&["vscode"]),
            "mcpServerUrl",
            resource_with("resource", json!("https://other.example/mcp")),
        ),
        case(
            "the origin as resource",
            "resource-not-exact",
            These(&["gemini"]),
            "same string",
            |asked, reply| {
                on_resource(asked, reply, |document, origin| {
                    document["resource"] = json!(origin)
                });
            },
        ),
        case(
            "a trailing slash",
            "resource-not-exact",
            These(&["gemini"]),
            "same string",
            |asked, reply| {
                on_resource(asked, reply, |document, origin| {
                    document["resource"] = json!(format!("{origin}/mcp/"))
                });
            },
        ),
        case(
            "no resource",
            "resource-missing",
            AllBut(&["vscode"]),
            "McpServer",
            resource_without("resource"),
        ),
        case(
            "no authorization_servers",
            "authorization-servers-missing",
            These(&["chatgpt"]),
            "McpServer",
            resource_with("authorization_servers", json!([])),
        ),
        case(
            "no header method",
            "bearer-method-header-missing",
            Stopped::None,
            "header",
            resource_with("bearer_methods_supported", json!(["query"])),
        ),
        case(
            "another document at the root",
            "resource-documents-differ",
            Stopped::None,
            "one document",
            |asked, reply| {
                if asked.path == "/.well-known/oauth-protected-resource" {
                    reply.edit(|document| {
                        document["authorization_servers"] = json!(["https://old.example"])
                    });
                }
            },
        ),
    ]
}
