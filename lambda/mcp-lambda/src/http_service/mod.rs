//! Serves MCP without API Gateway and verifies access tokens itself.

mod connection;
mod head_limit;
mod health;
mod held_body;
mod http_server;
pub(crate) mod listener;
mod open_work;
pub(crate) mod resource_server;
mod termination;
mod workers;
