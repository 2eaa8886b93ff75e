//! Carries what is known about a request through rmcp to the handlers.

use std::sync::Arc;

use http::request::Parts;
use rmcp::ErrorData;
use rmcp::model::Extensions;

use crate::audit::AuditedCall;
use crate::revision::Revision;
use crate::runtime::deadline::Deadline;
use crate::state::request_state::RequestState;
use crate::telemetry::Outcome;
use crate::token::caller::Caller;
use crate::work_permit::WorkPermit;

/// What is known about one request when it reaches a handler.
#[derive(Clone)]
pub(crate) struct RequestFacts {
    pub(crate) caller: Arc<Caller>,
    pub(crate) deadline: Deadline,
    pub(crate) revision: Revision,
    pub(crate) outcome: Outcome,
    /// Whether the client prefers an event stream to one JSON document.
    pub(crate) wants_stream: bool,
    /// Whether the cursor is not a string, which rmcp reads as an absent one.
    pub(crate) has_malformed_cursor: bool,
    pub(crate) state: RequestState,
    pub(crate) permit: WorkPermit,
    /// The record of the request's tool call.
    pub(crate) audit: AuditedCall,
}

impl RequestFacts {
    pub(crate) fn new(
        caller: Arc<Caller>,
        deadline: Deadline,
        revision: Revision,
        outcome: Outcome,
    ) -> Self {
        Self {
            caller,
            deadline,
            revision,
            outcome,
            wants_stream: false,
            has_malformed_cursor: false,
            state: RequestState::default(),
            permit: WorkPermit::default(),
            audit: AuditedCall::default(),
        }
    }

    /// Hands the facts to rmcp, which passes the extensions of a request on to its handler. [`Caller`] and [`Deadline`]
    /// are arguments of tools too, which find them there.
    pub(crate) fn attach(self, extensions: &mut http::Extensions) {
        extensions.insert(Caller::clone(&self.caller));
        extensions.insert(self.deadline);
        extensions.insert(self);
    }

    /// The facts of the request that a handler is called for.
    pub(crate) fn of(extensions: &Extensions) -> Result<&Self, ErrorData> {
        Self::find(extensions).ok_or_else(without_facts)
    }

    /// The permit to work on the request that a handler is called for; an unused one if the request has none.
    pub(crate) fn permit(extensions: &Extensions) -> WorkPermit {
        let facts = Self::find(extensions);
        facts.map_or_else(WorkPermit::default, |facts| facts.permit.clone())
    }

    /// The outcome of the request that a handler is called for; an unused one if the request has none.
    pub(crate) fn outcome(extensions: &Extensions) -> Outcome {
        let facts = Self::find(extensions);
        facts.map_or_else(Outcome::default, |facts| facts.outcome.clone())
    }

    pub(crate) fn find(extensions: &Extensions) -> Option<&Self> {
        extensions.get::<Parts>()?.extensions.get()
    }
}

/// The endpoint and the worker of tasks attach them to every request.
#[cold]
pub(crate) fn without_facts() -> ErrorData {
    ErrorData::internal_error("the request has no verified caller", None)
}
