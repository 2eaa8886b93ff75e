//! The default authorization, with the program of this repository: the npm package of a release brings it built.

use mcp_lambda_cdk::Result;
use mcp_lambda_cdk::mcp::{
    McpAuthorization, McpAuthorizationServerOptions, McpCargoOptions, McpCode,
};

/// `authorizationOf` of `cdk/app/context.ts`, in Rust.
pub(crate) fn of_this_repository() -> Result<McpAuthorization> {
    let package = McpCargoOptions::new("mcp-lambda-authorization").binary_name("authorization");
    let code = McpCode::from_cargo(".", package)?;
    let options = McpAuthorizationServerOptions::new()
        .code(code)
        .custom_schemes(["cursor"]);
    McpAuthorization::server_with(options)
}
