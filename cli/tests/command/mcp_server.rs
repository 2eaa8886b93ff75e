//! A real MCP server of the official SDK behind an authorization server that a test controls, on a free port of loopback.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;
use rmcp::handler::server::ServerHandler;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ElicitRequestParams,
    ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::{RequestContext, RoleServer};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::tower::{
    StreamableHttpServerConfig, StreamableHttpService,
};
use serde_json::{Value, json};
use tower::ServiceExt;
use url::Url;
use url::form_urlencoded;

/// What a server does; the default is a protected one that registers clients and whose tokens last an hour.
#[derive(Debug, Clone)]
pub(crate) struct Behaviour {
    pub(crate) protected: bool,
    pub(crate) registers: bool,
    /// Lifetime of access tokens in seconds.
    pub(crate) expires_in: u64,
    /// Whether registered clients get a secret, which the token endpoint wants to see.
    pub(crate) client_secret: bool,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            protected: true,
            registers: true,
            expires_in: 3600,
            client_secret: false,
        }
    }
}

/// What happened so far.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The clients that registered, as they asked for it.
    pub(crate) registrations: Vec<Value>,
    /// The forms that the token endpoint got.
    pub(crate) token_requests: Vec<HashMap<String, String>>,
    /// The tokens that were revoked.
    pub(crate) revoked: Vec<String>,
    /// The authorization requests of which [`McpServer::consent`] made a code: the S256 challenge and the scope by code.
    codes: HashMap<String, (String, String)>,
    issued: usize,
}

/// The running server.
#[derive(Clone)]
pub(crate) struct McpServer {
    pub(crate) url: Url,
    behaviour: Behaviour,
    seen: Arc<Mutex<Seen>>,
}

const SECRET: &str = "registered-s3cret";

impl McpServer {
    pub(crate) async fn start(behaviour: Behaviour) -> Self {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = Self {
            url: format!("http://127.0.0.1:{port}/mcp").parse().unwrap(),
            behaviour,
            seen: Arc::default(),
        };
        let mcp = StreamableHttpService::new(
            || Ok(Tools),
            Arc::new(LocalSessionManager::default()),
            StreamableHttpServerConfig::default(),
        );
        let app = Router::new()
            .fallback(handle)
            .with_state((server.clone(), mcp));
        tokio::spawn(async move { axum::serve(listener, app).await });
        server
    }

    pub(crate) fn seen<T>(&self, look: impl FnOnce(&Seen) -> T) -> T {
        look(&self.seen.lock().unwrap())
    }

    fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// What the person's browser does: consents, and follows the redirect. Gives the page that it ends at.
    pub(crate) async fn consent(&self, page: &Url) -> String {
        let asked: HashMap<_, _> = page.query_pairs().into_owned().collect();
        assert_eq!(asked["response_type"], "code");
        assert_eq!(asked["code_challenge_method"], "S256");
        assert_eq!(asked["resource"], self.url.as_str());
        let code = {
            let mut seen = self.seen.lock().unwrap();
            let code = format!("code-{}", seen.codes.len());
            let scope = asked.get("scope").cloned().unwrap_or_default();
            let of_code = (asked["code_challenge"].clone(), scope);
            seen.codes.insert(code.clone(), of_code);
            code
        };
        self.redirect(page, &[("code", &code)]).await
    }

    /// The browser follows the redirect with these parameters, `state` and `iss`.
    pub(crate) async fn redirect(&self, page: &Url, parameters: &[(&str, &str)]) -> String {
        let asked: HashMap<_, _> = page.query_pairs().into_owned().collect();
        let mut back = Url::parse(&asked["redirect_uri"]).unwrap();
        back.query_pairs_mut()
            .extend_pairs(parameters)
            .append_pair("state", &asked["state"])
            .append_pair("iss", &self.origin());
        let response = reqwest::get(back).await.unwrap();
        response.text().await.unwrap()
    }

