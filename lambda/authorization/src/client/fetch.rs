//! Fetches a client's metadata document without exposing the network to SSRF.

use std::{net::SocketAddr, time::Duration};

use url::Url;

use super::{
    cache::{DocumentCache, FetchBudgets},
    document::{parse_document, public_address},
    document_problem::DocumentProblem,
    identifier::document_url,
    resolved::Client,
};
use crate::{
    capability::{FetchLimits, MetadataHosts, Timestamp},
    failure::Failure,
    settings::Settings,
};

/// The draft's recommendation is 5 KB.
const LIMITS: FetchLimits = FetchLimits {
    deadline: Duration::from_secs(3),
    max_bytes: 5 * 1024,
};

/// The client behind a URL, from the cache or by one fetch.
///
/// In order: form of the URL, cache, resolution, every address public, budget, connection to the checked address (so
/// that DNS rebinding has no effect), then the response itself. A name that does not resolve uses no budget.
pub(crate) async fn fetch_document(
    client_id: &str,
    settings: &Settings,
    hosts: &dyn MetadataHosts,
    cache: &DocumentCache,
    budgets: &FetchBudgets,
    now: Timestamp,
) -> Result<Client, Failure> {
    if !settings.choices.client_documents_enabled {
        return Err(Failure::ClientDocumentsOff);
    }
    let url = document_url(client_id, settings.addresses.issuer.url.host_str())?;
    if let Some(client) = cache.fresh(client_id, now) {
        return Ok(client);
    }
    let address = address_of(&url, settings, hosts)
        .await
        .map_err(Failure::ClientDocument)?;
    budgets.take(&url, cache.has_accepted(client_id), now)?;
    let answer = hosts
        .get(&url, address, LIMITS)
        .await
        .map_err(|failure| Failure::ClientDocument(DocumentProblem::Transport(failure)))?;
    if answer.body().len() > LIMITS.max_bytes {
        return Err(Failure::ClientDocument(DocumentProblem::Transport(
            crate::capability::TransportFailure::TooLarge,
        )));
    }
    let client = parse_document(&url, &answer).map_err(Failure::ClientDocument)?;
    cache.keep(&client, answer.headers(), now);
    Ok(client)
}

/// The address of a host, if all that it has are public; on the local stack that of its substitute.
pub(crate) async fn address_of(
    url: &Url,
    settings: &Settings,
    hosts: &dyn MetadataHosts,
) -> Result<SocketAddr, DocumentProblem> {
    let host = url.host_str().ok_or(DocumentProblem::NotResolved)?;
    if let Some(substitute) = settings.edge.substitute(host) {
        return Ok(substitute);
    }
    let addresses = hosts
        .resolve(host)
        .await
        .map_err(|_| DocumentProblem::NotResolved)?;
    Ok(SocketAddr::new(public_address(&addresses)?, 443))
}
