//! The HTTP client of the tests.

/// A client; ring is the provider of TLS where other packages of the build give reqwest TLS.
pub(crate) fn http() -> reqwest::Client {
    // An error means that a provider is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}
