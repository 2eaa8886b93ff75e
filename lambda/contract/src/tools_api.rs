//! The paths of a server's tools as plain REST, below the base URL of the tools API.

/// Lists the functions that the caller may call.
pub const FUNCTIONS_PATH: &str = "/functions";
/// Describes a function with `GET`, and calls it with its arguments as the body with `POST`.
pub const FUNCTION_PATH: &str = "/functions/{name}";
/// Call a function that the body names: `{"name": …, "arguments": …}`.
pub const CALL_PATHS: [&str; 3] = ["/functions/call", "/tools/call", "/execute"];
/// The OpenAPI document.
pub const OPENAPI_PATH: &str = "/openapi.json";
/// The same as a page for people.
pub const DOCUMENTATION_PATH: &str = "/docs";

/// All of them that need an API key or an access token.
pub const TOOLS_API_PATHS: [&str; 5] = [
    FUNCTIONS_PATH,
    FUNCTION_PATH,
    CALL_PATHS[0],
    CALL_PATHS[1],
    CALL_PATHS[2],
];

/// The documents, which the deployment may open to everyone.
pub const TOOLS_API_DOCUMENTS: [&str; 2] = [OPENAPI_PATH, DOCUMENTATION_PATH];
