//! Defines [`Caller`], the verified subject of a request.

use std::collections::BTreeSet;

use mcp_lambda_contract::ScopeHierarchy;

/// The authenticated, authorized subject of one request.
///
/// Only this library builds one, out of claims that the gateway or the library itself verified, so a tool that has a
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

/// A caller out of what was verified about it.
///
/// Not a function of [`Caller`], so that a server, which knows `mcp-lambda` alone, cannot make one up.
#[must_use]
pub fn verified_caller(
    subject: String,
    app_client_id: String,
    scopes: BTreeSet<String>,
    groups: BTreeSet<String>,
    kind: CallerKind,
) -> Caller {
    Caller {
        subject,
        app_client_id,
        scopes,
        groups,
        kind,
    }
}

impl Caller {
    /// The same caller with all scopes that its scopes include.
    #[must_use]
    pub fn with_included(mut self, hierarchy: &ScopeHierarchy) -> Self {
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
}
