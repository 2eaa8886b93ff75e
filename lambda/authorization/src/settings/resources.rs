//! The MCP servers: one with its scopes, or several.

use mcp_lambda_contract::{SCOPE_TOKEN, validate_scope_name};
use serde::Deserialize;
use url::Url;

use super::{Brand, variables::Variables};
use crate::oauth::{
    resource::{ProtectedResource, ProtectedResources},
    scope::{ScopeCatalog, ScopeDefinition},
};

const ONE: &str = "MCP_RESOURCE";
const SCOPES: &str = "AUTHORIZATION_SCOPES";
const SEVERAL: &str = "AUTHORIZATION_RESOURCES";

/// One of several MCP servers. Its scopes are named without the resource identifier that each begins with, and that may leave out our
/// own issuer: the environment of a function holds 4096 bytes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    resource: String,
    name: String,
    scopes: Vec<ScopeDefinition>,
}

impl Variables {
    /// The one MCP server; `None` if several are listed.
    pub(super) fn single_resource(&mut self) -> Option<(String, Url)> {
        if self.optional(SEVERAL).is_none() {
            return self.url(ONE, "the public MCP URL");
        }
        for name in [ONE, SCOPES] {
            if self.optional(name).is_some() {
                self.problem(name, format!("is set together with {SEVERAL}; remove one"));
            }
        }
        None
    }

    pub(super) fn resources(
        &mut self,
        single: Option<&(String, Url)>,
        brand: Option<&Brand>,
        issuer: Option<&str>,
    ) -> Option<ProtectedResources> {
        let resources = if let Some(text) = self.optional(SEVERAL) {
            self.listed(&text, issuer?)?
        } else {
            let scopes = self.scopes();
            vec![ProtectedResource {
                identifier: single?.1.clone(),
                name: brand?.name.clone(),
                scopes: scopes?,
            }]
        };
        ProtectedResources::new(resources)
    }

    fn listed(&mut self, text: &str, issuer: &str) -> Option<Vec<ProtectedResource>> {
        let listed: Vec<Listed> = self.json(SEVERAL, text)?;
        if listed.is_empty() {
            self.problem(SEVERAL, "is empty; list one MCP server at least");
        }
        let mut resources: Vec<ProtectedResource> = Vec::new();
        for Listed {
            resource,
            name,
            scopes,
        } in listed
        {
            if name.trim().is_empty() {
                self.problem(
                    SEVERAL,
                    format!("'{resource}' has no name for the consent page"),
                );
            }
            for scope in scopes
                .iter()
                .filter(|scope| validate_scope_name(&scope.name).is_err())
            {
                self.problem(
                    SEVERAL,
                    format!(
                        "'{}' is not a scope name: without a slash, and without '{resource}'",
                        scope.name
                    ),
                );
            }
            let url = if resource.starts_with('/') {
                format!("{issuer}{resource}")
            } else {
                resource.clone()
            };
            let (prefix, identifier) = self.checked_url(SEVERAL, &url)?;
            if resources.iter().any(|other| other.identifier == identifier) {
                self.problem(SEVERAL, format!("'{resource}' is listed twice"));
            }
            let full = scopes.into_iter().map(|scope| ScopeDefinition {
                name: format!("{prefix}/{}", scope.name),
                ..scope
            });
            resources.push(ProtectedResource {
                identifier,
                name,
                scopes: self.catalog(SEVERAL, full.collect()),
            });
        }
        Some(resources)
    }

    fn scopes(&mut self) -> Option<ScopeCatalog> {
        let text = self.required(SCOPES, "the scopes with their descriptions, as JSON")?;
        let definitions = self.json(SCOPES, &text)?;
        Some(self.catalog(SCOPES, definitions))
    }

    /// The validated scopes of one MCP server.
    fn catalog(
        &mut self,
        variable: &'static str,
        definitions: Vec<ScopeDefinition>,
    ) -> ScopeCatalog {
        if definitions.is_empty() {
            self.problem(
                variable,
                "has no scope; a sign-in without one gives a token that no tool accepts",
            );
        }
        for definition in &definitions {
            if !SCOPE_TOKEN.allows(&definition.name) {
                self.problem(
                    variable,
                    format!(
                        "'{}' is not a legal scope (RFC 6749 section 3.3)",
                        definition.name
                    ),
                );
            }
            if definition.name == "offline_access" {
                self.problem(
                    variable,
                    "'offline_access' does not exist in Cognito and fails every sign-in; remove it",
                );
            }
            if definition.description.trim().is_empty() {
                self.problem(
                    variable,
                    format!(
                        "'{}' has no description for the consent page",
                        definition.name
                    ),
                );
            }
        }
        ScopeCatalog::new(definitions)
    }
}
