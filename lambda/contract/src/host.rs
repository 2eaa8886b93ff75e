//! Hosts with a meaning of their own: this machine, and domains that are nobody's in public.

/// Hosts of this machine. OAuth permits plain `http` to them (RFC 8252 section 7.3), and browsers send these spellings.
pub const LOOPBACK_HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// The last labels of host names that are nobody's in public: no metadata document of a client is fetched there.
pub const PRIVATE_DOMAINS: [&str; 11] = [
    "localhost",
    "local",
    "internal",
    "lan",
    "home",
    "corp",
    "test",
    "invalid",
    "example",
    "onion",
    "arpa",
];

/// Whether this is one of [`LOOPBACK_HOSTS`], and nothing that merely begins or ends like them.
#[must_use]
pub fn is_loopback_host(host: &str) -> bool {
    LOOPBACK_HOSTS.contains(&host)
}