    async fn oauth(&self, path: &str, body: &Bytes) -> Response {
        let origin = self.origin();
        match path {
            "/.well-known/oauth-protected-resource/mcp" => json_response(&json!({
                "resource": self.url, "authorization_servers": [origin], "scopes_supported": ["read"],
            })),
            "/.well-known/oauth-authorization-server" => {
                let mut metadata = json!({
                    "issuer": origin, "authorization_endpoint": format!("{origin}/authorize"),
                    "token_endpoint": format!("{origin}/token"), "revocation_endpoint": format!("{origin}/revoke"),
                    "response_types_supported": ["code"], "code_challenge_methods_supported": ["S256"],
                    "authorization_response_iss_parameter_supported": true,
                    "client_id_metadata_document_supported": true,
                });
                if self.behaviour.registers {
                    metadata["registration_endpoint"] = json!(format!("{origin}/register"));
                }
                json_response(&metadata)
            }
            "/register" => {
                let mut client: Value = serde_json::from_slice(body).unwrap();
                let mut seen = self.seen.lock().unwrap();
                seen.registrations.push(client.clone());
                client["client_id"] = json!("registered");
                if self.behaviour.client_secret {
                    client["client_secret"] = json!(SECRET);
                }
                (StatusCode::CREATED, client.to_string()).into_response()
            }
            "/token" => self.token(body),
            "/revoke" => {
                let form = form(body);
                self.seen
                    .lock()
                    .unwrap()
                    .revoked
                    .push(form["token"].clone());
                StatusCode::OK.into_response()
            }
            _ => StatusCode::NOT_FOUND.into_response(),
        }
    }

    fn token(&self, body: &Bytes) -> Response {
        let form = form(body);
        let mut seen = self.seen.lock().unwrap();
        let scope = match form["grant_type"].as_str() {
            "authorization_code" => match seen.codes.remove(&form["code"]) {
                Some((challenge, scope)) if challenge == s256(&form["code_verifier"]) => scope,
                _ => return oauth_error("invalid_grant"),
            },
            "refresh_token" if form["refresh_token"] == format!("refresh-{}", seen.issued) => {
                String::new()
            }
            "client_credentials"
                if form.contains_key("client_assertion") || form["client_secret"] == "s3cret" =>
            {
                String::new()
            }
            _ => return oauth_error("invalid_grant"),
        };
        seen.issued += 1;
        let scope = if scope.is_empty() { "read" } else { &scope };
        let tokens = json!({
            "access_token": format!("access-{} {scope}", seen.issued).replace(' ', "."), "token_type": "Bearer",
            "expires_in": self.behaviour.expires_in, "refresh_token": format!("refresh-{}", seen.issued), "scope": scope,
        });
        seen.token_requests.push(form);
        json_response(&tokens)
    }
}

/// The authorization server is open, and the MCP endpoint behind a check of the access token.
async fn handle(
    State((server, mcp)): State<(McpServer, StreamableHttpService<Tools, LocalSessionManager>)>,
    request: Request,
) -> Response {
    if request.uri().path() != "/mcp" {
        let path = request.uri().path().to_owned();
        let body = request.into_body().collect().await.unwrap().to_bytes();
        return server.oauth(&path, &body).await;
    }
    let bearer = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer access-"))
        .map(str::to_owned);
    let metadata = format!(
        "resource_metadata=\"{}/.well-known/oauth-protected-resource/mcp\"",
        server.origin()
    );
    if server.behaviour.protected && bearer.is_none() {
        let challenge = format!("Bearer {metadata}, scope=\"read\"");
        return (
            StatusCode::UNAUTHORIZED,
            [(header::WWW_AUTHENTICATE, challenge)],
        )
            .into_response();
    }
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let needs_write =
        parts.method == Method::POST && String::from_utf8_lossy(&body).contains("\"erase\"");
    if needs_write && !bearer.is_some_and(|token| token.contains("write")) {
        let challenge = format!("Bearer error=\"insufficient_scope\", scope=\"write\", {metadata}");
        return (
            StatusCode::FORBIDDEN,
            [(header::WWW_AUTHENTICATE, challenge)],
        )
            .into_response();
    }
    let request = Request::from_parts(parts, Body::from(body));
    mcp.oneshot(request).await.unwrap().map(Body::new)
}

