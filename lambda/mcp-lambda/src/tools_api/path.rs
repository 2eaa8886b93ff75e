//! Recognises the paths of the tools API.

use std::collections::BTreeMap;

use http::Method;
use mcp_lambda_contract::{
    CALL_PATHS, DOCUMENTATION_PATH, FUNCTION_PATH, FUNCTIONS_PATH, OPENAPI_PATH,
};

/// A path of the tools API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Path {
    Functions,
    /// One function, by its name.
    Function(String),
    /// The body names the function.
    Call,
    OpenApi,
    Documentation,
}

impl Path {
    /// The path of an API's resource that matched, such as `/functions/{name}`, with its parameters.
    pub(crate) fn of_resource(
        resource: &str,
        parameters: &BTreeMap<String, String>,
    ) -> Option<Self> {
        if resource == FUNCTION_PATH {
            return parameters.get("name").cloned().map(Self::Function);
        }
        Self::fixed(resource)
    }

    /// A path below the base URL. A name is taken as it is: one that a URL cannot have is called by the body.
    pub(crate) fn of_path(path: &str) -> Option<Self> {
        Self::fixed(path).or_else(|| {
            let name = path.strip_prefix(FUNCTIONS_PATH)?.strip_prefix('/')?;
            let is_one = !name.is_empty() && !name.contains('/');
            is_one.then(|| Self::Function(name.to_owned()))
        })
    }

    fn fixed(path: &str) -> Option<Self> {
        match path {
            FUNCTIONS_PATH => Some(Self::Functions),
            OPENAPI_PATH => Some(Self::OpenApi),
            DOCUMENTATION_PATH => Some(Self::Documentation),
            path if CALL_PATHS.contains(&path) => Some(Self::Call),
            _ => None,
        }
    }

    /// The HTTP methods of the path.
    pub(crate) fn methods(&self) -> &'static [&'static str] {
        match self {
            Self::Functions | Self::OpenApi | Self::Documentation => &["GET"],
            Self::Function(_) => &["GET", "POST"],
            Self::Call => &["POST"],
        }
    }

    /// Whether a request of this method calls a function.
    pub(crate) fn is_call(&self, method: &Method) -> bool {
        *method == Method::POST && matches!(self, Self::Function(_) | Self::Call)
    }

    /// The method of MCP that does the same; none for the documents.
    pub(crate) fn mcp_method(&self, method: &Method) -> Option<&'static str> {
        match self {
            Self::Functions => Some("tools/list"),
            Self::Function(_) if *method == Method::GET => Some("tools/list"),
            Self::Function(_) | Self::Call => Some("tools/call"),
            Self::OpenApi | Self::Documentation => None,
        }
    }
}
