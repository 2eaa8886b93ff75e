//! Lets a server declare what outlives an invocation.

use std::time::Duration;

use crate::definition::Definition;

impl<S, C> Definition<S, C> {
    /// Lets tools ask the client while they run (elicitation, sampling, roots): a tool calls
    /// `context.peer.create_elicitation(…)` and waits. This includes clients of revisions before 2026-07-28, whose
    /// response arrives at another process.
    ///
    /// Such a client gets a session id that contains its description, sealed. It is valid for seven days or until the
    /// client ends it with `DELETE`, so a call with a session id reads the table. The client's responses go
    /// through a DynamoDB table, `state` in the contract, with the partition key `pk` and the TTL attribute `expires`.
    /// On Lambda the settings `MCP_STATE_TABLE` and `MCP_STATE_KEYS` are required; the plain HTTP mode uses memory.
    ///
    /// Without it, and with buffered responses, such a tool fails at once for such a client. Clients of 2026-07-28 do
    /// not need it: a tool returns an `input_required` result for them.
    ///
    /// Does not store anything for the tool itself, and a question stays open until the invocation's deadline at most.
    #[must_use]
    pub fn asks_clients(mut self) -> Self {
        self.state.asks_clients = true;
        self
    }

    /// Stores the event streams of clients of revision 2025-11-25, so that a client that lost its connection reconnects
    /// with `GET` and `Last-Event-ID`, at any process, and gets the rest (SEP-1699). It includes
    /// [`Definition::asks_clients`], and needs the same table and settings.
    ///
    /// Such a client gets a response that takes longer than a second, or that follows other messages, as an event
    /// stream whose first event has only an id; quick responses stay one JSON document and are not stored. Every event
    /// is written to the table, and the same caller can read it in the same session for an hour. A disconnect does not
    /// stop the tool. A tool can close the response with [`ResponseStream`](crate::ResponseStream).
    ///
    /// A call lives as long as its invocation: if that ends without a response, a client that reconnects gets an error.
    ///
    /// Does not store events of other revisions, more than 1,000 notifications of one call, or messages of more than 4
    /// MiB; these reach the client only while it is connected. There is no stream outside of responses: `GET` without
    /// `Last-Event-ID` gets 405. With buffered responses it has no effect.
    #[must_use]
    pub fn resumable_streams(mut self) -> Self {
        self.state.resumes_streams = true;
        self
    }

    /// Lets the deployment limit the requests of one person or program in a minute, and their calls of single tools in a day,
    /// with the settings `MCP_CALLER_REQUESTS_PER_MINUTE` and `MCP_CALLER_TOOL_CALLS_PER_DAY`. The counters are in the table
    /// `state`, which a server that keeps nothing else then has too; a server that keeps state has these settings without this
    /// declaration.
    ///
    /// A limit is exact, whichever processes count. Without the settings nothing is counted.
    #[must_use]
    pub fn limits_callers(mut self) -> Self {
        self.state.limits_callers = true;
        self
    }

    /// How long the value of a [`SessionState`](crate::SessionState) is kept after its last change, in whole seconds. Default:
    /// seven days.
    ///
    /// Does not apply to cached results or to session ids, which are valid for seven days.
    #[must_use]
    pub fn session_time_to_live(mut self, time_to_live: Duration) -> Self {
        self.state.session_time_to_live = time_to_live;
        self
    }

    /// How long the value of a [`PersonState`](crate::PersonState) is kept after its last change, in whole seconds.
    /// Default: a year.
    #[must_use]
    pub fn person_time_to_live(mut self, time_to_live: Duration) -> Self {
        self.state.person_time_to_live = time_to_live;
        self
    }
}
