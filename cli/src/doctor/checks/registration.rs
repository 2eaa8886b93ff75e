//! Checks: how clients get an id, and what their authorization and token requests meet.

use url::Url;

use crate::doctor::ask::Ask;
use crate::doctor::cause;
use crate::doctor::check::{Check, Fault};
use crate::doctor::evidence::{Evidence, Exchange, Received};
use crate::doctor::look::{registrations, server_fault, servers};
use crate::doctor::walk::{
    error_of_redirect, is_cognito, refused_registration, registered_redirects, shown,
};

fn refused(evidence: &Evidence, check: &str) -> Option<Fault> {
    registrations(evidence).find_map(|(number, exchange, response)| {
        let (why, detail) =
            (!response.is_success()).then(|| refused_registration(response, &exchange.sent.url))?;
        (why == check).then(|| Fault::at(number, detail))
    })
}

fn asked_redirects(exchange: &Exchange) -> Vec<String> {
    serde_json::from_str::<serde_json::Value>(&exchange.sent.body)
        .ok()
        .and_then(|body| {
            let list = body.get("redirect_uris")?.as_array()?.clone();
            Some(
                list.iter()
                    .filter_map(|uri| Some(uri.as_str()?.to_owned()))
                    .collect(),
            )
        })
        .unwrap_or_default()
}

/// The exchanges of authorization requests with a known client.
fn authorizations(
    evidence: &Evidence,
) -> impl Iterator<Item = (usize, &Exchange, &Received, bool)> {
    evidence
        .responses()
        .filter_map(|(number, exchange, response)| {
            let Ask::Authorize { client_id, .. } = &exchange.ask else {
                return None;
            };
            let document = client_id.starts_with("https://");
            Some((number, exchange, response, document))
        })
}

fn redeemed(evidence: &Evidence, wanted: fn(&Received) -> bool) -> Option<Fault> {
    evidence
        .responses()
        .find_map(|(number, exchange, response)| {
            (matches!(exchange.ask, Ask::Redeem { .. }) && wanted(response))
                .then(|| Fault::at(number, shown(exchange)))
        })
}

