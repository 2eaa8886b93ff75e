//! The MCP servers: one with its scopes, or several.

use mcp_lambda_contract::{Reader, SCOPE_TOKEN, SettingValue, full_scope, validate_scope_name};
use serde::Deserialize;

use super::values::{BaseUrl, Json};
use crate::oauth::{
    resource::{ProtectedResource, ProtectedResources},
    scope::{ScopeCatalog, ScopeDefinition},
};

const ONE: &str = "MCP_RESOURCE";
const SCOPES: &str = "AUTHORIZATION_SCOPES";
const SEVERAL: &str = "AUTHORIZATION_RESOURCES";

mcp_lambda_contract::settings! {
    /// The MCP servers that get their access tokens here.
    pub(super) struct ServerSettings owned by McpLambda {
        /// Resource identifier: the public MCP URL of the one MCP server.
        pub(super) one: Option<BaseUrl> = "MCP_RESOURCE",
        /// Its scopes, as JSON: [{"name":"<full scope>","description":"<plain words>"}].
        scopes: Option<Json<Vec<ScopeDefinition>>> = "AUTHORIZATION_SCOPES",
        /// Several MCP servers in place of one, as JSON:
        /// [{"resource":"<MCP URL>","name":"<for people>","scopes":[{"name":"<scope name>","description":"<plain words>"}]}].
        /// An MCP URL may be its path below AUTHORIZATION_ISSUER.
        several: Option<Json<Vec<Listed>>> = "AUTHORIZATION_RESOURCES",
    }
}

/// One of several MCP servers. Its scopes are named without the resource identifier that each begins with, and that may leave out our
/// own issuer: the environment of a function holds 4096 bytes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    resource: String,
    name: String,
    scopes: Vec<ScopeDefinition>,
}

impl ServerSettings {
    /// Either one server or several.
    pub(super) fn check(&self, reader: &mut Reader<'_>) {
        if self.several.is_none() {
            if self.one.is_none() {
                reader.problem(ONE, format!("is not set, and {SEVERAL} is not set"));
            }
            return;
        }
        for (name, is_set) in [(ONE, self.one.is_some()), (SCOPES, self.scopes.is_some())] {
            if is_set {
                reader.problem(name, format!("is set together with {SEVERAL}; remove one"));
            }
        }
    }

    /// `name` is that of one server.
    pub(super) fn resources(
        self,
        name: Option<String>,
        issuer: Option<&BaseUrl>,
        reader: &mut Reader<'_>,
    ) -> Option<ProtectedResources> {
        if let Some(Json(listed)) = self.several {
            return ProtectedResources::new(several(listed, issuer?, reader)?);
        }
        let Some(Json(scopes)) = self.scopes else {
            reader.problem(SCOPES, "is not set");
            return None;
        };
        ProtectedResources::new(vec![ProtectedResource {
            identifier: self.one?.url,
            name: name?,
            scopes: catalog(SCOPES, scopes, reader),
        }])
    }
}

fn several(
    listed: Vec<Listed>,
    issuer: &BaseUrl,
    reader: &mut Reader<'_>,
) -> Option<Vec<ProtectedResource>> {
    if listed.is_empty() {
        reader.problem(SEVERAL, "is empty; list one MCP server at least");
    }
    let mut resources: Vec<ProtectedResource> = Vec::new();
    for Listed {
        resource,
        name,
        scopes,
    } in listed
    {
        if name.trim().is_empty() {
            reader.problem(
                SEVERAL,
                format!("'{resource}' has no name for the consent page"),
            );
        }
        for ScopeDefinition { name, .. } in scopes
            .iter()
            .filter(|scope| validate_scope_name(&scope.name).is_err())
        {
            reader.problem(
                SEVERAL,
                format!("'{name}' is not a scope name: without a slash, and without '{resource}'"),
            );
        }
        let url = if resource.starts_with('/') {
            format!("{}{resource}", issuer.text)
        } else {
            resource.clone()
        };
        let parsed = BaseUrl::parse(&url)
            .map_err(|rule| reader.problem(SEVERAL, format!("'{resource}' must {rule}")));
        let BaseUrl { text, url } = parsed.ok()?;
        if resources.iter().any(|other| other.identifier == url) {
            reader.problem(SEVERAL, format!("'{resource}' is listed twice"));
        }
        let full = scopes.into_iter().map(|scope| ScopeDefinition {
            name: full_scope(&text, &scope.name),
            ..scope
        });
        resources.push(ProtectedResource {
            identifier: url,
            name,
            scopes: catalog(SEVERAL, full.collect(), reader),
        });
    }
    Some(resources)
}

/// The validated scopes of one MCP server.
fn catalog(
    variable: &'static str,
    definitions: Vec<ScopeDefinition>,
    reader: &mut Reader<'_>,
) -> ScopeCatalog {
    if definitions.is_empty() {
        reader.problem(
            variable,
            "has no scope; a sign-in without one gives a token that no tool accepts",
        );
    }
    for ScopeDefinition { name, description } in &definitions {
        if !SCOPE_TOKEN.allows(name) {
            reader.problem(
                variable,
                format!("'{name}' is not a legal scope (RFC 6749 section 3.3)"),
            );
        }
        if name == "offline_access" {
            reader.problem(
                variable,
                "'offline_access' does not exist in Cognito and fails every sign-in; remove it",
            );
        }
        if description.trim().is_empty() {
            reader.problem(
                variable,
                format!("'{name}' has no description for the consent page"),
            );
        }
    }
    ScopeCatalog::new(definitions)
}
