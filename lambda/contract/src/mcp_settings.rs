//! Defines the environment variables that the library itself reads in every server.

use crate::setting::{SettingType, SettingValue};
use crate::setting_names::{
    MCP_ALLOWED_HOSTS, MCP_ALLOWED_ORIGINS, MCP_AUDIENCE_REQUIRED, MCP_BATCHES_ALLOWED, MCP_ISSUER,
    MCP_JWKS_URL, MCP_LISTEN, MCP_LOG_CLIENTS, MCP_METRICS, MCP_RESOURCE,
    MCP_RESOURCE_METADATA_URL, MCP_RESPONSE_MODE, MCP_TOOLS_ACCESS_TOKENS, MCP_TOOLS_KEYS,
    MCP_TOOLS_URL,
};
use crate::{HttpUrl, List, ProtectedResourceMetadata, ToolsKeys};

crate::settings! {
    /// The library's own settings. The constructs set them; a person sets them only for the plain HTTP mode.
    pub struct McpSettings owned by McpLambda {
        /// Resource identifier: the public MCP URL that clients use, for example https://d111.cloudfront.net/mcp.
        pub resource: HttpUrl = MCP_RESOURCE,
        /// URL of the protected resource metadata (RFC 9728), named in challenges. Default: the path-inserted
        /// well-known URL of MCP_RESOURCE.
        pub resource_metadata_url: Option<HttpUrl> = MCP_RESOURCE_METADATA_URL,
        /// Issuer of the access tokens: https://cognito-idp.{region}.amazonaws.com/{user pool id}.
        pub issuer: HttpUrl = MCP_ISSUER,
        /// Where the issuer's keys are, in plain HTTP mode and behind a function URL only. Default:
        /// {MCP_ISSUER}/.well-known/jwks.json.
        pub jwks_url: Option<HttpUrl> = MCP_JWKS_URL,
        /// Whether the access token of a person must have MCP_RESOURCE as aud. Otherwise one without aud is accepted too. It
        /// has an aud when the MCP client sent the resource parameter (RFC 8707), which an authorization server in front of
        /// Cognito always sends. A client credentials token of Cognito never has one and is accepted without.
        pub audience_required: bool = MCP_AUDIENCE_REQUIRED or "false",
        /// Whether one request may carry several JSON-RPC messages, for clients of 2025-03-26 and of no stated version.
        /// Must be false where requests are counted: a batch counts as one.
        pub batches_allowed: bool = MCP_BATCHES_ALLOWED or "true",
        /// Accepted Host values. Default: the host of MCP_RESOURCE.
        pub allowed_hosts: Option<List> = MCP_ALLOWED_HOSTS,
        /// Accepted Origin values of browsers. Default: the origin of MCP_RESOURCE.
        pub allowed_origins: Option<List> = MCP_ALLOWED_ORIGINS,
        /// How a function answers, stream or buffered; must be the gateway's response transfer mode.
        pub response_mode: ResponseMode = MCP_RESPONSE_MODE or "stream",
        /// Address that the plain HTTP mode listens on.
        pub listen: String = MCP_LISTEN or "127.0.0.1:3000",
        /// Metrics of tools in the log of a function or Amazon ECS task, emf or off: CloudWatch makes metrics of lines in its
        /// embedded metric format, and bills them.
        pub metrics: Metrics = MCP_METRICS or "emf",
        /// Names of MCP clients that may stand in the log, beside those that the library knows; every other one is
        /// logged as other.
        pub log_clients: Option<List> = MCP_LOG_CLIENTS,
        /// Base URL of the tools as plain REST, for example https://abc.execute-api.eu-central-1.amazonaws.com/prod.
        /// Default: there is no plain REST.
        pub tools_url: Option<HttpUrl> = MCP_TOOLS_URL,
        /// The API keys of the plain REST endpoints, as a JSON array of objects: id (API Gateway's id of the key, not its
        /// value), name (the caller's name) and scopes (names of OAuth scopes).
        pub tools_keys: Option<ToolsKeys> = MCP_TOOLS_KEYS,
        /// Whether the plain REST endpoints accept access tokens.
        pub tools_access_tokens: bool = MCP_TOOLS_ACCESS_TOKENS or "true",
    }
}

impl McpSettings {
    /// The URL named as `resource_metadata` in challenges.
    #[must_use]
    pub fn metadata_url(&self) -> String {
        match &self.resource_metadata_url {
            Some(url) => url.as_str().to_owned(),
            None => ProtectedResourceMetadata::url(&self.resource),
        }
    }

