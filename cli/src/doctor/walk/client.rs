//! One client on its way: what it is, what was recorded, and how a step halts.

use crate::doctor::ask::Ask;
use crate::doctor::cause;
use crate::doctor::evidence::{Evidence, Exchange, Received};
use crate::doctor::profile::Profile;
use crate::doctor::verdict::{Obstacle, Step};

/// What may be sent on behalf of clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Whether clients may be registered.
    pub register: bool,
    /// Whether there is an access token.
    pub token: bool,
}

/// Why a walk halts.
#[derive(Debug)]
pub(super) enum Halt {
    /// This request has to be sent first.
    Needs(Ask),
    /// The client stops here.
    Ends(Obstacle),
    /// The client connects without a sign-in.
    Open,
    /// The client goes on only with an id that a person configures.
    AsksForClientId(Obstacle),
    /// The rest could not be checked.
    Unchecked(String),
}

/// A result of a part of the walk.
pub(super) type Step_<T> = Result<T, Halt>;

/// The walk of one client.
#[derive(Debug)]
pub(super) struct Walk<'e> {
    pub(super) profile: &'e Profile,
    pub(super) evidence: &'e Evidence,
    pub(super) limits: Limits,
    pub(super) unchecked: Vec<String>,
    pub(super) identity: Option<&'static str>,
}

impl<'e> Walk<'e> {
    /// The exchange of a request, and its number.
    pub(super) fn exchange(&self, ask: &Ask) -> Step_<(usize, &'e Exchange)> {
        self.evidence
            .find(ask)
            .ok_or_else(|| Halt::Needs(ask.clone()))
    }

    /// The response to a request; a failure ends the walk, and so does one that is later than the client waits.
    pub(super) fn response(&self, ask: &Ask, step: Step) -> Step_<(usize, &'e Received)> {
        let (number, exchange) = self.exchange(ask)?;
        let Some(received) = exchange.received() else {
            let check = cause::of(exchange).unwrap_or("host-unreachable");
            return Err(ends(step, check, cause::shown(exchange), number));
        };
        if self
            .profile
            .patience
            .is_some_and(|patience| exchange.elapsed > patience && step != Step::FirstRequest)
        {
            let detail = format!(
                "{} after {:.1} s",
                cause::shown(exchange),
                exchange.elapsed.as_secs_f32()
            );
            return Err(ends(step, "slow-discovery", detail, number));
        }
        Ok((number, received))
    }
}

/// The end of a walk that one exchange shows.
pub(super) fn ends(
    step: Step,
    check: &'static str,
    detail: impl Into<String>,
    exchange: usize,
) -> Halt {
    Halt::Ends(Obstacle {
        step,
        check,
        detail: detail.into(),
        exchange: Some(exchange),
    })
}
