mcp_lambda::settings! {
    /// The conformance server's own settings.
    pub(crate) struct ConformanceSettings owned by Server {
        /// Directory that all processes of the function see; holds announced changes.
        pub(crate) state_directory: String = "CONFORMANCE_STATE_DIRECTORY",
        /// Secret of 32 bytes or more that seals requestState; the same for all processes.
        pub(crate) request_state_key: String = "CONFORMANCE_REQUEST_STATE_KEY",
    }
}
