//! OAuth scopes: which exist, which a client may have, and what an authorization request asks for.

use serde::Deserialize;

use crate::failure::Failure;

/// Scopes that general OAuth clients add out of habit. They are left out of the request instead of refused, as RFC 6749
/// section 3.3 allows; the token response names the granted scopes. Cognito would fail the whole sign-in on
/// `offline_access`.
const LEFT_OUT: [&str; 6] = [
    "offline_access",
    "openid",
    "profile",
    "email",
    "phone",
    "address",
];

/// A scope and what it allows, in words for the consent page.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScopeDefinition {
    /// The full scope as it is on the wire, for example `https://example.com/mcp/read`.
    pub name: String,
    /// What it allows, for example "Read facts about dogs".
    pub description: String,
}

/// The scopes of one MCP server.
#[derive(Debug, Clone)]
pub struct ScopeCatalog(Vec<ScopeDefinition>);

impl ScopeCatalog {
    /// Takes the definitions of the settings.
    pub fn new(definitions: Vec<ScopeDefinition>) -> Self {
        Self(definitions)
    }

    /// Every name, in the order of the settings.
    pub fn names(&self) -> Vec<&str> {
        self.0.iter().map(|scope| scope.name.as_str()).collect()
    }

    /// Every definition, in the order of the settings.
    pub(crate) fn definitions(&self) -> &[ScopeDefinition] {
        &self.0
    }

    /// The definition of a name.
    pub fn definition(&self, name: &str) -> Option<&ScopeDefinition> {
        self.0.iter().find(|scope| scope.name == name)
    }

    /// What an authorization request asks for: the requested scopes, all known and allowed to this client, or everything
    /// the client is allowed if it asks for nothing. `allowed` is `None` for a client without limits of its own.
    ///
    /// A scope that was named at registration gives nothing: only this request, shown on the consent page, counts.
    pub fn request(
        &self,
        requested: Option<&str>,
        allowed: Option<&[String]>,
    ) -> Result<Vec<String>, Failure> {
        let is_allowed =
            |name: &str| allowed.is_none_or(|allowed| allowed.iter().any(|scope| scope == name));
        let mut granted: Vec<String> = Vec::new();
        for name in requested
            .unwrap_or_default()
            .split(' ')
            .filter(|name| !name.is_empty())
        {
            match self.definition(name) {
                Some(_) if is_allowed(name) => {
                    if !granted.iter().any(|scope| scope == name) {
                        granted.push(name.to_owned());
                    }
                }
                None if LEFT_OUT.contains(&name) => {}
                Some(_) | None => {
                    return Err(Failure::ScopeUnknown {
                        requested: shown(name),
                    });
                }
            }
        }
        if granted.is_empty() {
            // An ID token is only asked for by name.
            granted = self
                .names()
                .into_iter()
                .filter(|name| *name != "openid" && is_allowed(name))
                .map(str::to_owned)
                .collect();
        }
        Ok(granted)
    }
}

/// A value of a request as it may be echoed: short, and in the characters of `error_description` (RFC 6749 section 5.2).
pub(crate) fn shown(value: &str) -> String {
    value
        .chars()
        .filter(|character| matches!(character, ' '..='~') && !matches!(character, '"' | '\\'))
        .take(100)
        .collect()
}
