//! MCP Apps: documents that MCP hosts show for the results of tools, and what each may reach.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Contract, ContractProblem, NameRule};

/// The extension of MCP that hosts and servers negotiate (specification of 2026-01-26).
pub const UI_EXTENSION: &str = "io.modelcontextprotocol/ui";
/// The media type of a document of an MCP App.
pub const APP_MEDIA_TYPE: &str = "text/html;profile=mcp-app";
/// How the URI of every MCP App begins.
pub const APP_SCHEME: &str = "ui://";
/// The `_meta` key of a tool or a resource that the extension reads.
pub const UI_META: &str = "ui";
/// The deprecated `_meta` key of a tool with the URI of its MCP App. The extension's own SDK still writes it beside [`UI_META`], for
/// hosts that read no other.
pub const FLAT_URI_META: &str = "ui/resourceUri";
/// Longest document of an MCP App, in bytes. A response of a Lambda function has at most 6 MB, and JSON may double a document.
pub const LONGEST_APP: usize = 1024 * 1024;

/// The name of an MCP App, which is the end of its URI.
pub const APP_NAME: NameRule = NameRule {
    prefix: "",
    first: &['A'..='Z', 'a'..='z', '0'..='9'],
    other: &['A'..='Z', 'a'..='z', '0'..='9', '_'..='_', '-'..='-'],
    length: 1..=64,
};

/// A document that MCP hosts show for the results of a tool.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct McpApp {
    /// Name, by which tools refer to it; see [`APP_NAME`].
    #[schemars(regex(pattern = APP_NAME.pattern()))]
    pub name: String,
    /// The URI of its resource.
    pub uri: String,
    /// Name for people; left out when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it shows; left out when nothing says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The origins that it may reach; left out when there are none.
    #[serde(skip_serializing_if = "AppCsp::is_empty")]
    pub csp: AppCsp,
    /// What it asks the browser for; left out when it is nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<AppPermission>,
    /// Whether the host draws a border; left out when the host decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefers_border: Option<bool>,
}

/// The origins that an MCP App may reach, by the kind of the request. The host makes a Content-Security-Policy of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AppCsp {
    /// Those that its scripts may send requests to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub connect_domains: Vec<String>,
    /// Those that it may load scripts, styles, images, fonts and media from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resource_domains: Vec<String>,
    /// Those that its frames may show.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub frame_domains: Vec<String>,
    /// Those that its base URI may have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub base_uri_domains: Vec<String>,
}

/// What an MCP App may ask the browser for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum AppPermission {
    /// Pictures of the camera.
    Camera,
    /// Sound of the microphone.
    Microphone,
    /// The position of the device.
    Geolocation,
    /// Writing to the clipboard.
    ClipboardWrite,
}

/// Who may call a tool, where not both may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ToolVisibility {
    /// The model.
    Model,
    /// The MCP Apps of the same server.
    App,
}

impl AppCsp {
    /// No origin at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The same without what is no [`is_app_origin`], for a host that reads it from somebody else's server.
    #[must_use]
    pub fn checked(mut self) -> Self {
        self.connect_domains
            .retain(|domain| is_app_origin(domain, true));
        for domains in [
            &mut self.resource_domains,
            &mut self.frame_domains,
            &mut self.base_uri_domains,
        ] {
            domains.retain(|domain| is_app_origin(domain, false));
        }
        self
    }

    /// Every domain with the member that has it.
    fn domains(&self) -> impl Iterator<Item = (&'static str, &String)> {
        let connect = self.connect_domains.iter();
        let resource = self.resource_domains.iter();
        let frame = self.frame_domains.iter();
        let base = self.base_uri_domains.iter();
        (connect.map(|domain| ("connect_domains", domain)))
            .chain(resource.map(|domain| ("resource_domains", domain)))
            .chain(frame.map(|domain| ("frame_domains", domain)))
            .chain(base.map(|domain| ("base_uri_domains", domain)))
    }
}

/// Whether this is an origin that a Content-Security-Policy may have: `https` (or `wss`, where scripts connect), a name that may begin
/// with `*.`, and a port. Anything else, such as a space or a semicolon, could add a rule of its own.
#[must_use]
pub fn is_app_origin(origin: &str, connects: bool) -> bool {
    let host = match origin.strip_prefix("https://") {
        Some(host) => host,
        None if connects => match origin.strip_prefix("wss://") {
            Some(host) => host,
            None => return false,
        },
        None => return false,
    };
    let (host, port) = match host.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (host, None),
    };
    let labels: Vec<&str> = host.strip_prefix("*.").unwrap_or(host).split('.').collect();
    let are_labels = labels.iter().all(|label| {
        let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !label.is_empty() && label.bytes().all(is_part)
    });
    // A wildcard of a whole top-level domain is every site.
    let is_narrow = !host.starts_with("*.") || labels.len() > 1;
    let is_port = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|number| number > 0));
    are_labels && is_narrow && is_port
}

