//! The requests that the doctor can send, each as plain data.

use serde_json::{Value, json};
use url::{Url, form_urlencoded};

/// How the doctor names itself to servers.
pub const USER_AGENT: &str = concat!(
    "mcp-lambda-doctor/",
    env!("CARGO_PKG_VERSION"),
    " (+https://github.com/mcp-lambda/mcp-lambda)"
);

/// The origin that a web page of the doctor would have: that of the MCP Inspector.
pub const PAGE_ORIGIN: &str = "http://localhost:6274";

/// Revision with `initialize` that every client knows.
pub const LEGACY_REVISION: &str = "2025-11-25";
/// Revision without sessions.
pub const MODERN_REVISION: &str = "2026-07-28";

/// The verifier of [`CODE_CHALLENGE`]. Both are public: no code is ever issued to them.
const CODE_VERIFIER: &str = "mcp-lambda-doctor-verifier-that-belongs-to-no-code";
/// SHA-256 of the verifier, as RFC 7636 encodes it.
const CODE_CHALLENGE: &str = "5ceF6dK42ZTF5xzdQvnoRmW2pCv7XfEXLodUnCu7Hps";
/// `state` of every authorization request.
const STATE: &str = "mcp-lambda-doctor";
/// An OAuth scope that no server has.
const UNKNOWN_SCOPE: &str = "mcp-lambda-doctor:unknown-scope";

/// A request of the doctor. Two equal ones are sent once.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Ask {
    /// `initialize` without an access token.
    Initialize,
    /// The same at another URL of the same origin, where the server redirected it to.
    InitializeAt {
        /// The target of the redirect.
        url: String,
    },
    /// `server/discover` without an access token.
    Discover,
    /// `GET` of the MCP URL without an access token.
    Listen,
    /// `initialize` with an access token that is none.
    InvalidToken,
    /// The preflight of a web page.
    Preflight,
    /// `initialize` with the `Origin` of a web page.
    PagePost,
    /// A JSON document: metadata or keys.
    Document {
        /// Its URL.
        url: String,
        /// Whether a web page asks.
        page: bool,
    },
    /// A client registers itself (RFC 7591).
    Register {
        /// The registration endpoint.
        endpoint: String,
        /// The client's metadata as JSON.
        body: String,
    },
    /// The request that a browser is sent with.
    Authorize {
        /// The authorization endpoint.
        endpoint: String,
        /// The client.
        client_id: String,
        /// Where the browser is to be sent back.
        redirect_uri: String,
        /// The OAuth scopes; without them the parameter is left out.
        scope: Option<String>,
        /// The resource; without it the parameter is left out.
        resource: Option<String>,
    },
    /// The same with an OAuth scope that does not exist, to see how errors come back.
    AuthorizeUnknownScope {
        /// The authorization endpoint.
        endpoint: String,
        /// The client.
        client_id: String,
        /// Where the browser is to be sent back.
        redirect_uri: String,
    },
    /// A code that was never issued, at the token endpoint.
    Redeem {
        /// The token endpoint.
        endpoint: String,
        /// The client, which has no secret.
        client_id: String,
        /// The redirect URI of the code.
        redirect_uri: String,
        /// The resource; without it the parameter is left out.
        resource: Option<String>,
    },
    /// A request with the person's access token.
    Signed(Signed),
}

/// Requests with an access token.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Signed {
    /// `initialize`.
    Initialize,
    /// The notification that follows it.
    Initialized {
        /// The session id that the server gave.
        session: Option<String>,
    },
    /// `tools/list`.
    Tools {
        /// The session id that the server gave.
        session: Option<String>,
    },
    /// `tools/call` of the first tool that needs no arguments.
    Call {
        /// The session id that the server gave.
        session: Option<String>,
        /// The tool's name.
        tool: String,
    },
}

/// A request as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// HTTP method.
    pub method: &'static str,
    /// Absolute URL.
    pub url: String,
    /// Without `Authorization` and `User-Agent`.
    pub headers: Vec<(&'static str, String)>,
    /// The body, or an empty string.
    pub body: String,
    /// Whether the access token is sent with it.
    pub signed: bool,
}

impl Ask {
    /// A document without an `Origin`.
    #[must_use]
    pub fn document(url: &Url) -> Self {
        Self::Document {
            url: url.to_string(),
            page: false,
        }
    }

    /// The request to send for the MCP server at `mcp`.
    #[must_use]
    pub fn request(&self, mcp: &Url) -> Sent {
        match self {
            Self::Initialize => rpc(mcp, LEGACY_REVISION, &initialize()),
            Self::InitializeAt { url } => {
                let mut request = rpc(mcp, LEGACY_REVISION, &initialize());
                request.url.clone_from(url);
                request
            }
            Self::Discover => modern(mcp, &discover()),
            Self::Listen => sent("GET", mcp.as_str(), vec![accept("text/event-stream")], ""),
            Self::InvalidToken => {
                let mut request = rpc(mcp, LEGACY_REVISION, &initialize());
                let token = "Bearer mcp-lambda-doctor-invalid-token".to_owned();
                request.headers.push(("authorization", token));
                request
            }
            Self::Preflight => preflight(mcp),
            Self::PagePost => {
                let mut request = rpc(mcp, LEGACY_REVISION, &initialize());
                request.headers.push(("origin", PAGE_ORIGIN.to_owned()));
                request
            }
            Self::Document { url, page } => document(url, *page),
            Self::Register { endpoint, body } => {
                let json = ("content-type", "application/json".to_owned());
                let headers = vec![json, accept("application/json")];
                sent("POST", endpoint, headers, body)
            }
            Self::Authorize {
                endpoint,
                client_id,
                redirect_uri,
                scope,
                resource,
            } => authorize(
                endpoint,
                client_id,
                redirect_uri,
                scope.as_deref(),
                resource.as_deref(),
            ),
            Self::AuthorizeUnknownScope {
                endpoint,
                client_id,
                redirect_uri,
            } => authorize(endpoint, client_id, redirect_uri, Some(UNKNOWN_SCOPE), None),
            Self::Redeem {
                endpoint,
                client_id,
                redirect_uri,
                resource,
            } => redeem(endpoint, client_id, redirect_uri, resource.as_deref()),
            Self::Signed(signed) => signed.request(mcp),
        }
    }
}

