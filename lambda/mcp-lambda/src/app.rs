//! Defines [`McpApp`], the document that MCP hosts show for the results of a tool.

use mcp_lambda_contract::{self as contract, APP_SCHEME, AppCsp, AppPermission, LONGEST_APP};

/// How a document must begin, in any case of letters.
const DOCTYPE: &str = "<!doctype html";

/// An MCP App: an HTML document that hosts show for the results of a tool, in a frame of its own (extension
/// `io.modelcontextprotocol/ui`). Clients without the extension get the tool's result as before.
///
/// ```
/// use mcp_lambda::{McpApp, Server, tool};
///
/// /// Draws the weight of a dog.
/// #[tool(scope = "dogs.read", read_only, mcp_app = "weight")]
/// async fn draw_weight() -> String {
///     "31 kg".to_owned()
/// }
///
/// let server = Server::new("kennel", "0.1.0")
///     .scope("dogs.read", "Read dogs")
///     .mcp_app(
///         // Or include_str!("weight.html").
///         McpApp::html("weight", "<!doctype html><title>Weight</title><p id='weight'></p>")
///             .title("Weight")
///             .prefers_border(true),
///     )
///     .tool(draw_weight);
/// ```
///
/// The document is the same for every caller, and any caller of the server may read it: what only some callers may see belongs in
/// results of tools. Without `connect_domains` and `resource_domains` it reaches nothing but the host, so its scripts, styles and
/// pictures must be in the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct McpApp {
    name: String,
    title: Option<String>,
    description: Option<String>,
    html: String,
    csp: AppCsp,
    permissions: Vec<AppPermission>,
    prefers_border: Option<bool>,
}

impl McpApp {
    /// An HTML document of at most 1 MiB, under a name that tools refer to. Its URI is `ui://SERVER/NAME`.
    #[must_use]
    pub fn html(name: &str, html: &str) -> Self {
        Self {
            name: name.to_owned(),
            title: None,
            description: None,
            html: html.to_owned(),
            csp: AppCsp::default(),
            permissions: Vec::new(),
            prefers_border: None,
        }
    }

    /// Name for people. Default: none.
    #[must_use]
    pub fn title(mut self, title: &str) -> Self {
        self.title = Some(title.to_owned());
        self
    }

    /// What it shows. Default: not stated.
    #[must_use]
    pub fn description(mut self, description: &str) -> Self {
        self.description = Some(description.to_owned());
        self
    }

    /// The origins that its scripts may send requests to, such as `https://api.example.com` or `wss://live.example.com`. Default:
    /// none.
    #[must_use]
    pub fn connect_domains(mut self, origins: &[&str]) -> Self {
        self.csp.connect_domains = owned(origins);
        self
    }

    /// The origins that it may load scripts, styles, images, fonts and media from, such as `https://*.example.com`. Default: none.
    #[must_use]
    pub fn resource_domains(mut self, origins: &[&str]) -> Self {
        self.csp.resource_domains = owned(origins);
        self
    }

    /// The origins that its own frames may show. Default: none.
    #[must_use]
    pub fn frame_domains(mut self, origins: &[&str]) -> Self {
        self.csp.frame_domains = owned(origins);
        self
    }

    /// The origins that its base URI may have. Default: none.
    #[must_use]
    pub fn base_uri_domains(mut self, origins: &[&str]) -> Self {
        self.csp.base_uri_domains = owned(origins);
        self
    }

    /// Asks for pictures of the camera. A host need not grant it.
    #[must_use]
    pub fn camera(self) -> Self {
        self.asking(AppPermission::Camera)
    }

    /// Asks for sound of the microphone. A host need not grant it.
    #[must_use]
    pub fn microphone(self) -> Self {
        self.asking(AppPermission::Microphone)
    }

    /// Asks for the position of the device. A host need not grant it.
    #[must_use]
    pub fn geolocation(self) -> Self {
        self.asking(AppPermission::Geolocation)
    }

    /// Asks to write to the clipboard. A host need not grant it.
    #[must_use]
    pub fn clipboard_write(self) -> Self {
        self.asking(AppPermission::ClipboardWrite)
    }

    /// Whether the host draws a border and a background around it. Default: the host decides.
    #[must_use]
    pub fn prefers_border(mut self, prefers: bool) -> Self {
        self.prefers_border = Some(prefers);
        self
    }

    fn asking(mut self, permission: AppPermission) -> Self {
        if !self.permissions.contains(&permission) {
            self.permissions.push(permission);
        }
        self
    }

    /// Its entry in the contract of the server of this name.
    pub(crate) fn describe(&self, server: &str) -> contract::McpApp {
        contract::McpApp {
            name: self.name.clone(),
            uri: format!("{APP_SCHEME}{server}/{}", self.name),
            title: self.title.clone(),
            description: self.description.clone(),
            csp: self.csp.clone(),
            permissions: self.permissions.clone(),
            prefers_border: self.prefers_border,
        }
    }

    /// Why no host would show the document.
    pub(crate) fn problem(&self) -> Option<contract::ContractProblem> {
        let rule = if self.html.len() > LONGEST_APP {
            format!(
                "has a document of {} bytes: make it at most {LONGEST_APP}, for example by loading its largest part from one of its resource_domains",
                self.html.len()
            )
        } else if !begins_as_html(&self.html) {
            let beginning: String = self.html.trim_start().chars().take(20).collect();
            format!("has a document that begins with {beginning:?}: begin it with {DOCTYPE}>")
        } else {
            return None;
        };
        let app = self.name.clone();
        Some(contract::ContractProblem::App { app, rule })
    }

    /// The document.
    pub(crate) fn into_html(self) -> String {
        self.html
    }
}

fn begins_as_html(html: &str) -> bool {
    let html = html.trim_start_matches('\u{feff}').trim_start();
    html.get(..DOCTYPE.len())
        .is_some_and(|beginning| beginning.eq_ignore_ascii_case(DOCTYPE))
}

fn owned(origins: &[&str]) -> Vec<String> {
    origins.iter().map(|origin| (*origin).to_owned()).collect()
}
