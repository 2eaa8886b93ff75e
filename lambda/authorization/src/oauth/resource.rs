//! The protected resources: the MCP servers that get their access tokens here, the one that a request is about (RFC
//! 8707), and their scopes.

use url::Url;

use crate::{
    failure::Failure,
    oauth::{
        request::Parameters,
        scope::{ScopeCatalog, ScopeDefinition, shown},
    },
};

/// One MCP server.
#[derive(Debug, Clone)]
pub struct ProtectedResource {
    /// Its resource identifier: the public MCP URL.
    pub identifier: Url,
    /// Its name on the pages.
    pub name: String,
    /// Its scopes, which no other has.
    pub scopes: ScopeCatalog,
}

impl ProtectedResource {
    /// The same string except for a trailing slash and the case of scheme and host (MCP, "Canonical Server URI").
    fn is(&self, named: &str) -> bool {
        let ours = self.identifier.as_str();
        let origin = self.identifier.origin().ascii_serialization().len();
        let (Some((origin, path)), Some((our_origin, our_path))) = (
            named.split_at_checked(origin),
            ours.split_at_checked(origin),
        ) else {
            return false;
        };
        origin.eq_ignore_ascii_case(our_origin)
            && path.strip_suffix('/').unwrap_or(path)
                == our_path.strip_suffix('/').unwrap_or(our_path)
    }

    fn has(&self, scope: &str) -> bool {
        self.scopes.definition(scope).is_some()
    }
}

/// Every MCP server of this deployment, one at least. Cognito binds an access token to one of them, so a request is about
/// one as well.
#[derive(Debug, Clone)]
pub struct ProtectedResources(Vec<ProtectedResource>);

impl ProtectedResources {
    /// Takes what the settings list; `None` for an empty list.
    pub(crate) fn new(resources: Vec<ProtectedResource>) -> Option<Self> {
        (!resources.is_empty()).then_some(Self(resources))
    }

    /// Each of them, in the order of the settings.
    pub fn iter(&self) -> impl Iterator<Item = &ProtectedResource> {
        self.0.iter()
    }

    /// The names of every scope, in the order of the settings.
    pub fn scope_names(&self) -> Vec<&str> {
        self.iter().flat_map(|each| each.scopes.names()).collect()
    }

    /// The definition of a scope of any server.
    pub fn scope(&self, name: &str) -> Option<&ScopeDefinition> {
        self.iter().find_map(|each| each.scopes.definition(name))
    }

    /// The one that the `resource` parameters name (RFC 8707 section 2); `None` if there is no such parameter.
    ///
    /// # Errors
    /// One that is not served here, and two that are not the same: a token for both would be one that each can use at the other.
    pub(crate) fn named(
        &self,
        parameters: &Parameters,
    ) -> Result<Option<&ProtectedResource>, Failure> {
        let mut found: Option<&ProtectedResource> = None;
        for named in parameters.all("resource") {
            let resource = self.iter().find(|each| each.is(named)).ok_or_else(|| {
                Failure::ResourceForeign {
                    requested: shown(named),
                }
            })?;
            if found.is_some_and(|other| other.identifier != resource.identifier) {
                return Err(Failure::ResourceSeveral);
            }
            found = Some(resource);
        }
        Ok(found)
    }

    /// The one that an authorization request is about: by `resource`, or by its scopes, because clients of 2025-03-26 do not
    /// send `resource`.
    ///
    /// # Errors
    /// As [`Self::named`], and a request that leaves open which of several is meant.
    pub(crate) fn asked_for(&self, parameters: &Parameters) -> Result<&ProtectedResource, Failure> {
        if let Some(named) = self.named(parameters)? {
            return Ok(named);
        }
        let scopes = parameters.optional("scope").unwrap_or_default();
        self.owner(scopes.split(' '))
            .ok_or(Failure::ResourceMissing)
    }

    /// The one that granted scopes are of. None of them was granted across two, so any that is still known tells. `None` once
    /// it is gone from the settings.
    pub(crate) fn of_grant(&self, scopes: &[String]) -> Option<&ProtectedResource> {
        self.owner(scopes.iter().map(String::as_str))
    }

    fn owner<'a>(&self, mut scopes: impl Iterator<Item = &'a str>) -> Option<&ProtectedResource> {
        match self.0.as_slice() {
            [only] => Some(only),
            several => scopes.find_map(|scope| several.iter().find(|each| each.has(scope))),
        }
    }

    /// Refuses a `resource` at the token endpoint that is another than the one that was granted (RFC 8707 section 2.2).
    pub(crate) fn check_grant(
        &self,
        parameters: &Parameters,
        granted: &ProtectedResource,
    ) -> Result<(), Failure> {
        match self.named(parameters)? {
            Some(named) if named.identifier != granted.identifier => {
                Err(Failure::ResourceNotGranted)
            }
            Some(_) | None => Ok(()),
        }
    }
}
