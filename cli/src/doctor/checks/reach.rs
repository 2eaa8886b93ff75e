//! Checks: is there a server at the URL at all?

use crate::doctor::ask::Ask;
use crate::doctor::check::{Check, Fault};
use crate::doctor::evidence::{Evidence, is_loopback};
use crate::doctor::look::{any_request_fails, first_request_fails};

/// Seconds that the server's clock may differ.
const CLOCK_TOLERANCE: u64 = 60;
/// Seconds that claude.ai waits.
const LONGEST_WAIT: f32 = 10.0;

const fn check(
    id: &'static str,
    title: &'static str,
    why: &'static str,
    construct: &'static str,
    elsewhere: &'static str,
    find: fn(&Evidence) -> Option<Fault>,
) -> Check {
    Check {
        id,
        title,
        why,
        construct,
        elsewhere,
        find,
    }
}

pub(super) const CHECKS: &[Check] = &[
    check(
        "url-not-https",
        "the URL is plain http",
        "access tokens would travel unencrypted; claude.ai, ChatGPT and most SDKs refuse it except on this machine",
        "use `mcpServerUrl`, which is https with every front",
        "serve the URL over https",
        |evidence| {
            (evidence.url.scheme() == "http" && !is_loopback(&evidence.url)).then(|| Fault {
                detail: format!("the URL is {}", evidence.url),
                exchanges: Vec::new(),
            })
        },
    ),
    check(
        "host-unknown",
        "a host name has no address",
        "no client can connect",
        "deploy the stack, and with `McpFront.customDomain` pass `hostedZone` or create the DNS record",
        "create the DNS record, or correct the URL; if other host names have no address either, this machine has no DNS: check its connection and `HTTPS_PROXY`",
        |evidence| any_request_fails(evidence, "host-unknown"),
    ),
    check(
        "host-unreachable",
        "nothing accepts connections at a host",
        "no client can connect",
        "check that the stack is deployed, or `mcp-lambda dev` is running on this port",
        "check port, security group and load balancer",
        |evidence| any_request_fails(evidence, "host-unreachable"),
    ),
    check(
        "certificate-expired",
        "a TLS certificate has expired or is not valid yet",
        "every client refuses the connection",
        "`McpFront.customDomain({ certificate })`: pass a certificate of ACM, which renews itself",
        "renew the certificate",
        |evidence| any_request_fails(evidence, "certificate-expired"),
    ),
    check(
        "certificate-untrusted",
        "a TLS certificate is for another host, or its issuer is not trusted",
        "every client refuses the connection",
        "`McpFront.customDomain({ domainName, certificate })`: the certificate must cover `domainName`",
        "use a public certificate for this host name, with its intermediate certificates",
        |evidence| any_request_fails(evidence, "certificate-untrusted"),
    ),
    check(
        "no-response",
        "a request has no response in time",
        "clients give up: claude.ai after 10 seconds, Codex after 5",
        "look at the function with `mcp-lambda logs`; raise `timeout` or `memorySize`",
        "look at the server's log; check that the security group permits the port",
        |evidence| any_request_fails(evidence, "no-response"),
    ),
    check(
        "slow-discovery",
        "a document or endpoint takes longer than claude.ai waits",
        "claude.ai allows 10 seconds for discovery, registration and token",
        "the constructs serve metadata without a function; `provisionedConcurrency` removes cold starts of the authorization server",
        "serve metadata statically, or keep the function warm",
        |evidence| {
            let (number, exchange) =
                evidence
                    .exchanges
                    .iter()
                    .enumerate()
                    .find(|(_, exchange)| {
                        exchange.received().is_some()
                            && exchange.elapsed.as_secs_f32() > LONGEST_WAIT
                    })?;
            let seconds = exchange.elapsed.as_secs_f32();
            Some(Fault::at(
                number,
                format!("{} took {seconds:.1} s", exchange.sent.url),
            ))
        },
    ),
    check(
        "endpoint-redirects",
        "the URL redirects elsewhere",
        "clients drop `Authorization` when a redirect leads to another host, and a POST may become a GET",
        "give clients `mcpServerUrl`",
        "give clients the URL that the redirect leads to",
        |evidence| {
            let (number, response) = evidence.response(&Ask::Initialize)?;
            let target = response.location(&evidence.url)?;
            Some(Fault::at(
                number,
                format!("{} redirects to {target}", evidence.url),
            ))
        },
    ),
    check(
        "endpoint-not-found",
        "there is nothing at the URL",
        "no client can connect; a path is often missing",
        "use `mcpServerUrl`, path included",
        "check the path, often `/mcp`",
        |evidence| first_request_fails(evidence, "endpoint-not-found"),
    ),
    check(
        "endpoint-refuses-post",
        "the URL refuses POST",
        "every request of Streamable HTTP is a POST",
        "use `mcpServerUrl`; behind a distribution of your own, permit all methods",
        "permit POST at the URL, also in CloudFront's `AllowedMethods`",
        |evidence| first_request_fails(evidence, "endpoint-refuses-post"),
    ),
    check(
        "endpoint-not-acceptable",
        "the server refuses the Accept header of MCP clients",
        "clients send `application/json, text/event-stream`",
        "behind a distribution of your own, forward `Accept` unchanged (`ALL_VIEWER_EXCEPT_HOST_HEADER`)",
        "accept both types; forward the header unchanged",
        |evidence| first_request_fails(evidence, "endpoint-not-acceptable"),
    ),
    check(
        "endpoint-server-error",
        "the server fails",
        "a 5xx on the first request ends the connection in the TypeScript SDK, rmcp and Claude Code",
        "look at the function with `mcp-lambda logs`",
        "look at the server's log",
        |evidence| {
            first_request_fails(evidence, "endpoint-server-error").or_else(|| {
                let (number, response) = evidence.response(&Ask::Listen)?;
                response.is_server_error().then(|| {
                    Fault::at(
                        number,
                        format!("GET {} responds {}", evidence.url, response.status),
                    )
                })
            })
        },
    ),
    check(
        "endpoint-status",
        "the first request has an unexpected status",
        "clients expect 200, or 401 with a challenge",
        "look at the function with `mcp-lambda logs`",
        "respond 401 without an access token",
        |evidence| first_request_fails(evidence, "endpoint-status"),
    ),
    check(
        "endpoint-html",
        "the URL is a web page",
        "clients expect JSON or server-sent events",
        "use `mcpServerUrl`",
        "check the path; exclude it from a single-page application's fallback (CloudFront error responses)",
        |evidence| {
            let (number, response) = evidence.response(&Ask::Initialize)?;
            (response.is_success() && response.is_html())
                .then(|| Fault::at(number, format!("{} responds with text/html", evidence.url)))
        },
    ),
    check(
        "throttled",
        "the server limits the rate of requests",
        "a sign-in needs about ten requests within seconds",
        "raise `throttlingRateLimit` and `throttlingBurstLimit`, or the limits of the authorization server",
        "raise the rate limit, or exempt metadata and sign-in",
        |evidence| any_request_fails(evidence, "throttled"),
    ),
    check(
        "clock-skew",
        "the server's clock differs",
        "access tokens are refused as expired or not yet valid",
        "none: Lambda's clock is right; check this machine",
        "synchronize the clocks of server and this machine (NTP)",
        |evidence| {
            evidence.responses().find_map(|(number, exchange, response)| {
                // A response from a cache has an old Date.
                if response.header("age").is_some() {
                    return None;
                }
                let date = httpdate::parse_http_date(response.header("date")?).ok()?;
                let server = date.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs();
                let difference = server.abs_diff(exchange.at);
                (difference > CLOCK_TOLERANCE).then(|| {
                    Fault::at(number, format!("the Date header differs from this machine's clock by {difference} s"))
                })
            })
        },
    ),
];
