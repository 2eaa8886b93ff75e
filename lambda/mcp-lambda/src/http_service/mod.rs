//! Serves MCP without API Gateway and verifies access tokens itself.

pub(crate) mod listener;
pub(crate) mod resource_server;