fn form(body: &Bytes) -> HashMap<String, String> {
    form_urlencoded::parse(body).into_owned().collect()
}

fn json_response(value: &Value) -> Response {
    (
        [(header::CONTENT_TYPE, "application/json")],
        value.to_string(),
    )
        .into_response()
}

fn oauth_error(error: &str) -> Response {
    (
        StatusCode::BAD_REQUEST,
        [(header::CONTENT_TYPE, "application/json")],
        json!({ "error": error }).to_string(),
    )
        .into_response()
}

fn s256(verifier: &str) -> String {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    URL_SAFE_NO_PAD.encode(ring::digest::digest(
        &ring::digest::SHA256,
        verifier.as_bytes(),
    ))
}

/// Tools of every kind of argument and result.
#[derive(Clone)]
struct Tools;

impl ServerHandler for Tools {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, rmcp::ErrorData> {
        let tool =
            |name: &'static str, description: &'static str, properties: Value, required: Value| {
                let schema =
                    json!({ "type": "object", "properties": properties, "required": required });
                Tool::new(
                    name,
                    description,
                    Arc::new(schema.as_object().unwrap().clone()),
                )
            };
        Ok(ListToolsResult::with_all_items(vec![
            tool(
                "echo",
                "Returns its arguments",
                json!({
                    "name": { "type": "string", "description": "A name" }, "count": { "type": "integer", "minimum": 1, "maximum": 10, "default": 3 },
                    "price": { "anyOf": [{ "type": "number", "exclusiveMinimum": 0 }, { "type": "null" }], "default": null }, "loud": { "type": "boolean" },
                    "tags": { "type": "array", "items": { "type": "integer" } }, "at": { "$ref": "#/$defs/At" },
                    "color": { "type": "string", "enum": ["red", "blue"] },
                }),
                json!(["name"]),
            ),
            tool("fail", "Fails", json!({}), json!([])),
            tool("erase", "Needs the OAuth scope write", json!({}), json!([])),
            tool("buy", "Asks before it buys", json!({}), json!([])),
        ]))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, rmcp::ErrorData> {
        let arguments = Value::Object(request.arguments.clone().unwrap_or_default());
        let result = match request.name.as_ref() {
            "echo" => {
                let mut result = CallToolResult::success(vec![ContentBlock::text("echoed")]);
                result.structured_content = Some(arguments);
                result
            }
            "fail" => CallToolResult::error(vec![ContentBlock::text("no such product; try p001")]),
            "buy" => return buy(request, context).await,
            name => CallToolResult::success(vec![ContentBlock::text(format!("{name} done"))]),
        };
        Ok(result.into())
    }
}

/// Asks for a quantity, in the way of the newest revision.
async fn buy(
    request: CallToolRequestParams,
    _: RequestContext<RoleServer>,
) -> Result<CallToolResponse, rmcp::ErrorData> {
    let Some(responses) = request.input_responses else {
        let asked: ElicitRequestParams = serde_json::from_value(json!({
            "mode": "form", "message": "How many?",
            "requestedSchema": { "type": "object", "required": ["quantity"], "properties": {
                "quantity": { "type": "integer", "title": "Quantity" },
                "gift": { "type": "boolean", "default": false } } },
        }))
        .unwrap();
        let result: rmcp::model::InputRequiredResult = serde_json::from_value(json!({
            "resultType": "input_required",
            "inputRequests": { "how-many": { "method": "elicitation/create", "params": asked } },
        }))
        .unwrap();
        return Ok(CallToolResponse::InputRequired(result));
    };
    let response = serde_json::to_string(&responses).unwrap();
    Ok(CallToolResult::success(vec![ContentBlock::text(response)]).into())
}
