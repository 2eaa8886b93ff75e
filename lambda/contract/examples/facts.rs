//! Prints the facts that the constructs know too, as JSON: each with its name, its description and its value.
//! `npm run generate` writes them to `cdk/lib/generated`.

use std::io::Write;
use std::process::ExitCode;

use mcp_lambda_contract::{
    ASSERTION_ALGORITHMS, AUDIT_LOG_ID, AUTHORIZATION_ENDPOINTS,
    AUTHORIZATION_SERVER_METADATA_PATH, AUTHORIZE_PATH, AssertionMetadata,
    AuthorizationServerMetadata, BROWSER_REDIRECT, CALLER_LIMIT_ACTIONS, CONNECT_COMMANDS,
    Challenge, Contract, FORBIDDEN_SCHEMES, GITHUB_KEYS_PATH, HEALTH_PATH, HIGHEST_CALLER_LIMIT,
    InvalidChallengeValue, JWKS_PATH, LINK_CONFIG, LONGEST_CLIENT_URL, LOOPBACK_HOSTS, MCP_PATH,
    NameRule, OPENID_CONFIGURATION_PATH, PRIVATE_DOMAINS, PROTECTED_RESOURCE_METADATA_PATH,
    ProtectedResourceMetadata, SCHEME, SCOPE_NAME, SERVER_NAME, SHA256_DIGEST, TOKEN_PATH,
    TOOLS_API_DOCUMENTS, TOOLS_API_PATHS, VSCODE_LINK, WELL_KNOWN_PATH, setting_names,
};
use serde_json::{Map, Value, json};

