//! Gathers the evidence that the clients and checks need, each request once, one after the other.

use url::Url;

use super::ask::{Ask, Sent};
use super::documents::{ResourceWellKnown, ServerWellKnown};
use super::evidence::{Evidence, Exchange};
use super::look::{issuers, resources, servers, unauthorized};
use super::profile::Profile;
use super::walk::{Limits, walk};

/// The most requests of one diagnosis; a healthy server gets about forty.
const MOST_REQUESTS: usize = 150;

/// Sends requests.
pub trait Prober {
    /// Sends one request and records what came back.
    fn send(&self, ask: Ask, sent: Sent) -> impl Future<Output = Exchange> + Send;
}

/// Sends what the clients would send, as far as the evidence leads, and what the checks look at besides.
pub async fn gather(
    prober: &impl Prober,
    mut evidence: Evidence,
    profiles: &[&Profile],
    limits: Limits,
) -> Evidence {
    loop {
        let mut wanted = basics(&evidence);
        for profile in profiles {
            if let Err(ask) = walk(profile, &evidence, limits) {
                wanted.push(ask);
            }
        }
        wanted.extend(extras(&evidence));
        let mut next: Vec<Ask> = Vec::new();
        for ask in wanted {
            if evidence.find(&ask).is_none() && !next.contains(&ask) {
                next.push(ask);
            }
        }
        if next.is_empty() || evidence.exchanges.len() >= MOST_REQUESTS {
            return evidence;
        }
        for ask in next {
            let sent = ask.request(&evidence.url);
            let exchange = prober.send(ask, sent).await;
            evidence.exchanges.push(exchange);
            if is_unreachable(&evidence) {
                return evidence;
            }
        }
    }
}

/// Whether the first request had no response: the others would have none either.
#[must_use]
pub fn is_unreachable(evidence: &Evidence) -> bool {
    evidence
        .find(&Ask::Initialize)
        .is_some_and(|(_, exchange)| exchange.received().is_none())
}

/// The requests that every diagnosis begins with.
fn basics(evidence: &Evidence) -> Vec<Ask> {
    if evidence.exchanges.is_empty() {
        return vec![Ask::Initialize];
    }
    let mut asks = vec![Ask::Discover, Ask::Listen];
    if unauthorized(evidence).is_some() {
        asks.push(Ask::InvalidToken);
    }
    asks
}

/// What checks look at and no client may need: the other well-known URLs, the keys, errors of the authorization endpoint.
fn extras(evidence: &Evidence) -> Vec<Ask> {
    let mut asks = Vec::new();
    if unauthorized(evidence).is_none() {
        return asks;
    }
    let document = |url: Option<Url>| url.as_ref().map(Ask::document);
    let well_known = [ResourceWellKnown::Inserted, ResourceWellKnown::Root];
    asks.extend(
        well_known
            .iter()
            .filter_map(|form| document(form.url(&evidence.url))),
    );
    if resources(evidence).next().is_none() {
        asks.extend(document(below_stage(&evidence.url)));
    }
    if let Some(issuer) = issuers(evidence)
        .first()
        .and_then(|issuer| Url::parse(issuer).ok())
    {
        let forms = [ServerWellKnown::OAuth, ServerWellKnown::OpenId];
        asks.extend(forms.iter().filter_map(|form| document(form.url(&issuer))));
    }
    for (_, _, metadata) in servers(evidence) {
        let keys = metadata.jwks_uri.and_then(|keys| Url::parse(&keys).ok());
        asks.extend(document(keys));
        if metadata.sends_issuer {
            asks.extend(refusal(evidence));
        }
    }
    asks
}

/// An authorization request that must fail, of the first client that is known.
fn refusal(evidence: &Evidence) -> Option<Ask> {
    let known = |exchange: &Exchange| {
        let Ask::Authorize {
            endpoint,
            client_id,
            redirect_uri,
            ..
        } = &exchange.ask
        else {
            return None;
        };
        Some(Ask::AuthorizeUnknownScope {
            endpoint: endpoint.clone(),
            client_id: client_id.clone(),
            redirect_uri: redirect_uri.clone(),
        })
    };
    let accepted = |exchange: &&Exchange| {
        exchange
            .received()
            .is_some_and(|response| response.status < 400)
    };
    evidence.exchanges.iter().filter(accepted).find_map(known)
}

/// Where protected resource metadata is behind an API Gateway stage without a front.
fn below_stage(mcp: &Url) -> Option<Url> {
    let (stage, rest) = mcp.path().trim_start_matches('/').split_once('/')?;
    let mut url = mcp.clone();
    url.set_query(None);
    url.set_path(&format!(
        "/{stage}/.well-known/oauth-protected-resource/{rest}"
    ));
    Some(url)
}
