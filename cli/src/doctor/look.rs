//! Views on the evidence that several checks share.

use url::Url;

use super::ask::{Ask, Signed};
use super::cause;
use super::challenge::Challenge;
use super::check::Fault;
use super::documents::{ResourceMetadata, ServerMetadata, ServerWellKnown, origin};
use super::evidence::{Evidence, Exchange, Received};
use super::walk::shown;

const RESOURCE_PATH: &str = "/oauth-protected-resource";
const SERVER_PATHS: [&str; 2] = ["/oauth-authorization-server", "/openid-configuration"];

/// The requests without an access token that every client is affected by.
fn is_first(ask: &Ask) -> bool {
    matches!(
        ask,
        Ask::Initialize | Ask::InitializeAt { .. } | Ask::Discover
    )
}

/// A fault if a first request failed for this cause.
pub(super) fn first_request_fails(evidence: &Evidence, check: &str) -> Option<Fault> {
    fails(evidence, check, |exchange| {
        let status = exchange.received().map_or(0, |response| response.status);
        // A server of an earlier revision refuses server/discover with a 4xx, and GET with 405.
        if matches!(exchange.ask, Ask::Discover | Ask::Listen) {
            status >= 500 || status == 0
        } else {
            is_first(&exchange.ask)
        }
    })
}

/// A fault if any request failed for this cause.
pub(super) fn any_request_fails(evidence: &Evidence, check: &str) -> Option<Fault> {
    fails(evidence, check, |_| true)
}

fn fails(evidence: &Evidence, check: &str, among: impl Fn(&Exchange) -> bool) -> Option<Fault> {
    let mut failing = evidence
        .exchanges
        .iter()
        .enumerate()
        .filter(|(_, exchange)| among(exchange) && cause::of(exchange) == Some(check));
    let (number, exchange) = failing.next()?;
    let mut fault = Fault::at(number, shown(exchange));
    fault.exchanges.extend(failing.map(|(number, _)| number));
    Some(fault)
}

/// The 401 that starts a sign-in, and its exchange's number.
pub(super) fn unauthorized(evidence: &Evidence) -> Option<(usize, &Received)> {
    [Ask::Initialize, Ask::Discover, Ask::Listen]
        .iter()
        .filter_map(|ask| evidence.response(ask))
        .find(|(_, response)| response.status == 401)
}

/// The challenge that starts a sign-in.
pub(super) fn challenge(evidence: &Evidence) -> Option<(usize, Challenge)> {
    let (number, response) = unauthorized(evidence)?;
    Some((number, Challenge::bearer(response)?))
}

/// A document that was asked for.
pub(super) struct Asked<'e> {
    pub(super) number: usize,
    pub(super) url: Url,
    pub(super) exchange: &'e Exchange,
}

/// Every document of this kind that was asked for, whatever came back.
pub(super) fn asked<'e>(evidence: &'e Evidence, kind: Kind) -> impl Iterator<Item = Asked<'e>> {
    let pointer = challenge(evidence).and_then(|(_, challenge)| {
        evidence
            .url
            .join(challenge.parameter("resource_metadata")?)
            .ok()
    });
    evidence
        .exchanges
        .iter()
        .enumerate()
        .filter_map(move |(number, exchange)| {
            let Ask::Document { url, .. } = &exchange.ask else {
                return None;
            };
            let url = Url::parse(url).ok()?;
            let is_server = SERVER_PATHS.iter().any(|path| url.path().contains(path));
            let is_resource = url.path().contains(RESOURCE_PATH) || Some(&url) == pointer.as_ref();
            let wanted = match kind {
                Kind::Resource => is_resource,
                Kind::Server => is_server && !is_resource,
            };
            wanted.then_some(Asked {
                number,
                url,
                exchange,
            })
        })
}

/// Kinds of metadata documents.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// Of the protected resource.
    Resource,
    /// Of the authorization server.
    Server,
}

