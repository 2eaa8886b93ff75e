//! Checks: what the server responds without a valid access token.

use url::Url;

use crate::doctor::ask::Ask;
use crate::doctor::challenge::Challenge;
use crate::doctor::check::{Check, Fault};
use crate::doctor::look::{challenge, first_request_fails, resources, unauthorized};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "unauthenticated-forbidden",
        title: "a request without an access token is refused with 403",
        why: "only a 401 starts a sign-in",
        construct: "`McpServer` responds 401; with a Lambda authorizer of your own, throw \"Unauthorized\" instead of returning a Deny policy",
        elsewhere: "respond 401 with WWW-Authenticate; HTTP API Lambda authorizers cannot",
        find: |evidence| first_request_fails(evidence, "unauthenticated-forbidden"),
    },
    Check {
        id: "challenge-missing",
        title: "a 401 has no WWW-Authenticate",
        why: "clients that find metadata by the challenge alone do not start a sign-in, and learn no OAuth scopes",
        construct: "`McpServer` sets it in its gateway responses",
        elsewhere: "add `WWW-Authenticate: Bearer resource_metadata=\"…\", scope=\"…\"`; behind API Gateway as a gateway response",
        find: |evidence| {
            let (number, response) = unauthorized(evidence)?;
            Challenge::all(response)
                .is_empty()
                .then(|| Fault::at(number, "the 401 has no WWW-Authenticate header"))
        },
    },
    Check {
        id: "challenge-not-bearer",
        title: "a 401 asks for another scheme than Bearer",
        why: "MCP clients have bearer tokens only",
        construct: "`McpServer` asks for Bearer",
        elsewhere: "respond with `WWW-Authenticate: Bearer …`; remove Basic authentication from the path",
        find: |evidence| {
            let (number, response) = unauthorized(evidence)?;
            let all = Challenge::all(response);
            let scheme = &all.first()?.scheme;
            Challenge::bearer(response)
                .is_none()
                .then(|| Fault::at(number, format!("the challenge is {scheme}")))
        },
    },
    Check {
        id: "challenge-without-metadata",
        title: "the challenge has no resource_metadata",
        why: "revision 2025-06-18 requires it; the others must guess well-known URLs, which a stage path breaks",
        construct: "`McpServer` sends it",
        elsewhere: "add resource_metadata with the URL of the protected resource metadata",
        find: |evidence| {
            let (number, challenge) = challenge(evidence)?;
            challenge
                .parameter("resource_metadata")
                .is_none()
                .then(|| Fault::at(number, "the challenge has no resource_metadata"))
        },
    },
    Check {
        id: "challenge-metadata-not-url",
        title: "resource_metadata of the challenge is no absolute https URL",
        why: "the TypeScript SDK ignores it, rmcp refuses a downgrade to http",
        construct: "`McpFront.external({ publicBaseUrl })`: pass the public https URL",
        elsewhere: "send an absolute https URL",
        find: |evidence| {
            let (number, challenge) = challenge(evidence)?;
            let pointer = challenge.parameter("resource_metadata")?;
            let sound = Url::parse(pointer)
                .is_ok_and(|url| url.scheme() == "https" || url.scheme() == evidence.url.scheme());
            (!sound).then(|| Fault::at(number, format!("resource_metadata is {pointer:?}")))
        },
    },
    Check {
        id: "scopes-missing",
        title: "neither challenge nor metadata name OAuth scopes",
        why: "clients then ask for none, and Cognito issues a code that cannot be redeemed (invalid_grant)",
        construct: "declare the server's OAuth scopes in its contract; `McpServer` puts them into both",
        elsewhere: "add scope to the challenge and scopes_supported to the protected resource metadata",
        find: |evidence| {
            let (number, response) = unauthorized(evidence)?;
            let in_challenge = Challenge::bearer(response).is_some_and(|challenge| {
                challenge
                    .parameter("scope")
                    .is_some_and(|scope| !scope.is_empty())
            });
            let mut documents = resources(evidence).peekable();
            documents.peek()?;
            let in_documents = documents
                .any(|(_, _, metadata)| metadata.scopes.is_some_and(|scopes| !scopes.is_empty()));
            (!in_challenge && !in_documents)
                .then(|| Fault::at(number, "no scope and no scopes_supported"))
        },
    },
    Check {
        id: "challenge-offline-access",
        title: "the challenge or the metadata ask for offline_access",
        why: "the MCP specification says not to; authorization servers that do not know it refuse the sign-in",
        construct: "`McpServer` does not list it",
        elsewhere: "remove it from the challenge and from the protected resource metadata",
        find: |evidence| {
            let offline = |scope: &str| scope == "offline_access";
            let in_challenge = challenge(evidence).filter(|(_, challenge)| {
                challenge
                    .parameter("scope")
                    .is_some_and(|scope| scope.split(' ').any(offline))
            });
            if let Some((number, _)) = in_challenge {
                return Some(Fault::at(
                    number,
                    "scope of the challenge has offline_access",
                ));
            }
            resources(evidence).find_map(|(number, url, metadata)| {
                metadata
                    .scopes
                    .is_some_and(|scopes| scopes.iter().any(|scope| offline(scope)))
                    .then(|| {
                        Fault::at(
                            number,
                            format!("scopes_supported has offline_access in {url}"),
                        )
                    })
            })
        },
    },
    Check {
        id: "get-before-authorization",
        title: "GET without an access token is not a 401",
        why: "rmcp, Codex and mcp-remote look for the challenge with GET first; they fall back on the well-known URLs",
        construct: "`McpServer` checks the access token before the method",
        elsewhere: "check the access token before responding 405 to GET",
        find: |evidence| {
            unauthorized(evidence)?;
            let (number, response) = evidence.response(&Ask::Listen)?;
            (response.status != 401).then(|| {
                Fault::at(
                    number,
                    format!("GET without an access token responds {}", response.status),
                )
            })
        },
    },
    Check {
        id: "invalid-token-status",
        title: "an invalid access token is not refused with 401",
        why: "clients refresh or sign in again only after a 401: an expired token ends the session",
        construct: "`McpServer` responds 401 to expired and invalid tokens",
        elsewhere: "respond 401 with error=\"invalid_token\"; in API Gateway set EXPIRED_TOKEN and UNAUTHORIZED",
        find: |evidence| {
            unauthorized(evidence)?;
            let (number, response) = evidence.response(&Ask::InvalidToken)?;
            (response.status != 401).then(|| {
                Fault::at(
                    number,
                    format!("an invalid access token gets {}", response.status),
                )
            })
        },
    },
    Check {
        id: "invalid-token-without-challenge",
        title: "the 401 for an invalid access token has no challenge",
        why: "clients that lost their metadata cannot sign in again",
        construct: "`McpServer` sends the same challenge",
        elsewhere: "send the challenge with every 401",
        find: |evidence| {
            challenge(evidence)?;
            let (number, response) = evidence.response(&Ask::InvalidToken)?;
            (response.status == 401 && Challenge::bearer(response).is_none()).then(|| {
                Fault::at(
                    number,
                    "the 401 for an invalid access token has no Bearer challenge",
                )
            })
        },
    },
];
