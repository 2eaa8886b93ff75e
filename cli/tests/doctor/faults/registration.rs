//! Faults of registration and of the authorization and token endpoints.

use serde_json::json;

use super::Stopped::{self, All, AllBut, Ask, AskBut, These};
use super::parts::{at, on_server, remove};
use super::{Case, case};
use crate::stub::{Asked, Reply};

/// Clients that use a metadata document at this stub.
pub(super) const BY_DOCUMENT: &[&str] = &[
    "claude-code",
    "codex",
    "claude",
    "chatgpt",
    "vscode",
    "copilot",
];
/// Those of them whose document's URL is known.
const KNOWN_DOCUMENT: &[&str] = &["claude-code", "codex", "claude", "vscode", "copilot"];

/// The stub without metadata documents of clients, so that every client registers.
fn without_documents(asked: &Asked, reply: &mut Reply) {
    on_server(asked, reply, |document, _| {
        remove(document, "client_id_metadata_document_supported")
    });
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "no registration endpoint",
            "client-registration-missing",
            AskBut(&["python"]),
            "registrationEnabled",
            |asked, reply| {
                without_documents(asked, reply);
                on_server(asked, reply, |document, _| {
                    remove(document, "registration_endpoint")
                });
            },
        ),
        case(
            "no registration endpoint, and none at the default path",
            "client-registration-missing",
            Ask { not: &[] },
            "registrationEnabled",
            |asked, reply| {
                without_documents(asked, reply);
                on_server(asked, reply, |document, _| {
                    remove(document, "registration_endpoint")
                });
                if asked.path == "/register" {
                    *reply = Reply::json(404, &json!({ "error": "not_found" }));
                }
            },
        ),
        case(
            "registration refused",
            "registration-refused",
            All,
            "redirectHosts",
            |asked, reply| {
                without_documents(asked, reply);
                if asked.path == "/register" {
                    *reply = Reply::json(400, &json!({ "error": "invalid_redirect_uri" }));
                }
            },
        ),
        case(
            "registration refused where documents are taken",
            "registration-refused",
            AllBut(BY_DOCUMENT),
            "redirectHosts",
            at("/register", || {
                Reply::json(403, &json!({ "error": "access_denied" }))
            }),
        ),
        case(
            "registration fails",
            "registration-server-error",
            AllBut(BY_DOCUMENT),
            "log",
            at("/register", || Reply::new(500, String::new())),
        ),
        case(
            "a registration endpoint that is not there",
            "registration-endpoint-broken",
            AllBut(BY_DOCUMENT),
            "deploy again",
            at("/register", || {
                Reply::json(404, &json!({ "error": "not_found" }))
            }),
        ),
        case(
            "a registration without client_id",
            "registration-unreadable",
            AllBut(BY_DOCUMENT),
            "sends them",
            |asked, reply| {
                if asked.path == "/register" {
                    reply.edit(|body| remove(body, "client_id"));
                }
            },
        ),
        case(
            "loopback redirects dropped",
            "registration-redirect-dropped",
            AllBut(BY_DOCUMENT),
            "permit it",
            |asked, reply| {
                if asked.path == "/register" {
                    reply.edit(|body| {
                        body["redirect_uris"] = json!(["https://app.example/callback"])
                    });
                }
            },
        ),
        case(
            "a secret without a secret",
            "registration-secret-missing",
            AllBut(BY_DOCUMENT),
            "public clients",
            |asked, reply| {
                if asked.path == "/register" {
                    reply.edit(|body| {
                        body["token_endpoint_auth_method"] = json!("client_secret_basic")
                    });
                }
            },
        ),
        case(
            "metadata documents of clients refused",
            "client-document-refused",
            These(KNOWN_DOCUMENT),
            "clientDocumentsEnabled",
            |asked, reply| {
                if asked.path == "/authorize" && asked.query["client_id"].starts_with("https://") {
                    *reply = Reply::html(400);
                }
            },
        ),
        case(
            "authorization refused",
            "authorization-refused",
            AllBut(BY_DOCUMENT),
            "deploy again",
            |asked, reply| {
                if asked.path == "/authorize" && !asked.query["client_id"].starts_with("https://") {
                    *reply = Reply::html(400);
                }
            },
        ),
        case(
            "no authorization endpoint",
            "authorization-endpoint-broken",
            AllBut(&["chatgpt"]),
            "log",
            at("/authorize", || {
                Reply::json(404, &json!({ "error": "not_found" }))
            }),
        ),
        case(
            "errors without the promised iss",
            "iss-missing",
            Stopped::None,
            "sends it",
            |asked, reply| {
                if asked.path == "/authorize"
                    && let Some(location) = reply.header("location")
                {
                    reply.set("location", &location.replace("iss=", "x="));
                }
            },
        ),
        case(
            "errors with another iss",
            "iss-wrong",
            Stopped::None,
            "sends the issuer",
            |asked, reply| {
                if asked.path == "/authorize"
                    && let Some(location) = reply.header("location")
                {
                    reply.set("location", &location.replace("iss=http", "iss=https"));
                }
            },
        ),
        case(
            "a token endpoint that is a web page",
            "token-endpoint-broken",
            AllBut(&["chatgpt"]),
            "log",
            at("/token", || Reply::html(200)),
        ),
        case(
            "a token endpoint for clients with a secret",
            "token-endpoint-refuses-client",
            AllBut(&["chatgpt"]),
            "public clients",
            at("/token", || {
                Reply::json(401, &json!({ "error": "invalid_client" }))
            }),
        ),
        case(
            "a token endpoint without codes",
            "token-grant-unsupported",
            AllBut(&["chatgpt"]),
            "knows them",
            at("/token", || {
                Reply::json(400, &json!({ "error": "unsupported_grant_type" }))
            }),
        ),
        case(
            "a token endpoint that refuses resource",
            "token-resource-refused",
            AllBut(&["chatgpt"]),
            "takes it",
            at("/token", || {
                Reply::json(400, &json!({ "error": "invalid_target" }))
            }),
        ),
    ]
}
