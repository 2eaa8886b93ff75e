//! The settings of the plain HTTP mode.

use std::num::NonZeroUsize;

use mcp_lambda_contract::Milliseconds;
use mcp_lambda_contract::setting_names::{
    MCP_HTTP_BODY_MS, MCP_HTTP_CALL_MS, MCP_HTTP_CONNECTIONS, MCP_HTTP_KEEP_ALIVE_MS,
    MCP_HTTP_REQUESTS, MCP_HTTP_SHUTDOWN_MS, MCP_HTTP_THREADS, MCP_TRUSTED_PROXIES,
};

use crate::trusted_proxies::TrustedProxies;

mcp_lambda_contract::settings! {
    /// The settings of the plain HTTP mode, besides `MCP_LISTEN` and `MCP_JWKS_URL`.
    pub(crate) struct HttpSettings owned by McpLambda {
        /// Threads that serve requests in plain HTTP mode. Default: one for each CPU that the process may use.
        pub(crate) threads: Option<NonZeroUsize> = MCP_HTTP_THREADS,
        /// Most connections at one moment in plain HTTP mode. One more is refused with 503 and Retry-After.
        pub(crate) connections: NonZeroUsize = MCP_HTTP_CONNECTIONS or "1000",
        /// Most requests at one moment in plain HTTP mode, event streams included. One more is refused with 503 and
        /// Retry-After.
        pub(crate) requests: NonZeroUsize = MCP_HTTP_REQUESTS or "500",
        /// Time for the body of a request in plain HTTP mode. A slower one is refused with 408.
        pub(crate) body: Milliseconds = MCP_HTTP_BODY_MS or "10000",
        /// How long a connection without a request stays open in plain HTTP mode. It must be longer than the idle timeout
        /// of the load balancer, which is 60 seconds by default.
        pub(crate) keep_alive: Milliseconds = MCP_HTTP_KEEP_ALIVE_MS or "75000",
        /// Time for a call in plain HTTP mode. The default is that of Lambda.
        pub(crate) call: Milliseconds = MCP_HTTP_CALL_MS or "900000",
        /// How long running calls may go on after SIGTERM in plain HTTP mode. It must be shorter than the time after which
        /// the process is killed, which is 30 seconds in Amazon ECS by default.
        pub(crate) shutdown: Milliseconds = MCP_HTTP_SHUTDOWN_MS or "25000",
        /// Addresses and CIDR blocks of the proxies whose Forwarded, X-Forwarded-* and X-Real-IP headers reach the tools in
        /// plain HTTP mode. X-Forwarded-Host of such a proxy counts as Host. Default: none, and the headers are removed.
        pub(crate) trusted_proxies: Option<TrustedProxies> = MCP_TRUSTED_PROXIES,
    }
}
