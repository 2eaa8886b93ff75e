//! Checks of protected resource metadata (RFC 9728).

use url::Url;

use crate::doctor::check::{Check, Fault};
use crate::doctor::documents::ResourceWellKnown;
use crate::doctor::evidence::Evidence;
use crate::doctor::look::{
    Kind, asked, document_fails, document_unreadable, resources, unauthorized,
};
use crate::doctor::walk::covers;

/// The first document about another resource, judged by `wrong`.
fn other_resource(evidence: &Evidence, wrong: fn(&Url, &Url) -> bool) -> Option<Fault> {
    resources(evidence).find_map(|(number, at, metadata)| {
        let resource = metadata.resource?;
        let parsed = Url::parse(&resource).ok()?;
        wrong(&parsed, &evidence.url).then(|| {
            Fault::at(
                number,
                format!(
                    "resource is {resource} in {at}, and the URL is {}",
                    evidence.url
                ),
            )
        })
    })
}

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "resource-metadata-missing",
        title: "there is no protected resource metadata",
        why: "clients do not learn the authorization server, the OAuth scopes and the resource",
        construct: "`McpServer` serves it; give clients `mcpServerUrl`",
        elsewhere: "serve it at /.well-known/oauth-protected-resource/<path> and name it in the challenge",
        find: |evidence| {
            unauthorized(evidence)?;
            let mut tried = asked(evidence, Kind::Resource).peekable();
            tried.peek()?;
            let (found, tried): (Vec<_>, Vec<_>) = (resources(evidence).collect(), tried.collect());
            let served = tried.iter().any(|asked| {
                asked
                    .exchange
                    .received()
                    .is_none_or(|response| response.is_success() || response.is_server_error())
            });
            (found.is_empty() && !served).then(|| Fault {
                detail: format!(
                    "none of {}",
                    tried
                        .iter()
                        .map(|asked| asked.url.as_str())
                        .collect::<Vec<_>>()
                        .join(", ")
                ),
                exchanges: tried.iter().map(|asked| asked.number).collect(),
            })
        },
    },
    Check {
        id: "resource-metadata-path-missing",
        title: "protected resource metadata is not at its well-known URL",
        why: "clients that sign in before their first request (`claude mcp login`), and Codex at times, do not see the challenge",
        construct: "use `McpFront.cloudFront()` or `McpFront.customDomain()`, which serve it at the root of the host",
        elsewhere: "serve the document at /.well-known/oauth-protected-resource/<path> too",
        find: |evidence| {
            let form = ResourceWellKnown::Inserted
                .url(&evidence.url)
                .or(ResourceWellKnown::Root.url(&evidence.url))?;
            let (number, _, _) = resources(evidence).next()?;
            let missing = asked(evidence, Kind::Resource).find(|asked| asked.url == form)?;
            let response = missing.exchange.received()?;
            (!response.is_success() && !response.is_server_error() && missing.number != number)
                .then(|| {
                    Fault::at(
                        missing.number,
                        format!("{form} responds {}", response.status),
                    )
                })
        },
    },
    Check {
        id: "resource-metadata-server-error",
        title: "protected resource metadata responds with a server error",
        why: "rmcp and Codex stop, the Python SDK stops if no other URL has it, the TypeScript SDK goes on without OAuth scopes",
        construct: "`McpServer` serves it without a function",
        elsewhere: "serve the document statically; respond 404 at URLs that have none",
        find: |evidence| document_fails(evidence, Kind::Resource),
    },
    Check {
        id: "resource-metadata-unreadable",
        title: "protected resource metadata is no JSON document",
        why: "a web page with status 200 stops the TypeScript SDK, or hides the document at the next URL",
        construct: "`McpServer` serves it; behind a distribution of your own, forward /.well-known/* to the API",
        elsewhere: "respond with application/json, or 404; exclude /.well-known/* from a single-page application's fallback",
        find: |evidence| {
            let known: Vec<usize> = resources(evidence).map(|(number, _, _)| number).collect();
            document_unreadable(evidence, Kind::Resource, &known)
        },
    },
    Check {
        id: "resource-mismatch",
        title: "the metadata is about another resource",
        why: "every client refuses it: a token for another server could be collected that way",
        construct: "give clients `mcpServerUrl`; with `McpFront.external` pass the public `publicBaseUrl`",
        elsewhere: "set resource to the URL that clients are given",
        find: |evidence| other_resource(evidence, |resource, mcp| !covers(resource, mcp)),
    },
    Check {
        id: "resource-not-exact",
        title: "resource is not exactly the URL",
        why: "Gemini CLI and VS Code compare the whole URL, path and trailing slash included; tokens get another `aud`",
        construct: "`McpServer` uses `mcpServerUrl`; give clients the same string",
        elsewhere: "set resource to the URL with its path, without a trailing slash",
        find: |evidence| {
            other_resource(evidence, |resource, mcp| {
                covers(resource, mcp) && resource != mcp
            })
        },
    },
    Check {
        id: "resource-missing",
        title: "the metadata has no resource",
        why: "RFC 9728 requires it: SDKs refuse the document",
        construct: "`McpServer` sets it",
        elsewhere: "set resource to the URL that clients are given",
        find: |evidence| {
            resources(evidence).find_map(|(number, at, metadata)| {
                let sound = metadata
                    .resource
                    .is_some_and(|resource| Url::parse(&resource).is_ok());
                (!sound)
                    .then(|| Fault::at(number, format!("resource is missing or no URL in {at}")))
            })
        },
    },
    Check {
        id: "authorization-servers-missing",
        title: "the metadata names no authorization server",
        why: "clients fall back on the host of the URL, or give up",
        construct: "`McpServer` names its authorization server",
        elsewhere: "add authorization_servers with one issuer",
        find: |evidence| {
            resources(evidence).find_map(|(number, at, metadata)| {
                metadata.authorization_servers.is_empty().then(|| {
                    Fault::at(
                        number,
                        format!("authorization_servers is missing or empty in {at}"),
                    )
                })
            })
        },
    },
    Check {
        id: "bearer-method-header-missing",
        title: "the metadata excludes the Authorization header",
        why: "MCP clients send the access token in the header only",
        construct: "`McpServer` lists `header`",
        elsewhere: "add header to bearer_methods_supported, or remove the member",
        find: |evidence| {
            resources(evidence).find_map(|(number, at, metadata)| {
                let methods = metadata.bearer_methods?;
                (!methods.iter().any(|method| method == "header")).then(|| {
                    Fault::at(
                        number,
                        format!("bearer_methods_supported is {methods:?} in {at}"),
                    )
                })
            })
        },
    },
    Check {
        id: "resource-documents-differ",
        title: "the well-known URLs have different documents",
        why: "clients look at different URLs, and end at different authorization servers or resources",
        construct: "`McpServer` serves one document",
        elsewhere: "serve the same document at both URLs, or 404 at the root of the host",
        find: |evidence| {
            let all: Vec<_> = resources(evidence).collect();
            let (first, _, one) = all.first()?;
            let (second, at, _) = all.iter().find(|(_, _, other)| {
                other.resource != one.resource
                    || other.authorization_servers != one.authorization_servers
            })?;
            Some(Fault {
                detail: format!("{at} differs from the first document"),
                exchanges: vec![*first, *second],
            })
        },
    },
];
