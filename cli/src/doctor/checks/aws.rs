//! Checks: the causes that are AWS's own.

use crate::doctor::ask::Ask;
use crate::doctor::check::{Check, Fault};
use crate::doctor::look::{any_request_fails, resources, server_fault, servers};
use crate::doctor::walk::is_cognito;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "aws-challenge-renamed",
        title: "API Gateway renamed WWW-Authenticate",
        why: "API Gateway and function URLs rename the header of a function; clients then see no challenge",
        construct: "`McpServer` sends it as a gateway response; with a function of your own use `McpServer` or `McpRemoteServer`",
        elsewhere: "let the authorizer respond, and set `WWW-Authenticate` in the gateway response UNAUTHORIZED",
        find: |evidence| {
            evidence
                .responses()
                .find_map(|(number, exchange, response)| {
                    let value = response.header("x-amzn-remapped-www-authenticate")?;
                    let url = &exchange.sent.url;
                    Some(Fault::at(
                        number,
                        format!("{url} sends x-amzn-remapped-www-authenticate: {value}"),
                    ))
                })
        },
    },
    Check {
        id: "aws-missing-authentication-token",
        title: "API Gateway responds \"Missing Authentication Token\"",
        why: "that is its 403 for an unknown path or method; clients take it for a refusal, not for a missing document",
        construct: "`McpServer` responds 404 there; give clients `mcpServerUrl`",
        elsewhere: "correct the path and stage, and set the status of the gateway response MISSING_AUTHENTICATION_TOKEN to 404",
        find: |evidence| any_request_fails(evidence, "aws-missing-authentication-token"),
    },
    Check {
        id: "aws-waf-blocked",
        title: "AWS WAF or CloudFront blocks the request",
        why: "managed rules against bots drop the requests of claude.ai and of programs",
        construct: "change the rules of the web ACL in `webAcl`: exempt the MCP path and `/.well-known/*` from bot control",
        elsewhere: "look at the sampled requests of the web ACL, and exempt the MCP path and /.well-known/*",
        find: |evidence| any_request_fails(evidence, "aws-waf-blocked"),
    },
    Check {
        id: "aws-iam-authorization",
        title: "AWS demands IAM authorization, an API key, or refuses by a resource policy",
        why: "MCP clients send bearer tokens, never AWS signatures or API keys",
        construct: "use `McpServer`; `McpCode.fromFunction` keeps the function's own URL out of the way",
        elsewhere: "set AuthType NONE of a function URL and verify tokens in the function, or remove IAM, API key and resource policy from the method",
        find: |evidence| any_request_fails(evidence, "aws-iam-authorization"),
    },
    Check {
        id: "aws-lambda-error",
        title: "the Lambda function fails or is too slow",
        why: "clients take a 5xx on the first request for the end",
        construct: "look at the function with `mcp-lambda logs`; check `settings`, `timeout` and `memorySize`",
        elsewhere: "look at the function's log in CloudWatch: a missing setting, a missing permission, or a timeout",
        find: |evidence| any_request_fails(evidence, "aws-lambda-error"),
    },
    Check {
        id: "aws-cloudfront-cached-error",
        title: "CloudFront serves a cached error",
        why: "an error of one caller is served to all until it expires, even after it is fixed",
        construct: "`McpFront.cloudFront()` caches no error; then create an invalidation for `/*`",
        elsewhere: "set the error caching minimum TTL to 0 for 4xx and 5xx, use CachingDisabled, and create an invalidation",
        find: |evidence| any_request_fails(evidence, "aws-cloudfront-cached-error"),
    },
    Check {
        id: "aws-stage-path",
        title: "the stage is part of the URL, and metadata is not at the root of the host",
        why: "clients look at `https://host/.well-known/…/<stage>/mcp`, which a REST API cannot serve",
        construct: "use `McpFront.cloudFront()` (the default) or `McpFront.customDomain()` instead of `McpFront.stage()`",
        elsewhere: "put CloudFront with the origin path /<stage>, or a custom domain with an empty base path, in front",
        find: |evidence| {
            let host = evidence.url.host_str().unwrap_or_default();
            let by_host = host.contains(".execute-api.") && host.contains(".amazonaws.com");
            let stage = evidence.url.path_segments()?.next()?.to_owned();
            let below_stage = format!("/{stage}/.well-known/");
            let found =
                resources(evidence).find(|(_, url, _)| url.path().starts_with(&below_stage));
            let at_root =
                resources(evidence).any(|(_, url, _)| url.path().starts_with("/.well-known/"));
            if at_root {
                return None;
            }
            match found {
                Some((number, url, _)) => Some(Fault::at(
                    number,
                    format!("metadata is at {url}, below the stage {stage}, only"),
                )),
                None if by_host => Some(Fault {
                    detail: format!("{host} serves no metadata at its root"),
                    exchanges: Vec::new(),
                }),
                None => None,
            }
        },
    },
    Check {
        id: "aws-cognito-bare",
        title: "Cognito itself is the authorization server",
        why: "it lists no S256, knows no metadata documents of clients, compares redirect URIs with their port, and sends no `iss`",
        construct: "`authorization: McpAuthorization.server()`, the default",
        elsewhere: "put an authorization server in front of Cognito, or register each client and its exact redirect URI",
        find: |evidence| {
            servers(evidence).find_map(|(number, url, metadata)| {
                is_cognito(&metadata)
                    .then(|| Fault::at(number, format!("{url} names Cognito's endpoints")))
            })
        },
    },
    Check {
        id: "aws-cognito-offline-access",
        title: "offline_access is offered, which Cognito refuses",
        why: "clients that ask for it get invalid_scope; Cognito has refresh tokens without it",
        construct: "use the metadata of `McpServer`, which does not list it",
        elsewhere: "remove offline_access from scopes_supported and from the challenge",
        find: |evidence| {
            server_fault(evidence, |metadata| {
                let offered = metadata
                    .scopes
                    .as_ref()
                    .is_some_and(|scopes| scopes.iter().any(|scope| scope == "offline_access"));
                (offered && is_cognito(metadata))
                    .then(|| "scopes_supported has offline_access".to_owned())
            })
        },
    },
    Check {
        id: "aws-function-url-host",
        title: "the URL is a function URL or the API's own host",
        why: "a function URL renames WWW-Authenticate, and an API's own host has the stage in its path",
        construct: "give clients `mcpServerUrl`",
        elsewhere: "put CloudFront or a custom domain in front",
        find: |evidence| {
            let host = evidence.url.host_str()?;
            let (number, _) = evidence.find(&Ask::Initialize)?;
            host.contains(".lambda-url.")
                .then(|| Fault::at(number, format!("the host is {host}")))
        },
    },
];