fn error(response: &Received) -> String {
    response.member("error").unwrap_or_default()
}

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "client-registration-missing",
        title: "clients can neither register nor use a metadata document",
        why: "every client needs an id that a person registers and configures",
        construct: "`authorization: McpAuthorization.server()`, the default, with `registrationEnabled` and `clientDocumentsEnabled`",
        elsewhere: "support client id metadata documents or RFC 7591, or hand out a client id",
        find: |evidence| {
            server_fault(evidence, |metadata| {
                (metadata.registration_endpoint.is_none() && !metadata.takes_client_documents).then(
                    || {
                        "neither registration_endpoint nor client_id_metadata_document_supported"
                            .to_owned()
                    },
                )
            })
        },
    },
    Check {
        id: "redirect-not-fixed",
        title: "redirect URIs must be registered with their port",
        why: "Codex uses a new port and path for each sign-in",
        construct: "`authorization: McpAuthorization.server()`, the default, permits any port on loopback",
        elsewhere: "permit any port of loopback redirect URIs (RFC 8252 section 7.3)",
        find: |evidence| {
            servers(evidence).find_map(|(number, at, metadata)| {
                (is_cognito(&metadata)
                    && metadata.registration_endpoint.is_none()
                    && !metadata.takes_client_documents)
                    .then(|| {
                        Fault::at(
                            number,
                            format!(
                                "{at} is Cognito's, which compares redirect URIs with their port"
                            ),
                        )
                    })
            })
        },
    },
    Check {
        id: "registration-refused",
        title: "the registration endpoint refuses a client",
        why: "clients that register themselves stop",
        construct: "`McpAuthorization.server({ registrationEnabled, redirectHosts, customSchemes })`: permit the client's redirect URIs",
        elsewhere: "permit the redirect URIs, grants and scopes in the request; leave out single bad redirect URIs instead of refusing all",
        find: |evidence| refused(evidence, "registration-refused"),
    },
    Check {
        id: "registration-server-error",
        title: "the registration endpoint fails",
        why: "clients that register themselves stop",
        construct: "look at the authorization server's log",
        elsewhere: "look at the authorization server's log",
        find: |evidence| refused(evidence, "registration-server-error"),
    },
    Check {
        id: "registration-endpoint-broken",
        title: "there is no registration endpoint at its URL",
        why: "clients that register themselves stop instead of asking for an id",
        construct: "`registrationEnabled: false` also removes it from the metadata: deploy again",
        elsewhere: "correct registration_endpoint, or remove it from the metadata",
        find: |evidence| refused(evidence, "registration-endpoint-broken"),
    },
    Check {
        id: "registration-unreadable",
        title: "the registration response lacks required members",
        why: "RFC 7591 requires client_id, and all registered metadata: the TypeScript SDK refuses a response without redirect_uris",
        construct: "`McpAuthorization.server()` sends them",
        elsewhere: "respond 201 with client_id and the registered metadata as JSON",
        find: |evidence| {
            registrations(evidence).find_map(|(number, exchange, response)| {
                let complete = response.member("client_id").is_some()
                    && registered_redirects(response).is_some();
                (response.is_success() && !complete).then(|| {
                    Fault::at(
                        number,
                        format!(
                            "{} responds {} without client_id or redirect_uris",
                            exchange.sent.url, response.status
                        ),
                    )
                })
            })
        },
    },
    Check {
        id: "registration-redirect-dropped",
        title: "the registration dropped a redirect URI",
        why: "a client that uses it is refused at sign-in; others, such as Cursor, register spare ones",
        construct: "`McpAuthorization.server({ redirectHosts, customSchemes })`: permit it",
        elsewhere: "register the redirect URI as sent",
        find: |evidence| {
            registrations(evidence).find_map(|(number, exchange, response)| {
                let kept = registered_redirects(response).filter(|_| response.is_success())?;
                let dropped = asked_redirects(exchange)
                    .into_iter()
                    .find(|uri| !kept.contains(uri))?;
                // A private scheme beside a loopback URI is spare.
                let spare = kept.iter().any(|uri| uri.starts_with("http://"))
                    && !dropped.starts_with("http");
                (!spare).then(|| Fault::at(number, format!("{dropped} was dropped")))
            })
        },
    },
    Check {
        id: "registration-secret-missing",
        title: "a registered client must authenticate and gets no secret",
        why: "its token requests are refused",
        construct: "`McpAuthorization.server()` registers public clients",
        elsewhere: "keep token_endpoint_auth_method none, or issue a client_secret",
        find: |evidence| {
            registrations(evidence).find_map(|(number, _, response)| {
                let method = response.member("token_endpoint_auth_method")?;
                (method != "none" && response.member("client_secret").is_none()).then(|| {
                    Fault::at(
                        number,
                        format!("token_endpoint_auth_method became {method}"),
                    )
                })
            })
        },
    },
    Check {
        id: "client-document-refused",
        title: "the authorization server refuses a client's metadata document",
        why: "clients that name themselves by it do not fall back on registration",
        construct: "`McpAuthorization.server()`: look for `ClientDocument` in its log; `clientDocumentsEnabled: false` makes clients register",
        elsewhere: "fetch the document over https (egress!), accept any loopback port (RFC 8252), or stop advertising client_id_metadata_document_supported",
        find: |evidence| {
            authorizations(evidence).find_map(|(number, exchange, response, document)| {
                let refused = (400..500).contains(&response.status)
                    && ![403, 404, 405, 410, 429].contains(&response.status);
                (document && refused).then(|| Fault::at(number, shown(exchange)))
            })
        },
    },
    Check {
        id: "authorization-refused",
        title: "the authorization endpoint refuses a correct request",
        why: "the browser shows an error instead of a sign-in page",
        construct: "deploy again if the contract has changed; look at the authorization server's log",
        elsewhere: "accept code with S256, the resource and the scopes that the metadata names, and the registered redirect URI on any loopback port",
        find: |evidence| {
            authorizations(evidence).find_map(|(number, exchange, response, document)| {
                if let Some(error) = error_of_redirect(response, &exchange.sent.url) {
                    return Some(Fault::at(
                        number,
                        format!("the browser is sent back with {error}"),
                    ));
                }
                let refused = (400..500).contains(&response.status)
                    && ![403, 404, 405, 410, 429].contains(&response.status);
                (!document && refused).then(|| Fault::at(number, shown(exchange)))
            })
        },
    },
    Check {
        id: "authorization-endpoint-broken",
        title: "there is no sign-in page at the authorization endpoint",
        why: "the browser shows an error instead of a sign-in page",
        construct: "look at the authorization server's log",
        elsewhere: "correct authorization_endpoint; look at the authorization server's log",
        find: |evidence| {
            authorizations(evidence).find_map(|(number, exchange, response, _)| {
                matches!(response.status, 404 | 405 | 410 | 500..)
                    .then(|| Fault::at(number, shown(exchange)))
            })
        },
    },
    Check {
        id: "iss-missing",
        title: "an authorization response lacks the iss that the metadata promises",
        why: "Claude Code, Codex, rmcp and the SDKs refuse a response without it (RFC 9207)",
        construct: "`McpAuthorization.server()` sends it",
        elsewhere: "add iss to every redirect, errors included, or stop advertising authorization_response_iss_parameter_supported",
        find: |evidence| iss_of_error(evidence, |iss, _| iss.is_none()),
    },
    Check {
        id: "iss-wrong",
        title: "iss of an authorization response is not the issuer",
        why: "clients compare the strings and refuse the response (RFC 9207)",
        construct: "`McpAuthorization.server()` sends the issuer",
        elsewhere: "send the issuer of the metadata, character by character",
        find: |evidence| iss_of_error(evidence, |iss, issuer| iss.is_some_and(|iss| iss != issuer)),
    },
    Check {
        id: "token-endpoint-broken",
        title: "the token endpoint does not respond as OAuth says",
        why: "codes cannot be exchanged",
        construct: "look at the authorization server's log",
        elsewhere: "respond 400 with a JSON error such as invalid_grant to an unknown code; correct token_endpoint",
        find: |evidence| {
            redeemed(evidence, |response| {
                response.status != 429
                    && !((400..=403).contains(&response.status)
                        && response.member("error").is_some())
            })
        },
    },
    Check {
        id: "token-endpoint-refuses-client",
        title: "the token endpoint refuses a client without a secret",
        why: "MCP clients on a person's machine are public clients",
        construct: "`McpAuthorization.server()` accepts public clients",
        elsewhere: "accept the method none for clients that registered it, with PKCE",
        find: |evidence| {
            redeemed(evidence, |response| {
                ["invalid_client", "unauthorized_client"].contains(&error(response).as_str())
            })
        },
    },
    Check {
        id: "token-grant-unsupported",
        title: "the token endpoint does not know authorization codes",
        why: "codes cannot be exchanged",
        construct: "`McpAuthorization.server()` knows them",
        elsewhere: "enable the authorization code grant",
        find: |evidence| {
            redeemed(evidence, |response| {
                error(response) == "unsupported_grant_type"
            })
        },
    },
    Check {
        id: "token-resource-refused",
        title: "the token endpoint refuses resource",
        why: "every MCP client sends it (RFC 8707)",
        construct: "`McpAuthorization.server()` takes it",
        elsewhere: "accept resource, or ignore it",
        find: |evidence| redeemed(evidence, |response| error(response) == "invalid_target"),
    },
];

/// The first error response of the authorization endpoint whose `iss` is wrong, where `iss` is promised.
fn iss_of_error(evidence: &Evidence, wrong: fn(Option<&str>, &str) -> bool) -> Option<Fault> {
    let promised = servers(evidence)
        .find(|(_, _, metadata)| metadata.sends_issuer)?
        .2;
    let issuer = promised.issuer?;
    evidence
        .responses()
        .find_map(|(number, exchange, response)| {
            if !matches!(exchange.ask, Ask::AuthorizeUnknownScope { .. }) {
                return None;
            }
            let target = response.location(&Url::parse(&exchange.sent.url).ok()?)?;
            let parameter = |wanted: &str| {
                target
                    .query_pairs()
                    .find(|(name, _)| name == wanted)
                    .map(|(_, value)| value.into_owned())
            };
            parameter("error")?;
            let iss = parameter("iss");
            wrong(iss.as_deref(), &issuer).then(|| {
                Fault::at(
                    number,
                    format!(
                        "iss is {} in an error response: {}",
                        iss.as_deref().unwrap_or("missing"),
                        cause::shown(exchange)
                    ),
                )
            })
        })
}