impl Signed {
    fn request(&self, mcp: &Url) -> Sent {
        let (session, message) = match self {
            Self::Initialize => (None, initialize()),
            Self::Initialized { session } => (
                session.as_ref(),
                json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }),
            ),
            Self::Tools { session } => (
                session.as_ref(),
                json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/list" }),
            ),
            Self::Call { session, tool } => (
                session.as_ref(),
                json!({ "jsonrpc": "2.0", "id": 3, "method": "tools/call",
                        "params": { "name": tool, "arguments": {} } }),
            ),
        };
        let mut request = rpc(mcp, LEGACY_REVISION, &message);
        request.signed = true;
        if let Some(session) = session {
            request.headers.push(("mcp-session-id", session.clone()));
        }
        request
    }
}

fn sent(method: &'static str, url: &str, headers: Vec<(&'static str, String)>, body: &str) -> Sent {
    Sent {
        method,
        url: url.to_owned(),
        headers,
        body: body.to_owned(),
        signed: false,
    }
}

fn accept(types: &str) -> (&'static str, String) {
    ("accept", types.to_owned())
}

fn client_info() -> Value {
    json!({ "name": "mcp-lambda-doctor", "version": env!("CARGO_PKG_VERSION") })
}

fn initialize() -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": LEGACY_REVISION, "capabilities": {}, "clientInfo": client_info() } })
}

fn discover() -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "method": "server/discover", "params": { "_meta": {
        "io.modelcontextprotocol/protocolVersion": MODERN_REVISION,
        "io.modelcontextprotocol/clientInfo": client_info(),
        "io.modelcontextprotocol/clientCapabilities": {} } } })
}

/// A JSON-RPC message over Streamable HTTP.
fn rpc(mcp: &Url, revision: &str, message: &Value) -> Sent {
    let headers = vec![
        ("content-type", "application/json".to_owned()),
        accept("application/json, text/event-stream"),
        ("mcp-protocol-version", revision.to_owned()),
    ];
    sent("POST", mcp.as_str(), headers, &message.to_string())
}

fn modern(mcp: &Url, message: &Value) -> Sent {
    let mut request = rpc(mcp, MODERN_REVISION, message);
    let method = message["method"].as_str().unwrap_or_default().to_owned();
    request.headers.push(("mcp-method", method));
    request
}

fn preflight(mcp: &Url) -> Sent {
    let asked = "authorization,content-type,mcp-protocol-version,mcp-session-id";
    let headers = vec![
        ("origin", PAGE_ORIGIN.to_owned()),
        ("access-control-request-method", "POST".to_owned()),
        ("access-control-request-headers", asked.to_owned()),
    ];
    sent("OPTIONS", mcp.as_str(), headers, "")
}

fn document(url: &str, page: bool) -> Sent {
    let mut headers = vec![
        accept("application/json"),
        ("mcp-protocol-version", LEGACY_REVISION.to_owned()),
    ];
    if page {
        headers.push(("origin", PAGE_ORIGIN.to_owned()));
    }
    sent("GET", url, headers, "")
}

fn authorize(
    endpoint: &str,
    client_id: &str,
    redirect_uri: &str,
    scope: Option<&str>,
    resource: Option<&str>,
) -> Sent {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query
        .append_pair("response_type", "code")
        .append_pair("client_id", client_id)
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("code_challenge", CODE_CHALLENGE)
        .append_pair("code_challenge_method", "S256")
        .append_pair("state", STATE);
    if let Some(scope) = scope {
        query.append_pair("scope", scope);
    }
    if let Some(resource) = resource {
        query.append_pair("resource", resource);
    }
    let separator = if endpoint.contains('?') { '&' } else { '?' };
    let url = format!("{endpoint}{separator}{}", query.finish());
    sent(
        "GET",
        &url,
        vec![accept("text/html,application/xhtml+xml,*/*;q=0.8")],
        "",
    )
}

fn redeem(endpoint: &str, client_id: &str, redirect_uri: &str, resource: Option<&str>) -> Sent {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "authorization_code")
        .append_pair("code", "mcp-lambda-doctor-code-that-was-never-issued")
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("client_id", client_id)
        .append_pair("code_verifier", CODE_VERIFIER);
    if let Some(resource) = resource {
        form.append_pair("resource", resource);
    }
    let headers = vec![
        (
            "content-type",
            "application/x-www-form-urlencoded".to_owned(),
        ),
        accept("application/json"),
    ];
    sent("POST", endpoint, headers, &form.finish())
}
