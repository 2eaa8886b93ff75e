//! Checks: what a web page meets, such as the MCP Inspector in a browser.

use crate::doctor::ask::{Ask, PAGE_ORIGIN};
use crate::doctor::check::{Check, Fault};
use crate::doctor::evidence::Received;

fn is_shown(response: &Received) -> bool {
    response
        .header("access-control-allow-origin")
        .is_some_and(|allowed| allowed == "*" || allowed == PAGE_ORIGIN)
}

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "cors-preflight",
        title: "the preflight of a web page is refused",
        why: "the MCP Inspector in a browser and playgrounds cannot send requests",
        construct: "`McpServer` responds to preflights; `allowedOrigins` lists the pages",
        elsewhere: "respond to OPTIONS without an access token, and allow authorization, content-type, mcp-protocol-version, mcp-session-id",
        find: |evidence| {
            let (number, response) = evidence.response(&Ask::Preflight)?;
            let headers = response
                .header("access-control-allow-headers")
                .unwrap_or_default()
                .to_ascii_lowercase();
            let allowed = headers == "*" || headers.contains("mcp-protocol-version");
            (!response.is_success() || !is_shown(response) || !allowed).then(|| {
                Fault::at(
                    number,
                    format!(
                        "OPTIONS responds {}, allowed headers: {headers:?}",
                        response.status
                    ),
                )
            })
        },
    },
    Check {
        id: "cors-challenge",
        title: "a web page cannot read the 401",
        why: "without Access-Control-Allow-Origin the page sees a network error, without exposed WWW-Authenticate no challenge",
        construct: "`McpServer` sends both in its gateway responses",
        elsewhere: "send Access-Control-Allow-Origin and Access-Control-Expose-Headers: WWW-Authenticate with the 401 too",
        find: |evidence| {
            let (number, response) = evidence.response(&Ask::PagePost)?;
            let exposed = response
                .header("access-control-expose-headers")
                .is_some_and(|names| {
                    names == "*" || names.to_ascii_lowercase().contains("www-authenticate")
                });
            (response.status == 401 && (!is_shown(response) || !exposed)).then(|| {
                Fault::at(
                    number,
                    "the 401 lacks Access-Control-Allow-Origin or an exposed WWW-Authenticate",
                )
            })
        },
    },
    Check {
        id: "metadata-cors",
        title: "a web page cannot read a document or an OAuth response",
        why: "clients in a browser cannot discover, register or redeem a code",
        construct: "`McpServer` sends Access-Control-Allow-Origin with its documents",
        elsewhere: "send Access-Control-Allow-Origin with metadata, registration and token responses",
        find: |evidence| {
            evidence
                .responses()
                .find_map(|(number, exchange, response)| {
                    let asked_by_page = matches!(exchange.ask, Ask::Document { page: true, .. });
                    (asked_by_page && !is_shown(response)).then(|| {
                        let url = &exchange.sent.url;
                        Fault::at(number, format!("{url} lacks Access-Control-Allow-Origin"))
                    })
                })
        },
    },
    Check {
        id: "origin-refused",
        title: "requests of web pages are refused",
        why: "servers must check Origin; a page that is not listed cannot connect, which may be intended",
        construct: "`allowedOrigins: ['https://…']`",
        elsewhere: "list the origins of the pages that may connect",
        find: |evidence| {
            let (number, response) = evidence.response(&Ask::PagePost)?;
            (response.status == 403)
                .then(|| Fault::at(number, format!("Origin {PAGE_ORIGIN} gets 403")))
        },
    },
];
