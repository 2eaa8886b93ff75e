//! The person's servers with their access tokens.

use futures_util::future::join_all;

use crate::access::Visitor;
use crate::playground::Playground;
use crate::problem::Problem;
use crate::servers::Connected;

/// The person's servers, each with what it is called with. Nothing is connected yet.
pub(crate) async fn connected(
    playground: &Playground,
    visitor: &Visitor,
) -> Result<Vec<Connected>, Problem> {
    let known = playground.servers(visitor).await?;
    let accesses = known
        .iter()
        .map(|known| playground.access(visitor, known, false));
    let accesses = join_all(accesses).await;
    let pairs = known.into_iter().zip(accesses);
    pairs
        .map(|(known, access)| Ok(Connected::new(known, access?, playground.network.clone())))
        .collect()
}