/// What is wrong with the MCP Apps and with the tools that refer to them, besides names that are given twice.
pub(crate) fn app_problems(contract: &Contract) -> impl Iterator<Item = ContractProblem> {
    let names = contract
        .apps
        .iter()
        .filter(|app| !APP_NAME.allows(&app.name))
        .map(|app| ContractProblem::AppName {
            app: app.name.clone(),
        });
    let domains = contract.apps.iter().flat_map(|app| {
        let wrong = app
            .csp
            .domains()
            .filter(|(member, domain)| !is_app_origin(domain, *member == "connect_domains"));
        wrong.map(|(member, domain)| ContractProblem::AppDomain {
            app: app.name.clone(),
            member,
            domain: domain.chars().take(60).collect(),
        })
    });
    let unknown = contract.tools.iter().filter_map(|tool| {
        let name = tool.app.as_ref()?;
        let is_known = contract.apps.iter().any(|app| app.name == *name);
        (!is_known).then(|| ContractProblem::Unknown {
            referrer: format!("tool {}", tool.name),
            kind: "MCP App",
            name: name.clone(),
        })
    });
    let unreachable = contract
        .tools
        .iter()
        .filter(|tool| contract.apps.is_empty() && tool.visibility == [ToolVisibility::App]);
    let unreachable = unreachable.map(|tool| ContractProblem::Tool {
        tool: tool.name.clone(),
        rule: "is only for MCP Apps, and the server has none: declare one with .mcp_app(), or remove only_for_mcp_apps",
    });
    names.chain(domains).chain(unknown).chain(unreachable)
}

#[cfg(test)]
mod tests {
    use super::{AppCsp, McpApp, ToolVisibility, is_app_origin};
    use crate::Contract;
    use crate::manifest::tests::contract;

    fn app(name: &str) -> McpApp {
        McpApp {
            name: name.to_owned(),
            uri: format!("ui://counter/{name}"),
            title: None,
            description: None,
            csp: AppCsp::default(),
            permissions: Vec::new(),
            prefers_border: None,
        }
    }

    fn messages(contract: &Contract) -> Vec<String> {
        let problems = contract.problems();
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn takes_origins_and_nothing_that_adds_a_rule() {
        for good in [
            "https://api.example.com",
            "https://*.example.com",
            "https://example.com:8443",
            "https://localhost:3000",
        ] {
            assert!(is_app_origin(good, false), "{good}");
            assert!(is_app_origin(good, true), "{good}");
        }
        assert!(is_app_origin("wss://live.example.com", true));
        for bad in [
            "wss://live.example.com",
            "http://example.com",
            "https://example.com/",
            "https://example.com/path",
            "https://*",
            "https://*.com",
            "https://*.*.com",
            "*",
            "https:",
            "https://",
            "https://a..b",
            "https://Example.com",
            "https://example.com:0",
            "https://example.com:70000",
            "https://example.com; script-src *",
            "https://example.com 'unsafe-eval'",
            "https://example.com,https://other.example",
            "https://user@example.com",
            "'self'",
            "data:",
        ] {
            assert!(!is_app_origin(bad, false), "{bad}");
        }
    }

    #[test]
    fn a_host_drops_domains_that_are_none() {
        let read = AppCsp {
            connect_domains: vec![
                "wss://a.example".to_owned(),
                "https://b.example;".to_owned(),
            ],
            resource_domains: vec!["*".to_owned(), "https://c.example".to_owned()],
            frame_domains: vec!["wss://d.example".to_owned()],
            base_uri_domains: vec!["javascript:".to_owned()],
        };
        assert_eq!(
            read.checked(),
            AppCsp {
                connect_domains: vec!["wss://a.example".to_owned()],
                resource_domains: vec!["https://c.example".to_owned()],
                ..AppCsp::default()
            }
        );
    }

    #[test]
    fn refuses_apps_that_a_host_could_not_show() {
        let mut broken = contract();
        broken.apps = vec![app("counter"), app("counter"), app("a/b")];
        broken.apps[0].csp.resource_domains = vec!["http://cdn.example.com".to_owned()];
        broken.tools[0].app = Some("graph".to_owned());
        assert_eq!(
            messages(&broken),
            [
                "MCP App \"counter\" is declared twice: give one of the two another name",
                "MCP App name \"a/b\" must be 1 to 64 of the characters A-Z a-z 0-9 _ -, and begin with a letter or digit",
                "MCP App counter has \"http://cdn.example.com\" in its resource_domains: give an https origin, such as https://cdn.example.com or https://*.example.com (connect_domains take wss too)",
                "tool getCounter refers to the MCP App \"graph\", which the server does not declare: declare it, or correct the name",
            ]
        );
    }

    #[test]
    fn refuses_a_tool_that_only_an_app_could_call_when_there_is_none() {
        let mut broken = contract();
        broken.tools[0].visibility = vec![ToolVisibility::App];
        assert_eq!(
            messages(&broken),
            [
                "tool getCounter is only for MCP Apps, and the server has none: declare one with .mcp_app(), or remove only_for_mcp_apps"
            ]
        );
        broken.apps = vec![app("counter")];
        assert_eq!(messages(&broken), Vec::<String>::new());
    }
}
