//! TLS by ring, as everywhere in this workspace: reqwest asks the process for its provider.

/// Makes ring the provider of rustls in this process. Later calls change nothing.
pub fn use_ring() {
    // An error means that a provider is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
