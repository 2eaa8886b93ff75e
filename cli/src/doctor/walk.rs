//! Plays one client's way in over recorded evidence: pure, it says which request it needs next or how the way ends.

mod client;
mod fetch;
mod identity;
mod open;
mod resource;
mod server;
mod signed;

pub use self::client::Limits;
use self::client::{Halt, Step_, Walk};
pub(crate) use self::identity::{
    error_of_redirect, is_cognito, refused_registration, registered_redirects, shown,
};
pub(crate) use self::resource::covers;
pub(crate) use self::server::{foreign_endpoint, insecure_endpoint, issuer_check};
use super::ask::Ask;
use super::evidence::Evidence;
use super::profile::{Lane, Profile};
use super::verdict::{Outcome, Step, Verdict};

/// The verdict about `profile`.
///
/// # Errors
///
/// The request that has to be sent before the verdict is known.
pub(super) fn walk(profile: &Profile, evidence: &Evidence, limits: Limits) -> Result<Verdict, Ask> {
    let mut walk = Walk {
        profile,
        evidence,
        limits,
        unchecked: Vec::new(),
        identity: None,
    };
    if profile.lane == Lane::Vendor && evidence.is_local() {
        walk.unchecked
            .push("the URL is on this machine: a public https URL is needed".to_owned());
    }
    let (outcome, obstacle) = match whole(&mut walk) {
        Ok(()) | Err(Halt::Open) => (Outcome::Connects, None),
        Err(Halt::Needs(ask)) => return Err(ask),
        Err(Halt::Ends(obstacle)) => (Outcome::DoesNotConnect, Some(obstacle)),
        Err(Halt::AsksForClientId(obstacle)) => (Outcome::AsksForClientId, Some(obstacle)),
        Err(Halt::Unchecked(what)) => {
            walk.unchecked.push(what);
            (Outcome::Connects, None)
        }
    };
    Ok(Verdict {
        outcome,
        obstacle,
        identity: walk.identity,
        unchecked: walk.unchecked,
    })
}

/// Every step, in order.
fn whole(walk: &mut Walk<'_>) -> Step_<()> {
    // Nothing more is sent to a server that did not respond to the first request.
    walk.response(&Ask::Initialize, Step::FirstRequest)?;
    let challenge = walk.open()?;
    let resource = walk.resource_metadata(challenge.as_ref())?;
    let server = walk.server_metadata(resource.as_ref())?;
    walk.identify(challenge.as_ref(), resource.as_ref().ok(), &server)?;
    walk.signed_requests()
}
