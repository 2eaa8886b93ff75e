//! Which variables there are, in the form of the contract: names, types, defaults and what they do.

use mcp_lambda_contract::{HttpUrl, List};

mcp_lambda_contract::settings! {
    /// The environment variables of the authorization server. The constructs set them; their defaults are here alone.
    ///
    /// Beside these, Lambda's own `AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`, and
    /// `AWS_ENDPOINT_URL` for an emulator, are read when a secret is in Secrets Manager.
    pub struct AuthorizationVariables owned by McpLambda {
        /// Resource identifier: the public MCP URL.
        pub resource: HttpUrl = "MCP_RESOURCE",
        /// The user pool's issuer, which signs the tokens.
        pub pool_issuer: HttpUrl = "MCP_ISSUER",
        /// Where the user pool's keys are, for the metadata. Default: {MCP_ISSUER}/.well-known/jwks.json.
        pub jwks_url: Option<HttpUrl> = "MCP_JWKS_URL",
        /// Web origins that may read /token, /register and /revoke.
        pub allowed_origins: Option<List> = "MCP_ALLOWED_ORIGINS",
        /// Our issuer: the public base URL of this server.
        pub issuer: HttpUrl = "AUTHORIZATION_ISSUER",
        /// Base URL of the user pool's domain.
        pub sign_in_url: HttpUrl = "AUTHORIZATION_SIGN_IN_URL",
        /// Our one app client in the user pool.
        pub cognito_client_id: String = "AUTHORIZATION_COGNITO_CLIENT_ID",
        /// Its secret, in place. Default: a public app client.
        pub cognito_client_secret: Option<String> = "AUTHORIZATION_COGNITO_CLIENT_SECRET",
        /// Its secret, in Secrets Manager.
        pub cognito_client_secret_arn: Option<String> = "AUTHORIZATION_COGNITO_CLIENT_SECRET_ARN",
        /// What sealing keys are derived from, in place, 32 characters or more. This or the next but one is required.
        pub sealing_secret: Option<String> = "AUTHORIZATION_SEALING_SECRET",
        /// The one before the last rotation, in place.
        pub previous_sealing_secret: Option<String> = "AUTHORIZATION_SEALING_SECRET_PREVIOUS",
        /// The sealing secret in Secrets Manager: its stages AWSCURRENT and AWSPREVIOUS.
        pub sealing_secret_arn: Option<String> = "AUTHORIZATION_SEALING_SECRET_ARN",
        /// The OAuth scopes as JSON, each with its full name and a description in plain words for the consent page.
        pub scopes: String = "AUTHORIZATION_SCOPES",
        /// Pre-registered clients, as JSON.
        pub clients: String = "AUTHORIZATION_CLIENTS" or "[]",
        /// Whether clients may register themselves (RFC 7591).
        pub registration: bool = "AUTHORIZATION_REGISTRATION" or "true",
        /// Whether a URL may be a client id (Client ID Metadata Documents).
        pub client_documents: bool = "AUTHORIZATION_CLIENT_DOCUMENTS" or "true",
        /// Days that a registration lasts, 1 to 3650.
        pub registration_days: u64 = "AUTHORIZATION_REGISTRATION_DAYS" or "90",
        /// Seconds that a code is valid, 5 to 300: Cognito's code inside it lives five minutes.
        pub code_seconds: u64 = "AUTHORIZATION_CODE_SECONDS" or "300",
        /// Days that a sealed refresh token is accepted, 1 to 3650; the user pool's own limit also applies.
        pub refresh_token_days: u64 = "AUTHORIZATION_REFRESH_TOKEN_DAYS" or "30",
        /// Where clients that nobody registered may have codes sent besides loopback: https URIs, ones that end in /*, or
        /// host names. Default: the callbacks of claude.ai, ChatGPT, VS Code and Cursor.
        pub redirect_hosts: Option<List> = "AUTHORIZATION_REDIRECT_HOSTS",
        /// Custom schemes that such clients may have codes sent to.
        pub custom_schemes: Option<List> = "AUTHORIZATION_CUSTOM_SCHEMES",
        /// Name on the pages. Default: the host of MCP_RESOURCE.
        pub brand_name: Option<String> = "AUTHORIZATION_BRAND_NAME",
        /// An https image on the pages.
        pub brand_logo_url: Option<HttpUrl> = "AUTHORIZATION_BRAND_LOGO_URL",
        /// Colour of buttons and links as #rrggbb, dark enough for white text.
        pub brand_color: String = "AUTHORIZATION_BRAND_COLOR" or "#1a4f8b",
        /// Plain HTTP mode: the loopback address to listen on.
        pub listen: String = "AUTHORIZATION_LISTEN" or "127.0.0.1:3031",
        /// Local stack only: stand-ins for clients' metadata hosts, each as host=address:port.
        pub local_metadata_hosts: Option<List> = "AUTHORIZATION_LOCAL_METADATA_HOSTS",
        /// Local stack only: the certificate (DER in base64) that those stand-ins present or chain to.
        pub local_metadata_ca: Option<String> = "AUTHORIZATION_LOCAL_METADATA_CA",
    }
}