    /// Accepted `Host` values, as `host` or `host:port`.
    #[must_use]
    pub fn hosts(&self) -> Vec<String> {
        match &self.allowed_hosts {
            Some(List(hosts)) => hosts.clone(),
            None => vec![self.resource.authority().to_owned()],
        }
    }

    /// Accepted `Origin` values. The default port of a URL is written out, so that the entry does not match every port
    /// of that host.
    #[must_use]
    pub fn origins(&self) -> Vec<String> {
        let with_port = |origin: &String| {
            HttpUrl::parse(origin).map_or_else(|_| origin.clone(), |url| url.origin_with_port())
        };
        match &self.allowed_origins {
            Some(List(origins)) => origins.iter().map(with_port).collect(),
            None => vec![self.resource.origin_with_port()],
        }
    }
}

/// How a Lambda function returns its response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseMode {
    /// Response streaming: an integration whose response transfer mode is `STREAM`.
    Stream,
    /// One JSON document: an integration whose response transfer mode is `BUFFERED`.
    Buffered,
}

impl SettingValue for ResponseMode {
    const TYPE: SettingType = SettingType::String;

    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "stream" => Ok(Self::Stream),
            "buffered" => Ok(Self::Buffered),
            _ => Err("be stream or buffered".to_owned()),
        }
    }
}

/// The destination of the metrics of tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metrics {
    /// The log lines of requests, in CloudWatch's embedded metric format.
    Emf,
    /// No metrics.
    Off,
}

impl SettingValue for Metrics {
    const TYPE: SettingType = SettingType::String;

    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "emf" => Ok(Self::Emf),
            "off" => Ok(Self::Off),
            _ => Err("be emf or off".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{McpSettings, ResponseMode};
    use crate::{Reader, Settings};

    fn read(variables: &[(&str, &str)]) -> Result<McpSettings, String> {
        let variables: BTreeMap<String, String> = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let mut reader = Reader::new(&variables);
        let settings = McpSettings::read(&mut reader);
        reader.finish(settings).map_err(|error| error.to_string())
    }

    const RESOURCE: (&str, &str) = ("MCP_RESOURCE", "https://d111.cloudfront.net/mcp");
    const ISSUER: (&str, &str) = (
        "MCP_ISSUER",
        "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_abc",
    );

    #[test]
    fn derives_hosts_origins_and_metadata_from_the_resource_identifier() {
        let settings = read(&[RESOURCE, ISSUER]).unwrap();
        assert_eq!(settings.hosts(), ["d111.cloudfront.net"]);
        assert_eq!(settings.origins(), ["https://d111.cloudfront.net:443"]);
        assert_eq!(
            settings.metadata_url(),
            "https://d111.cloudfront.net/.well-known/oauth-protected-resource/mcp"
        );
        assert_eq!(settings.response_mode, ResponseMode::Stream);
    }

    #[test]
    fn takes_lists_as_given_but_never_lets_an_origin_mean_every_port() {
        let settings = read(&[
            RESOURCE,
            ISSUER,
            (
                "MCP_ALLOWED_HOSTS",
                "abc.execute-api.eu-central-1.amazonaws.com, d111.cloudfront.net",
            ),
            (
                "MCP_ALLOWED_ORIGINS",
                "https://app.example,http://localhost:6274",
            ),
        ])
        .unwrap();
        assert_eq!(
            settings.hosts(),
            [
                "abc.execute-api.eu-central-1.amazonaws.com",
                "d111.cloudfront.net"
            ]
        );
        assert_eq!(
            settings.origins(),
            ["https://app.example:443", "http://localhost:6274"]
        );
    }

    #[test]
    fn reports_every_missing_and_malformed_variable_at_once() {
        let error = read(&[
            ("MCP_RESOURCE", "http://dogs.example/mcp"),
            ("MCP_RESPONSE_MODE", "streaming"),
        ])
        .unwrap_err();
        assert_eq!(
            error,
            "environment variables cannot be used: MCP_RESOURCE must use https, because http is accepted for \
             localhost, 127.0.0.1 and [::1] only, got \"http://dogs.example/mcp\"; MCP_ISSUER is not set; \
             MCP_RESPONSE_MODE must be stream or buffered, got \"streaming\""
        );
    }
}
