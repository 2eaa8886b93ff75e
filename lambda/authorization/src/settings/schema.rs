//! What people choose about the server. The properties of the constructs are generated from this (`npm run generate`), so
//! names, documentation and defaults are written once.

use serde_json::{Value, json};

use super::default;

/// A JSON schema of the choices, with the environment variable of each (`x-env`). Addresses and secrets are not among them: the
/// constructs know those from the deployment.
#[must_use]
pub fn settings_schema() -> Value {
    json!({
        "title": "McpAuthorizationServerSettings",
        "description": "What can be chosen about the authorization server. What is left out has its default in the Rust program.",
        "type": "object",
        // By name, which is the order in which they are written.
        "properties": {
            "brand_color": {
                "description": "Colour of buttons and links on the pages, `#rrggbb`, with a contrast of at least 4.5 to white text (WCAG 2 AA).",
                "type": "string", "default": default::BRAND_COLOR, "x-env": "AUTHORIZATION_BRAND_COLOR",
            },
            "brand_logo_url": {
                "description": "The https URL of an image above the heading of the pages. Browsers of people who sign in load it.",
                "type": "string", "x-default": "none", "x-env": "AUTHORIZATION_BRAND_LOGO_URL",
            },
            "client_documents_enabled": {
                "description": "Whether an MCP client's https URL may be its `client_id`, whose document is then fetched (Client ID Metadata Documents).\n`false` also refuses the clients that have signed somebody in before.",
                "type": "boolean", "default": default::CLIENT_DOCUMENTS, "x-env": "AUTHORIZATION_CLIENT_DOCUMENTS",
            },
            "code_lifetime": {
                "description": "How long an authorization code is valid: 5 seconds to 5 minutes, which is how long Cognito's own code inside it lives.",
                "type": "integer", "x-cdk-type": "Duration", "x-unit": "s",
                "default": default::CODE_SECONDS, "x-env": "AUTHORIZATION_CODE_SECONDS",
            },
            "custom_schemes": {
                "description": "Schemes of applications that clients nobody registered may have codes sent to, for example `cursor` for\n`cursor://anysphere.cursor-mcp/oauth/callback`. Any program on a device can claim a scheme; the consent page says so.",
                "type": "array", "items": { "type": "string" }, "x-default": "none", "x-env": "AUTHORIZATION_CUSTOM_SCHEMES",
            },
            "display_name": {
                "description": "Name of the service on the consent page.",
                "type": "string", "x-default": "the contract's title, or the `displayName` of an `McpHost`", "x-env": "AUTHORIZATION_BRAND_NAME",
            },
            "redirect_hosts": {
                "description": "Where clients that nobody registered may have codes sent besides loopback: https URIs compared exactly, ones that end\nin `/*` for one more segment, or host names.",
                "type": "array", "items": { "type": "string" },
                "x-default": "the callbacks of claude.ai, ChatGPT, VS Code and Cursor", "x-env": "AUTHORIZATION_REDIRECT_HOSTS",
            },
            "refresh_token_lifetime": {
                "description": "How long a person stays signed in with a client that keeps refreshing its access token, in whole days up to 10 years,\ncounted from the sign-in: a shorter lifetime ends earlier sign-ins, too.",
                "type": "integer", "x-cdk-type": "Duration", "x-unit": "d",
                "default": default::REFRESH_TOKEN_DAYS, "x-env": "AUTHORIZATION_REFRESH_TOKEN_DAYS",
            },
            "refused_clients": {
                "description": "MCP clients that get nothing any more: no sign-in, no access token, no refresh. An entry is a `client_id`, the host of a\nClient ID Metadata Document, or the `client_digest` that the authorization server's log has for the client. A client that\nhas registered itself can register again under another `client_id`, unless `registrationEnabled` is false.",
                "type": "array", "items": { "type": "string" }, "x-default": "none", "x-env": "AUTHORIZATION_REFUSED_CLIENTS",
            },
            "registration_enabled": {
                "description": "Whether MCP clients may register themselves (RFC 7591). Nothing is stored: the `client_id` is the sealed registration.\n`false` also refuses the clients that have registered before.",
                "type": "boolean", "default": default::REGISTRATION, "x-env": "AUTHORIZATION_REGISTRATION",
            },
            "registration_lifetime": {
                "description": "How long the `client_id` of a client that has registered itself is valid, in whole days up to 10 years, counted from its\nregistration: a shorter lifetime ends earlier registrations, too. Then the client registers again, and its people sign in again.",
                "type": "integer", "x-cdk-type": "Duration", "x-unit": "d",
                "default": default::REGISTRATION_DAYS, "x-env": "AUTHORIZATION_REGISTRATION_DAYS",
            },
        },
    })
}