/// The protected resource metadata that was found, with the number of its exchange.
pub(super) fn resources(
    evidence: &Evidence,
) -> impl Iterator<Item = (usize, Url, ResourceMetadata)> {
    asked(evidence, Kind::Resource).filter_map(|asked| {
        let response = asked.exchange.received()?;
        let metadata = ResourceMetadata::read(&response.is_success().then(|| response.json())??);
        metadata
            .is_document()
            .then_some((asked.number, asked.url, metadata))
    })
}

/// The authorization server metadata that was found, with the number of its exchange.
pub(super) fn servers(evidence: &Evidence) -> impl Iterator<Item = (usize, Url, ServerMetadata)> {
    asked(evidence, Kind::Server).filter_map(|asked| {
        let response = asked.exchange.received()?;
        let metadata = ServerMetadata::read(&response.is_success().then(|| response.json())??);
        metadata
            .is_document()
            .then_some((asked.number, asked.url, metadata))
    })
}

/// A fault if a document of this kind has a response with a server error.
pub(super) fn document_fails(evidence: &Evidence, kind: Kind) -> Option<Fault> {
    asked(evidence, kind).find_map(|asked| {
        let response = asked.exchange.received()?;
        let detail = format!("{} responds {}", asked.url, response.status);
        response
            .is_server_error()
            .then(|| Fault::at(asked.number, detail))
    })
}

/// A fault if a document of this kind has another response than a document; `known` are the exchanges with a document.
pub(super) fn document_unreadable(
    evidence: &Evidence,
    kind: Kind,
    known: &[usize],
) -> Option<Fault> {
    asked(evidence, kind).find_map(|asked| {
        let response = asked.exchange.received()?;
        let detail = format!(
            "{} responds {} with something else",
            asked.url, response.status
        );
        (response.is_success() && !known.contains(&asked.number))
            .then(|| Fault::at(asked.number, detail))
    })
}

/// The issuers that the documents name, or the origin of the MCP URL.
pub(super) fn issuers(evidence: &Evidence) -> Vec<String> {
    let mut issuers: Vec<String> = resources(evidence)
        .flat_map(|(_, _, metadata)| metadata.authorization_servers)
        .collect();
    if issuers.is_empty() {
        issuers.push(origin(&evidence.url));
    }
    issuers.dedup();
    issuers
}

/// The issuer that led to the document at `url`.
pub(super) fn expected_issuer(evidence: &Evidence, url: &Url) -> Option<String> {
    issuers(evidence).into_iter().find(|issuer| {
        let forms = [
            ServerWellKnown::OAuth,
            ServerWellKnown::OpenId,
            ServerWellKnown::OpenIdAppended,
        ];
        Url::parse(issuer).is_ok_and(|issuer| {
            forms
                .iter()
                .any(|form| form.url(&issuer).as_ref() == Some(url))
        })
    })
}

/// The first fault among the authorization server metadata.
pub(super) fn server_fault(
    evidence: &Evidence,
    find: impl Fn(&ServerMetadata) -> Option<String>,
) -> Option<Fault> {
    servers(evidence).find_map(|(number, url, metadata)| {
        let detail = find(&metadata)?;
        Some(Fault::at(number, format!("{detail} in {url}")))
    })
}

/// The exchanges of registrations.
pub(super) fn registrations(
    evidence: &Evidence,
) -> impl Iterator<Item = (usize, &Exchange, &Received)> {
    evidence
        .responses()
        .filter(|(_, exchange, _)| matches!(exchange.ask, Ask::Register { .. }))
}

/// The response to a request with an access token.
pub(super) fn signed(
    evidence: &Evidence,
    wanted: impl Fn(&Signed) -> bool,
) -> Option<(usize, &Exchange, &Received)> {
    evidence
        .responses()
        .find(|(_, exchange, _)| matches!(&exchange.ask, Ask::Signed(signed) if wanted(signed)))
}
