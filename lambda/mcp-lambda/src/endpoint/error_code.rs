//! JSON-RPC error codes that neither JSON-RPC nor MCP defines.

use rmcp::model::ErrorCode;

/// The code of refusals that JSON-RPC and MCP have no code for; in the range left to implementations.
pub(crate) const REFUSED: ErrorCode = ErrorCode(-32000);
/// The caller lacks a scope.
pub(crate) const INSUFFICIENT_SCOPE: ErrorCode = ErrorCode(-32003);
