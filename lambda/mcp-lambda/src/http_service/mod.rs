//! The server as an HTTP service of its own, which verifies access tokens itself.

pub(crate) mod listener;
pub(crate) mod resource_server;
