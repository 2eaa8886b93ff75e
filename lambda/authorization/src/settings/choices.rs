//! What people choose about the server. The properties of the constructs are generated from this (`npm run generate`), so
//! names, documentation and defaults are written once.

use mcp_lambda_contract::{SettingType, Settings as _};
use serde_json::{Map, Value, json};

use super::values::{CustomScheme, DarkColor, Entries, HttpsUrl, Lifetime};
use crate::{client::refused::RefusedClients, oauth::redirect::CallbackRule};

const DAY: u64 = 24 * 60 * 60;

mcp_lambda_contract::settings! {
    /// What can be chosen about the authorization server. What is left out has its default in the Rust program.
    pub(crate) struct Choices owned by McpLambda {
        /// Colour of buttons and links on the pages, `#rrggbb`, with a contrast of at least 4.5 to white text (WCAG 2 AA).
        pub(crate) brand_color: DarkColor = "AUTHORIZATION_BRAND_COLOR" or "#1a4f8b",
        /// The https URL of an image above the heading of the pages. Browsers of people who sign in load it.
        pub(crate) brand_logo_url: Option<HttpsUrl> = "AUTHORIZATION_BRAND_LOGO_URL",
        /// Whether an MCP client's https URL may be its `client_id`, whose document is then fetched (Client ID Metadata
        /// Documents). `false` also refuses the clients that have signed somebody in before.
        pub(crate) client_documents_enabled: bool = "AUTHORIZATION_CLIENT_DOCUMENTS" or "true",
        /// How long an authorization code is valid: 5 seconds to 5 minutes, which is how long Cognito's own code inside it
        /// lives.
        pub(crate) code_lifetime: Lifetime<1, 5, 300> = "AUTHORIZATION_CODE_SECONDS" or "300",
        /// Schemes of applications that clients nobody registered may have codes sent to, for example `cursor` for
        /// `cursor://anysphere.cursor-mcp/oauth/callback`. Any program on a device can claim a scheme; the consent page
        /// says so.
        pub(crate) custom_schemes: Entries<CustomScheme> = "AUTHORIZATION_CUSTOM_SCHEMES",
        /// Name of the service on the consent page.
        pub(crate) display_name: Option<String> = "AUTHORIZATION_BRAND_NAME",
        /// Where clients that nobody registered may have codes sent besides loopback: https URIs compared exactly, ones
        /// that end in `/*` for one more segment, or host names.
        pub(crate) redirect_hosts: Entries<CallbackRule> = "AUTHORIZATION_REDIRECT_HOSTS",
        /// How long a person stays signed in with a client that keeps refreshing its access token, in whole days up to 10
        /// years, counted from the sign-in: a shorter lifetime ends earlier sign-ins, too.
        pub(crate) refresh_token_lifetime: Lifetime<DAY, 1, 3650> = "AUTHORIZATION_REFRESH_TOKEN_DAYS" or "30",
        /// MCP clients that get nothing any more: no sign-in, no access token, no refresh. An entry is a `client_id`, the
        /// host of a Client ID Metadata Document, or the `client_digest` that the authorization server's log has for the
        /// client. A client that has registered itself can register again under another `client_id`, unless
        /// `registrationEnabled` is false.
        pub(crate) refused_clients: RefusedClients = "AUTHORIZATION_REFUSED_CLIENTS",
        /// Whether MCP clients may register themselves (RFC 7591). Nothing is stored: the `client_id` is the sealed
        /// registration. `false` also refuses the clients that have registered before.
        pub(crate) registration_enabled: bool = "AUTHORIZATION_REGISTRATION" or "true",
        /// How long the `client_id` of a client that has registered itself is valid, in whole days up to 10 years, counted
        /// from its registration: a shorter lifetime ends earlier registrations, too. Then the client registers again, and
        /// its people sign in again.
        pub(crate) registration_lifetime: Lifetime<DAY, 1, 3650> = "AUTHORIZATION_REGISTRATION_DAYS" or "90",
    }
}

/// The property of each setting, in the order of the fields, with the unit of a duration or its default in words.
const PROPERTIES: [(&str, Option<(&str, &str)>); 11] = [
    ("brand_color", None),
    ("brand_logo_url", Some(("x-default", "none"))),
    ("client_documents_enabled", None),
    ("code_lifetime", Some(("x-unit", "s"))),
    ("custom_schemes", Some(("x-default", "none"))),
    (
        "display_name",
        Some((
            "x-default",
            "the contract's title, or the `displayName` of an `McpHost`",
        )),
    ),
    (
        "redirect_hosts",
        Some((
            "x-default",
            "the callbacks of claude.ai, ChatGPT, VS Code and Cursor",
        )),
    ),
    ("refresh_token_lifetime", Some(("x-unit", "d"))),
    ("refused_clients", Some(("x-default", "none"))),
    ("registration_enabled", None),
    ("registration_lifetime", Some(("x-unit", "d"))),
];

/// A JSON schema of the choices, with the environment variable of each (`x-env`). Addresses and secrets are not among them: the
/// constructs know those from the deployment.
#[must_use]
pub fn settings_schema() -> Value {
    let properties = PROPERTIES.into_iter().zip(Choices::definitions());
    let properties = properties.map(|((name, more), setting)| {
        let mut property = json!({ "description": setting.description, "x-env": setting.name });
        property["type"] = json!(match setting.setting_type {
            SettingType::String | SettingType::Url => "string",
            SettingType::Integer | SettingType::Duration => "integer",
            SettingType::Boolean => "boolean",
            SettingType::List => "array",
        });
        if setting.setting_type == SettingType::List {
            property["items"] = json!({ "type": "string" });
        }
        if let Some(default) = setting.default {
            property["default"] = default;
        }
        if let Some((key, value)) = more {
            property[key] = json!(value);
            if key == "x-unit" {
                property["x-cdk-type"] = json!("Duration");
            }
        }
        (name.to_owned(), property)
    });
    json!({
        "title": "McpAuthorizationServerSettings",
        "description": "What can be chosen about the authorization server. What is left out has its default in the Rust program.",
        "type": "object",
        "properties": properties.collect::<Map<_, _>>(),
    })
}