fn main() -> ExitCode {
    let facts = facts().and_then(|facts| {
        std::io::stdout()
            .write_all(format!("{facts:#}\n").as_bytes())
            .map_err(|error| error.to_string())
    });
    match facts {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

fn facts() -> Result<Value, String> {
    let (token_required, insufficient_scope) = challenges().map_err(|error| error.to_string())?;
    // A template is a string, because the order of its members counts and a `Value` sorts them.
    let template =
        |document: Result<String, serde_json::Error>| document.map_err(|e| e.to_string());
    let own = || {
        AuthorizationServerMetadata::of_server(
            "${issuer}",
            "${jwksUrl}",
            vec!["${oauthScopes}".to_owned()],
            vec!["${resourceIdentifiers}".to_owned()],
            true,
        )
    };
    let pool = || {
        AuthorizationServerMetadata::of_user_pool(
            "${issuer}",
            "${signInBaseUrl}",
            "${jwksUrl}",
            vec!["${oauthScopes}".to_owned()],
        )
    };
    let resource = ProtectedResourceMetadata::from_strings(
        "${resourceIdentifier}",
        "${authorizationServers}",
        vec!["${oauthScopes}".to_owned()],
        "${resourceName}",
    );
    Ok(json!({
        "facts": [
            fact("SETTING", "Names of the settings that the constructs set, or that users may not set.", setting_names()),
            fact("PLAIN_HTTP_SETTINGS", "Settings that only the plain HTTP mode reads.", setting_names::PLAIN_HTTP),
            fact("WELL_KNOWN_PATH", "Where well-known documents are (RFC 8615).", WELL_KNOWN_PATH),
            fact("PROTECTED_RESOURCE_METADATA_PATH", "RFC 9728 section 3.", PROTECTED_RESOURCE_METADATA_PATH),
            fact("AUTHORIZATION_SERVER_METADATA_PATH", "RFC 8414 section 3.", AUTHORIZATION_SERVER_METADATA_PATH),
            fact("OPENID_CONFIGURATION_PATH", "OpenID Connect Discovery 1.0 section 4.", OPENID_CONFIGURATION_PATH),
            fact("JWKS_PATH", "Where Cognito has the keys of a user pool, below its issuer.", JWKS_PATH),
            fact("AUTHORIZE_PATH", "The authorization endpoint, below an issuer or the base of its endpoints (RFC 6749 section 3.1).", AUTHORIZE_PATH),
            fact("TOKEN_PATH", "The token endpoint, likewise (RFC 6749 section 3.2).", TOKEN_PATH),
            fact("AUTHORIZATION_ENDPOINTS", "The endpoints of the authorization server in front of a user pool, below its issuer, with their HTTP methods. Scripts in browsers may read only the responses of those with OPTIONS.", AUTHORIZATION_ENDPOINTS),
            fact("TOOLS_API_PATHS", "The paths of the tools as plain REST, which need an API key or an access token.", TOOLS_API_PATHS),
            fact("TOOLS_API_DOCUMENTS", "The paths of their descriptions.", TOOLS_API_DOCUMENTS),
            fact("MCP_PATH", "The path of an MCP endpoint, or its end where a host has several servers.", MCP_PATH),
            fact("BROWSER_REDIRECT", "The CloudFront Function that redirects a browser from an MCP endpoint to the page for people.", BROWSER_REDIRECT),
            fact("AUDIT_LOG_ID", "Logical id of the log group of an audit trail, by which the command finds it.", AUDIT_LOG_ID),
            fact("CALLER_LIMIT_ACTIONS", "IAM actions on the state table of a server that limits callers.", CALLER_LIMIT_ACTIONS),
            fact("HIGHEST_CALLER_LIMIT", "The highest limit of a single caller.", HIGHEST_CALLER_LIMIT),
            fact("HEALTH_PATH", "The path of a server's health check in plain HTTP mode, which needs no access token.", HEALTH_PATH),
            fact("LOOPBACK_HOSTS", "Hosts of this machine, as browsers spell them.", LOOPBACK_HOSTS),
            fact("PRIVATE_DOMAINS", "The last labels of host names that are nobody's in public.", PRIVATE_DOMAINS),
            fact("FORBIDDEN_SCHEMES", "Schemes that no application can claim for its redirects.", FORBIDDEN_SCHEMES),
            fact("ASSERTION_ALGORITHMS", "What a client assertion may be signed with (RFC 7518 section 3.1, RFC 8037 section 3.1).", ASSERTION_ALGORITHMS),
            fact("GITHUB_KEYS_PATH", "Where an issuer of GitHub Actions has its keys, below it.", GITHUB_KEYS_PATH),
            fact("LONGEST_CLIENT_URL", "Longest redirect URI and longest URL of a metadata document, in characters.", LONGEST_CLIENT_URL),
            rule("SCHEME", "A scheme of a redirect URI, as a parser writes it.", &SCHEME),
            rule("SCOPE_NAME", "A scope-token of RFC 6749 section 3.3 less what Cognito refuses.", &SCOPE_NAME),
            rule("SERVER_NAME", "A server's name: for command lines and Cognito.", &SERVER_NAME),
            rule("SHA256_DIGEST", "A SHA-256 digest in lower-case hexadecimal.", &SHA256_DIGEST),
            fact("CONNECT_COMMANDS", "The command or link that adds a server to each MCP client, by the name of its program.", connect_commands()),
            fact("LINK_CONFIG", "The configuration whose Base64 is in a link of CONNECT_COMMANDS.", LINK_CONFIG),
            fact("VSCODE_LINK", "The link that adds a server to VS Code.", VSCODE_LINK),
            fact("TOKEN_REQUIRED", "The challenge of a 401. It has no `error`, because API Gateway has one response for a missing and for an invalid access token, and RFC 6750 section 3.1 forbids an error code when the request had no credentials.", token_required),
            fact("INSUFFICIENT_SCOPE", "The challenge of a 403 (RFC 6750 section 3.1).", insufficient_scope),
            document("PROTECTED_RESOURCE_METADATA", "RFC 9728 section 2.", template(serde_json::to_string(&resource))?),
            document("OWN_METADATA", "RFC 8414 section 2, of the authorization server in front of a user pool.", template(serde_json::to_string(&own()))?),
            document("OWN_OPENID_CONFIGURATION", "The same as OpenID Connect Discovery 1.0 section 3 has it.", template(serde_json::to_string(&own().openid()))?),
            document("ASSERTION_METADATA", "What changes in these two when a program authenticates with a client assertion (RFC 7523 section 2.2).", template(serde_json::to_string(&AssertionMetadata::default()))?),
            document("USER_POOL_METADATA", "RFC 8414 section 2, of a user pool itself.", template(serde_json::to_string(&pool()))?),
            document("USER_POOL_OPENID_CONFIGURATION", "The same as OpenID Connect Discovery 1.0 section 3 has it.", template(serde_json::to_string(&pool().openid()))?),
        ],
        "contractSchema": Contract::json_schema(),
    }))
}

fn challenges() -> Result<(String, String), InvalidChallengeValue> {
    let (url, scopes) = ("${resourceMetadataUrl}", ["${oauthScopes}".to_owned()]);
    Ok((
        Challenge::token_required(url, &scopes)?.to_string(),
        Challenge::insufficient_scope(url, &scopes)?.to_string(),
    ))
}

fn setting_names() -> Map<String, Value> {
    [
        setting_names::MCP,
        setting_names::AUTHORIZER,
        setting_names::AUTHORIZATION,
        setting_names::PLAYGROUND,
    ]
    .concat()
    .into_iter()
    .map(|name| (name.to_owned(), json!(name)))
    .collect()
}

fn connect_commands() -> Map<String, Value> {
    CONNECT_COMMANDS
        .into_iter()
        .map(|(client, command)| (client.to_owned(), Value::from(command)))
        .collect()
}

fn fact(name: &str, description: &str, value: impl serde::Serialize) -> Value {
    json!({ "name": name, "description": description, "value": value })
}

fn rule(name: &str, description: &str, rule: &NameRule) -> Value {
    json!({ "name": name, "description": description, "pattern": rule.pattern() })
}

fn document(name: &str, description: &str, json: String) -> Value {
    json!({ "name": name, "description": description, "json": json })
}
