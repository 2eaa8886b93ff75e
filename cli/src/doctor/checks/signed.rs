//! Checks: the access token, and what a client meets with it.

use crate::doctor::ask::{Ask, Signed};
use crate::doctor::cause;
use crate::doctor::check::{Check, Fault};
use crate::doctor::evidence::Evidence;
use crate::doctor::look::{resources, signed};
use crate::doctor::rpc;

/// The response to `tools/list`, if it has no result.
fn tools_problem(evidence: &Evidence) -> Option<(usize, u16, bool, String)> {
    let (number, exchange, response) =
        signed(evidence, |signed| matches!(signed, Signed::Tools { .. }))?;
    let session = matches!(
        &exchange.ask,
        Ask::Signed(Signed::Tools { session: Some(_) })
    );
    rpc::result(response)
        .is_none()
        .then(|| (number, response.status, session, rpc::problem(response)))
}

fn refused(evidence: &Evidence, wanted: fn(u16, bool) -> bool) -> Option<Fault> {
    evidence
        .responses()
        .find_map(|(number, exchange, response)| {
            let insufficient = response
                .header("www-authenticate")
                .is_some_and(|value| value.contains("insufficient_scope"));
            (matches!(exchange.ask, Ask::Signed(_)) && wanted(response.status, insufficient))
                .then(|| Fault::at(number, cause::shown(exchange)))
        })
}

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "token-refused",
        title: "the server refuses its own authorization server's access token",
        why: "people are asked to sign in again and again",
        construct: "`userPool` and `authorization` of server and host must be the same; with `jwt()` check `issuer` and `audience`",
        elsewhere: "compare iss, aud, client_id, token_use and scope of the token with what the server or the API Gateway authorizer expects",
        find: |evidence| {
            refused(evidence, |status, insufficient| {
                status == 401 || (status == 403 && !insufficient)
            })
        },
    },
    Check {
        id: "token-scope-missing",
        title: "the access token lacks an OAuth scope",
        why: "the client asked for the scopes of challenge or metadata, and they do not suffice",
        construct: "declare the tool's scope in the contract and deploy again",
        elsewhere: "name all needed scopes in the challenge; at Cognito permit them for the app client (AllowedOAuthScopes)",
        find: |evidence| {
            refused(evidence, |status, insufficient| {
                status == 403 && insufficient
            })
            .or_else(|| {
                let token = evidence.token.as_ref()?;
                let wanted: Vec<String> =
                    resources(evidence).find_map(|(_, _, metadata)| metadata.scopes)?;
                let granted = token.scopes.as_ref()?;
                let lacking = wanted.iter().any(|scope| granted.contains(scope));
                (!lacking && !wanted.is_empty()).then(|| Fault {
                    detail: format!(
                        "the access token has the scopes {granted:?}, none of scopes_supported"
                    ),
                    exchanges: Vec::new(),
                })
            })
        },
    },
    Check {
        id: "token-audience-missing",
        title: "the access token has no aud",
        why: "the server cannot tell that the token was issued for it; Cognito sets aud only when resource is sent and is a resource server",
        construct: "`authorization: McpAuthorization.server()` binds every person's token to `mcpServerUrl`",
        elsewhere: "at Cognito: a resource server whose identifier is the MCP URL, managed login, the Essentials plan, and a client that sends resource",
        find: |evidence| {
            let token = evidence.token.as_ref()?;
            (token.readable && token.audience.is_empty() && !token.is_program).then(|| Fault {
                detail: "the access token has no aud claim".to_owned(),
                exchanges: Vec::new(),
            })
        },
    },
    Check {
        id: "token-audience-foreign",
        title: "the access token is for another server",
        why: "servers must refuse tokens that were issued for others",
        construct: "use the token of this server: `mcp-lambda token`",
        elsewhere: "ask for the token with resource set to the MCP URL",
        find: |evidence| {
            let token = evidence.token.as_ref()?;
            let known: Vec<String> = resources(evidence)
                .filter_map(|(_, _, metadata)| metadata.resource)
                .chain([evidence.url.to_string()])
                .collect();
            (!token.audience.is_empty()
                && !token
                    .audience
                    .iter()
                    .any(|audience| known.contains(audience)))
            .then(|| Fault {
                detail: format!("aud is {}", token.audience.join(", ")),
                exchanges: Vec::new(),
            })
        },
    },
    Check {
        id: "token-expired",
        title: "the access token has expired, or lives less than a minute",
        why: "clients would refresh before every request",
        construct: "`accessTokenValidity` of the user pool's app client",
        elsewhere: "raise the lifetime of access tokens",
        find: |evidence| {
            let token = evidence.token.as_ref()?;
            let now = evidence
                .exchanges
                .iter()
                .map(|exchange| exchange.at)
                .max()?;
            let left = token.expires?.saturating_sub(now);
            (left < 60).then(|| Fault {
                detail: format!("the access token is valid for {left} more seconds"),
                exchanges: Vec::new(),
            })
        },
    },
    Check {
        id: "initialize-failed",
        title: "initialize fails",
        why: "no client gets further",
        construct: "look at the function with `mcp-lambda logs`",
        elsewhere: "look at the server's log",
        find: |evidence| {
            let (number, _, response) = signed(evidence, |signed| *signed == Signed::Initialize)?;
            (![401, 403].contains(&response.status) && rpc::result(response).is_none())
                .then(|| Fault::at(number, rpc::problem(response)))
        },
    },
    Check {
        id: "session-lost",
        title: "the server forgets its session",
        why: "the session of one Lambda instance is unknown to the next: \"Server not initialized\"",
        construct: "`mcp-lambda` servers keep no session in memory",
        elsewhere: "make the server stateless, or keep sessions in a database",
        find: |evidence| {
            let (number, status, session, problem) = tools_problem(evidence)?;
            (session && [400, 404].contains(&status)).then(|| {
                Fault::at(
                    number,
                    format!("tools/list with the session id of initialize: {problem}"),
                )
            })
        },
    },
    Check {
        id: "tools-list-failed",
        title: "tools/list fails",
        why: "the client shows no tools",
        construct: "look at the function with `mcp-lambda logs`",
        elsewhere: "look at the server's log",
        find: |evidence| {
            let (number, status, session, problem) = tools_problem(evidence)?;
            let explained =
                [401, 403].contains(&status) || (session && [400, 404].contains(&status));
            (!explained).then(|| Fault::at(number, problem))
        },
    },
    Check {
        id: "tools-empty",
        title: "the server has no tools",
        why: "the client is connected and can do nothing",
        construct: "add a tool; tools may be hidden from callers without their OAuth scope",
        elsewhere: "add a tool, or grant its OAuth scope",
        find: |evidence| {
            let (number, _, response) =
                signed(evidence, |signed| matches!(signed, Signed::Tools { .. }))?;
            let tools = rpc::result(response)?.get("tools")?.as_array()?.len();
            (tools == 0).then(|| Fault::at(number, "tools/list has no tools"))
        },
    },
    Check {
        id: "tool-call-failed",
        title: "a tool call fails",
        why: "the client shows an error of the protocol, not of the tool",
        construct: "look at the function with `mcp-lambda logs`",
        elsewhere: "look at the server's log",
        find: |evidence| {
            let (number, _, response) =
                signed(evidence, |signed| matches!(signed, Signed::Call { .. }))?;
            (![401, 403].contains(&response.status) && rpc::result(response).is_none())
                .then(|| Fault::at(number, rpc::problem(response)))
        },
    },
    Check {
        id: "stream-buffered",
        title: "server-sent events arrive in one piece",
        why: "clients see no progress, and long calls run into timeouts of 29 or 30 seconds",
        construct: "`McpServer` streams; behind a distribution of your own, do not compress or buffer",
        elsewhere: "in API Gateway set ResponseTransferMode STREAM, in nginx proxy_buffering off; HTTP APIs cannot stream",
        find: |evidence| {
            evidence
                .responses()
                .find_map(|(number, exchange, response)| {
                    let stream = response
                        .header("content-type")
                        .is_some_and(|kind| kind.starts_with("text/event-stream"));
                    let length = response
                        .header("content-length")
                        .filter(|length| *length != "0")?;
                    (matches!(exchange.ask, Ask::Signed(_)) && stream).then(|| {
                        Fault::at(
                            number,
                            format!("text/event-stream has content-length {length}"),
                        )
                    })
                })
        },
    },
    Check {
        id: "notification-status",
        title: "a notification is not accepted with 202",
        why: "clients wait for a response that never comes, or report an error",
        construct: "`mcp-lambda` servers respond 202",
        elsewhere: "respond 202 without a body to notifications",
        find: |evidence| {
            let (number, _, response) = signed(evidence, |signed| {
                matches!(signed, Signed::Initialized { .. })
            })?;
            (![202, 401, 403].contains(&response.status)).then(|| {
                Fault::at(
                    number,
                    format!("notifications/initialized gets {}", response.status),
                )
            })
        },
    },
];
