#![doc = include_str!("../README.md")]

mod attribute;
mod expansion;
mod parameter;

use proc_macro::TokenStream;

/// Makes a tool of an MCP server out of a function; `mcp_lambda::tool` documents it.
#[proc_macro_attribute]
pub fn tool(attribute: TokenStream, function: TokenStream) -> TokenStream {
    expansion::expand(attribute.into(), function.into())
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}
