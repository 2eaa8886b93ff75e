//! Checks of authorization server metadata (RFC 8414, OpenID Connect Discovery 1.0).

use url::Url;

use crate::doctor::ask::Ask;
use crate::doctor::cause;
use crate::doctor::check::{Check, Fault};
use crate::doctor::look::{
    Kind, asked, document_fails, document_unreadable, expected_issuer, issuers, resources,
    server_fault, servers, unauthorized,
};
use crate::doctor::walk::{foreign_endpoint, insecure_endpoint, is_cognito, issuer_check};

/// A fault if an issuer is wrong in the way that `check` explains.
fn wrong_issuer(evidence: &crate::doctor::evidence::Evidence, check: &str) -> Option<Fault> {
    servers(evidence).find_map(|(number, at, metadata)| {
        let issuer = metadata.issuer?;
        let expected = expected_issuer(evidence, &at)?;
        (issuer != expected && issuer_check(&issuer, &expected) == check).then(|| {
            Fault::at(
                number,
                format!("issuer is {issuer} in {at}, and {expected} led to it"),
            )
        })
    })
}

fn lacks(list: Option<&Vec<String>>, wanted: &str) -> bool {
    list.is_some_and(|list| !list.iter().any(|entry| entry == wanted))
}

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "server-metadata-missing",
        title: "there is no authorization server metadata",
        why: "clients do not learn where to sign in",
        construct: "`McpAuthorization.server()` and `McpAuthorization.cognito()` serve it; with `jwt()` pass the provider's exact issuer",
        elsewhere: "serve /.well-known/oauth-authorization-server of the issuer, or correct authorization_servers",
        find: |evidence| {
            unauthorized(evidence)?;
            resources(evidence).next()?;
            let tried: Vec<_> = asked(evidence, Kind::Server).collect();
            let served = tried.iter().any(|asked| {
                asked
                    .exchange
                    .received()
                    .is_none_or(|response| response.status < 400 || response.is_server_error())
            });
            (!tried.is_empty() && !served && servers(evidence).next().is_none()).then(|| Fault {
                detail: format!("no metadata of {}", issuers(evidence).join(", ")),
                exchanges: tried.iter().map(|asked| asked.number).collect(),
            })
        },
    },
    Check {
        id: "server-metadata-server-error",
        title: "authorization server metadata responds with a server error",
        why: "a 5xx on a well-known URL stops the TypeScript SDK, rmcp and the Python SDK, even if the next URL has it",
        construct: "`McpServer` serves it without a function",
        elsewhere: "respond 404 at well-known URLs that have no document",
        find: |evidence| document_fails(evidence, Kind::Server),
    },
    Check {
        id: "server-metadata-unreadable",
        title: "authorization server metadata is no JSON document",
        why: "a web page with status 200 stops the TypeScript SDK, even if the next URL has the document",
        construct: "`McpServer` serves it; behind a distribution of your own, forward /.well-known/* to the API",
        elsewhere: "respond with application/json, or 404; exclude /.well-known/* from a single-page application's fallback",
        find: |evidence| {
            let known: Vec<usize> = servers(evidence).map(|(number, _, _)| number).collect();
            document_unreadable(evidence, Kind::Server, &known)
        },
    },
    Check {
        id: "metadata-redirects",
        title: "a metadata document redirects to another host",
        why: "SDKs follow redirects within the host only",
        construct: "`McpServer` serves the documents at the issuer itself",
        elsewhere: "serve the document at its well-known URL, or name the other host as the issuer",
        find: |evidence| {
            [Kind::Resource, Kind::Server]
                .into_iter()
                .flat_map(|kind| asked(evidence, kind))
                .find_map(|asked| {
                    let target = asked.exchange.received()?.location(&asked.url)?;
                    (target.origin() != asked.url.origin()).then(|| {
                        Fault::at(asked.number, format!("{} redirects to {target}", asked.url))
                    })
                })
        },
    },
    Check {
        id: "openid-only",
        title: "only the OpenID document exists",
        why: "clients of revision 2025-06-18 ask for the RFC 8414 document only, and Codex looks for it first",
        construct: "`McpAuthorization.server()` and `cognito()` serve both",
        elsewhere: "serve the same document at /.well-known/oauth-authorization-server",
        find: |evidence| {
            let all: Vec<_> = servers(evidence).collect();
            let (number, at, metadata) = all.first()?;
            (!is_cognito(metadata)
                && all
                    .iter()
                    .all(|(_, url, _)| url.path().contains("openid-configuration")))
            .then(|| Fault::at(*number, format!("{at} is the only document")))
        },
    },
    Check {
        id: "issuer-missing",
        title: "the metadata has no issuer",
        why: "RFC 8414 requires it: rmcp, the Python SDK and VS Code stop",
        construct: "`McpServer` sets it",
        elsewhere: "set issuer to the URL that authorization_servers names",
        find: |evidence| {
            server_fault(evidence, |metadata| {
                metadata
                    .issuer
                    .is_none()
                    .then(|| "issuer is missing".to_owned())
            })
        },
    },
    Check {
        id: "issuer-mismatch",
        title: "issuer is not the URL that the document was found by",
        why: "RFC 8414 section 3.3: the TypeScript SDK, rmcp, Codex, the Python SDK and the Inspector stop",
        construct: "use the default front; `jwt({ issuer })` must be the provider's own spelling",
        elsewhere: "make issuer and authorization_servers the same string",
        find: |evidence| wrong_issuer(evidence, "issuer-mismatch"),
    },
    Check {
        id: "issuer-trailing-slash",
        title: "issuer differs by a trailing slash",
        why: "the Python SDK compares the strings; others forgive a slash after the host only",
        construct: "`jwt({ issuer })`: copy the provider's own spelling",
        elsewhere: "make issuer and authorization_servers the same string",
        find: |evidence| wrong_issuer(evidence, "issuer-trailing-slash"),
    },
    Check {
        id: "endpoints-missing",
        title: "the metadata lacks an endpoint",
        why: "clients cannot sign in",
        construct: "`McpServer` names them",
        elsewhere: "add authorization_endpoint and token_endpoint",
        find: |evidence| {
            server_fault(evidence, |metadata| {
                let missing: Vec<&str> = [
                    ("authorization_endpoint", &metadata.authorization_endpoint),
                    ("token_endpoint", &metadata.token_endpoint),
                ]
                .into_iter()
                .filter_map(|(name, endpoint)| endpoint.is_none().then_some(name))
                .collect();
                (!missing.is_empty()).then(|| format!("{} missing", missing.join(" and ")))
            })
        },
    },
    Check {
        id: "endpoint-not-https",
        title: "an endpoint is plain http",
        why: "codes and tokens would travel unencrypted; clients refuse it",
        construct: "`McpFront.external({ publicBaseUrl })`: pass the public https URL",
        elsewhere: "name https endpoints; behind a proxy, build URLs from X-Forwarded-Proto",
        find: |evidence| {
            server_fault(evidence, |metadata| {
                insecure_endpoint(metadata).map(|(name, endpoint)| format!("{name} is {endpoint}"))
            })
        },
    },
    Check {
        id: "split-origin",
        title: "endpoints are on another origin than the issuer, and responses carry no iss",
        why: "Codex refuses that since 0.150, because another server could mix in its responses (RFC 9207)",
        construct: "`authorization: McpAuthorization.server()`, the default; `McpAuthorization.cognito()` is split by nature",
        elsewhere: "serve the endpoints at the issuer's origin, or send iss and advertise authorization_response_iss_parameter_supported",
        find: |evidence| {
            server_fault(evidence, |metadata| {
                let (name, endpoint) =
                    foreign_endpoint(metadata).filter(|_| !metadata.sends_issuer)?;
                let issuer = metadata.issuer.as_deref().unwrap_or_default();
                Some(format!("{name} is {endpoint}, and issuer is {issuer}"))
            })
        },
    },
    Check {
        id: "s256-missing",
        title: "code_challenge_methods_supported is missing",
        why: "claude.ai and ChatGPT refuse that, as the MCP specification demands",
        construct: "`McpAuthorization.server()` and `cognito()` list S256; give clients `mcpServerUrl`, not Cognito's own document",
        elsewhere: "add code_challenge_methods_supported: [\"S256\"]; Cognito's own document lacks it",
        find: |evidence| {
            server_fault(evidence, |metadata| {
                metadata
                    .code_challenge_methods
                    .is_none()
                    .then(|| "code_challenge_methods_supported is missing".to_owned())
            })
        },
    },
    Check {
        id: "s256-unsupported",
        title: "S256 is not listed",
        why: "every MCP client uses PKCE with S256; all but VS Code, Gemini CLI and the Python SDK stop when the list excludes it",
        construct: "`McpAuthorization.server()` lists S256",
        elsewhere: "support S256 and list it",
        find: |evidence| {
            server_fault(evidence, |metadata| {
                lacks(metadata.code_challenge_methods.as_ref(), "S256").then(|| {
                    format!(
                        "code_challenge_methods_supported is {:?}",
                        metadata.code_challenge_methods
                    )
                })
            })
        },
    },
    Check {
        id: "response-type-code-missing",
        title: "the response type code is not listed",
        why: "the TypeScript SDK refuses a document without response_types_supported, which RFC 8414 requires",
        construct: "`McpAuthorization.server()` lists it",
        elsewhere: "add response_types_supported: [\"code\"]",
        find: |evidence| {
            server_fault(evidence, |metadata| match &metadata.response_types {
                None => Some("response_types_supported is missing".to_owned()),
                Some(types) => lacks(Some(types), "code")
                    .then(|| format!("response_types_supported is {types:?}")),
            })
        },
    },
    Check {
        id: "grant-types-incomplete",
        title: "authorization_code or refresh_token is not among the grants",
        why: "without refresh tokens people sign in again every hour",
        construct: "`McpAuthorization.server()` lists both",
        elsewhere: "enable both grants and list them",
        find: |evidence| {
            server_fault(evidence, |metadata| {
                let grants = metadata.grant_types.as_ref();
                (lacks(grants, "authorization_code") || lacks(grants, "refresh_token"))
                    .then(|| format!("grant_types_supported is {grants:?}"))
            })
        },
    },
    Check {
        id: "token-auth-none-missing",
        title: "public clients are not listed at the token endpoint",
        why: "claude.ai and Codex then do not use their metadata documents and register instead; native clients have no secret",
        construct: "`McpAuthorization.server()` lists none",
        elsewhere: "add none to token_endpoint_auth_methods_supported, and accept clients without a secret",
        find: |evidence| {
            server_fault(evidence, |metadata| {
                let methods = metadata.token_auth_methods.as_ref();
                (lacks(methods, "none") || (methods.is_none() && metadata.takes_client_documents))
                    .then(|| format!("token_endpoint_auth_methods_supported is {methods:?}"))
            })
        },
    },
    Check {
        id: "scope-unsupported",
        title: "the server asks for an OAuth scope that the authorization server does not list",
        why: "sign-ins end with invalid_scope",
        construct: "deploy again after the contract has changed: `McpServer` registers its scopes",
        elsewhere: "register the scope at the authorization server, or correct the challenge",
        find: |evidence| {
            let (_, challenge) = crate::doctor::look::challenge(evidence)?;
            let wanted = challenge.parameter("scope")?.to_owned();
            server_fault(evidence, |metadata| {
                let scopes = metadata
                    .scopes
                    .as_ref()
                    .filter(|scopes| !scopes.is_empty() && !is_cognito(metadata))?;
                let unknown = wanted
                    .split(' ')
                    .find(|scope| !scopes.iter().any(|known| known == scope))?;
                Some(format!("{unknown} is not in scopes_supported"))
            })
        },
    },
    Check {
        id: "server-documents-differ",
        title: "the OAuth and the OpenID document differ",
        why: "clients that read different documents end at different endpoints",
        construct: "`McpServer` makes both from one source",
        elsewhere: "serve the same issuer and endpoints in both",
        find: |evidence| {
            let all: Vec<_> = servers(evidence).collect();
            all.iter().find_map(|(first, at, one)| {
                let expected = expected_issuer(evidence, at)?;
                let (second, other_at, _) = all.iter().find(|(_, url, other)| {
                    expected_issuer(evidence, url).as_deref() == Some(&expected)
                        && (other.issuer != one.issuer
                            || other.authorization_endpoint != one.authorization_endpoint
                            || other.token_endpoint != one.token_endpoint)
                })?;
                Some(Fault {
                    detail: format!("{other_at} differs from {at}"),
                    exchanges: vec![*first, *second],
                })
            })
        },
    },
    Check {
        id: "keys-unreachable",
        title: "the keys of the authorization server cannot be fetched",
        why: "servers that verify access tokens themselves refuse every one",
        construct: "`jwt({ jwksUri })`: correct the URL",
        elsewhere: "correct jwks_uri",
        find: |evidence| {
            servers(evidence).find_map(|(_, _, metadata)| {
                let url = Url::parse(&metadata.jwks_uri?).ok()?;
                let (number, exchange) = evidence.find(&Ask::document(&url))?;
                let keys = exchange.received().is_some_and(|response| {
                    response.is_success()
                        && response
                            .json()
                            .is_some_and(|value| value.get("keys").is_some())
                });
                (!keys).then(|| Fault::at(number, cause::shown(exchange)))
            })
        },
    },
];
