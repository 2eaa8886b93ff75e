//! Defines [`Caller`], the verified subject of a request.

use std::collections::BTreeSet;

use mcp_lambda_contract::ScopeHierarchy;
use rmcp::ErrorData;
use rmcp::handler::server::common::{AsRequestContext, FromContextPart};

/// The authenticated, authorized subject of one request.
///
/// Only this crate builds one, out of claims that the gateway or the crate itself verified, so a tool that has a
/// `Caller` has proof. A tool takes it as an argument, as in the crate's example.
///
/// It does not contain the access token: a server must not forward a caller's token (MCP 2026-07-28, authorization).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    subject: String,
    app_client_id: String,
    scopes: BTreeSet<String>,
    groups: BTreeSet<String>,
    kind: CallerKind,
}

/// Whether a person or a program is calling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallerKind {
    /// A person signed in and consented to an app client.
    Person,
    /// An app client used its own secret (client credentials).
    Machine,
}

impl Caller {
    pub(crate) fn new(
        subject: String,
        app_client_id: String,
        scopes: BTreeSet<String>,
        groups: BTreeSet<String>,
        kind: CallerKind,
    ) -> Self {
        Self {
            subject,
            app_client_id,
            scopes,
            groups,
            kind,
        }
    }

    /// The same caller with all scopes that its scopes include.
    pub(crate) fn with_included(mut self, hierarchy: &ScopeHierarchy) -> Self {
        if !hierarchy.is_flat() {
            self.scopes = hierarchy.expand(&self.scopes);
        }
        self
    }

    /// The `sub` claim: stable for one person in one user pool; the app client's id for a machine.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The `client_id` claim: the app client that got the access token.
    #[must_use]
    pub fn app_client_id(&self) -> &str {
        &self.app_client_id
    }

    /// Names of the scopes of this server that the access token carries, without the resource identifier, and of those
    /// that they include.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scopes.iter().map(String::as_str)
    }

    /// Whether the access token carries the scope of this name, or one that includes it.
    #[must_use]
    pub fn has_scope(&self, name: &str) -> bool {
        self.scopes.contains(name)
    }

    /// The person's groups in the user pool; none for a machine.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.groups.iter().map(String::as_str)
    }

    /// Person or machine.
    #[must_use]
    pub fn kind(&self) -> CallerKind {
        self.kind
    }

    pub(crate) fn of(extensions: &rmcp::model::Extensions) -> Result<&Self, ErrorData> {
        extensions
            .get::<http::request::Parts>()
            .and_then(|parts| parts.extensions.get::<Self>())
            // The endpoint refuses a request without a caller before it reaches the engine.
            .ok_or_else(|| ErrorData::internal_error("the request has no verified caller", None))
    }
}

impl<C: AsRequestContext> FromContextPart<C> for Caller {
    fn from_context_part(context: &mut C) -> Result<Self, ErrorData> {
        Self::of(&context.as_request_context().extensions).cloned()
    }
}
