//! The names of the environment variables that more than one half knows: a program of this repository reads each, and the
//! constructs set it. They get the names from here.

macro_rules! setting_names {
    ($($(#[doc = $program:literal])+ $list:ident = [$($name:ident),* $(,)?];)*) => {
        $($(
            #[allow(missing_docs, reason = "the settings of the program that reads it say what it is")]
            pub const $name: &str = stringify!($name);
        )*)*
        $($(#[doc = $program])+ pub const $list: &[&str] = &[$(stringify!($name)),*];)*
    };
}

setting_names! {
    /// Of every program: addresses of the deployment, and what the server, the Lambda authorizer and the authorization server
    /// have to agree on.
    MCP = [
        MCP_RESOURCE,
        MCP_RESOURCE_METADATA_URL,
        MCP_ISSUER,
        MCP_JWKS_URL,
        MCP_AUDIENCE_REQUIRED,
        MCP_BATCHES_ALLOWED,
        MCP_ALLOWED_HOSTS,
        MCP_ALLOWED_ORIGINS,
        MCP_RESPONSE_MODE,
        MCP_LISTEN,
        MCP_HTTP_THREADS,
        MCP_HTTP_CONNECTIONS,
        MCP_HTTP_REQUESTS,
        MCP_HTTP_BODY_MS,
        MCP_HTTP_KEEP_ALIVE_MS,
        MCP_HTTP_CALL_MS,
        MCP_HTTP_SHUTDOWN_MS,
        MCP_TRUSTED_PROXIES,
        MCP_METRICS,
        MCP_LOG_CLIENTS,
        MCP_TOOLS_URL,
        MCP_TOOLS_KEYS,
        MCP_TOOLS_ACCESS_TOKENS,
        MCP_RESULT_CACHE,
        MCP_STATE_TABLE,
        MCP_STATE_KEYS,
        MCP_CALLER_REQUESTS_PER_MINUTE,
        MCP_CALLER_TOOL_CALLS_PER_DAY,
        MCP_AUDIT_LOG_GROUP,
    ];
    /// Of the Lambda authorizer.
    AUTHORIZER = [
        AUTHORIZER_TOKENS,
        AUTHORIZER_AUDIENCES,
        AUTHORIZER_SCOPES,
        AUTHORIZER_TOKEN_SHA256,
        AUTHORIZER_TOOLS,
        AUTHORIZER_SCOPE_INCLUDES,
        AUTHORIZER_USAGE_KEY,
        AUTHORIZER_USAGE_CLIENTS,
    ];
    /// Of the authorization server, those that the constructs know from the deployment.
    AUTHORIZATION = [
        AUTHORIZATION_ISSUER,
        AUTHORIZATION_SIGN_IN_URL,
        AUTHORIZATION_COGNITO_CLIENT_ID,
        AUTHORIZATION_COGNITO_CLIENT_SECRET_ARN,
        AUTHORIZATION_SEALING_SECRET_ARN,
        AUTHORIZATION_SCOPES,
        AUTHORIZATION_RESOURCES,
        AUTHORIZATION_CLIENTS,
        AUTHORIZATION_MACHINE_CLIENTS,
    ];
    /// Of the playground.
    PLAYGROUND = [
        PLAYGROUND_ORIGIN,
        PLAYGROUND_SERVERS,
        PLAYGROUND_MODELS,
        PLAYGROUND_TABLE,
        PLAYGROUND_SECRET_ARN,
        PLAYGROUND_TITLE,
        PLAYGROUND_SYSTEM_PROMPT,
        PLAYGROUND_TURNS_PER_MINUTE,
        PLAYGROUND_TOKENS_PER_DAY,
        PLAYGROUND_RETENTION_DAYS,
        ALLOW_PRIVATE_SERVERS,
    ];
}

/// Those that have no effect on Lambda: only the plain HTTP mode reads them.
pub const PLAIN_HTTP: [&str; 10] = [
    MCP_LISTEN,
    MCP_JWKS_URL,
    MCP_HTTP_THREADS,
    MCP_HTTP_CONNECTIONS,
    MCP_HTTP_REQUESTS,
    MCP_HTTP_BODY_MS,
    MCP_HTTP_KEEP_ALIVE_MS,
    MCP_HTTP_CALL_MS,
    MCP_HTTP_SHUTDOWN_MS,
    MCP_TRUSTED_PROXIES,
];
