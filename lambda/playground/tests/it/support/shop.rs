//! An MCP server of a shop behind OAuth: orders belong to the person of the access token.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{
    CallToolResult, ContentBlock, Implementation, MetaObject, ReadResourceRequestParams,
    ReadResourceResponse, ReadResourceResult, ServerCapabilities, ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ErrorData, RoleServer, ServerHandler, tool, tool_handler, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::Program;
use super::authorization::Authorization;
use super::listener::listener;

/// What the shop did, and what it is to do wrong.
#[derive(Default)]
pub(crate) struct ShopState {
    /// The person and the product of each order.
    pub(crate) orders: Mutex<Vec<(String, String)>>,
    /// How often `create-order` was called.
    pub(crate) order_calls: AtomicUsize,
    /// What `search-products` returns.
    pub(crate) found: Mutex<Option<String>>,
    /// The tools fail.
    pub(crate) fails: AtomicBool,
    /// Orders hang until they are cancelled.
    pub(crate) hangs: AtomicBool,
    /// Wakes when a call hangs.
    pub(crate) hanging: Notify,
    /// Killed when an order has been placed, before the response.
    pub(crate) killed: Mutex<Option<Program>>,
    /// The contents at the URI of the MCP App.
    pub(crate) app: Mutex<Option<Value>>,
    /// The pages that MCP Apps turned, by the person.
    pub(crate) pages: Mutex<Vec<String>>,
    /// Orders need the OAuth scope `orders.write`.
    pub(crate) wants_scope: AtomicBool,
}

/// A shop.
#[derive(Clone)]
pub(crate) struct Shop {
    pub(crate) url: String,
    pub(crate) state: Arc<ShopState>,
    pub(crate) authorization: Authorization,
}

#[derive(Deserialize, JsonSchema)]
struct Search {
    /// One category, such as electronics
    category: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Line {
    /// The product's id, such as p001
    product_id: String,
    quantity: u32,
}

#[derive(Deserialize, JsonSchema)]
struct Lines {
    lines: Vec<Line>,
}

/// The URI of the MCP App of `search-products`.
pub(crate) const APP: &str = "ui://shop/cards";

fn ui(declared: Value) -> MetaObject {
    let mut meta = MetaObject::new();
    meta.0.insert("ui".to_owned(), declared);
    meta
}

#[derive(Clone)]
struct Server(Arc<ShopState>);

/// The person of the access token, noted by the middleware.
#[derive(Clone)]
struct Caller(String);

fn caller(context: &RequestContext<RoleServer>) -> String {
    let parts = context
        .extensions
        .get::<axum::http::request::Parts>()
        .unwrap();
    parts.extensions.get::<Caller>().unwrap().0.clone()
}

#[tool_router]
impl Server {
    /// Searches products by category
    #[tool(
        name = "search-products",
        annotations(read_only_hint = true),
        meta = ui(json!({ "resourceUri": APP }))
    )]
    fn search(&self, Parameters(search): Parameters<Search>) -> CallToolResult {
        if self.0.fails.load(Ordering::Relaxed) {
            return CallToolResult::error(vec![ContentBlock::text("the catalogue is closed")]);
        }
        match &*self.0.found.lock().unwrap() {
            Some(found) => CallToolResult::success(vec![ContentBlock::text(found.clone())]),
            None => CallToolResult::structured(
                json!({ "products": [{ "id": "p002", "name": "Headphones", "category": search.category }] }),
            ),
        }
    }

    /// Orders products
    #[tool(name = "create-order")]
    async fn order(
        &self,
        Parameters(lines): Parameters<Lines>,
        context: RequestContext<RoleServer>,
    ) -> CallToolResult {
        self.0.order_calls.fetch_add(1, Ordering::Relaxed);
        if self.0.hangs.load(Ordering::Relaxed) {
            self.0.hanging.notify_one();
            context.ct.cancelled().await;
        }
        let product = lines
            .lines
            .first()
            .map(|line| format!("{} × {}", line.quantity, line.product_id));
        let product = product.unwrap_or_default();
        let mut orders = self.0.orders.lock().unwrap();
        orders.push((caller(&context), product.clone()));
        if let Some(program) = self.0.killed.lock().unwrap().take() {
            program.kill();
        }
        CallToolResult::structured(
            json!({ "orderId": format!("ord-{}", orders.len()), "ordered": product }),
        )
    }

    /// Turns a page of the catalogue
    #[tool(
        name = "turn-page",
        annotations(read_only_hint = true),
        meta = ui(json!({ "visibility": ["app"] }))
    )]
    fn turn_page(&self, context: RequestContext<RoleServer>) -> CallToolResult {
        self.0.pages.lock().unwrap().push(caller(&context));
        CallToolResult::success(vec![ContentBlock::text("page 2")])
    }

    /// Lists the orders of the person who signed in, with their status
    #[tool(
        name = "list-orders",
        annotations(read_only_hint = true),
        meta = ui(json!({ "visibility": ["model"] }))
    )]
    fn orders(&self, context: RequestContext<RoleServer>) -> CallToolResult {
        let person = caller(&context);
        let orders = self.0.orders.lock().unwrap();
        let own: Vec<&String> = orders
            .iter()
            .filter(|(owner, _)| *owner == person)
            .map(|(_, product)| product)
            .collect();
        CallToolResult::structured(json!({ "person": person, "orders": own }))
    }
}

#[tool_handler]
impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_resources()
            .build();
        ServerConfig::new(capabilities).with_server_info(Implementation::new("shop", "1.0.0"))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let contents = self.0.app.lock().unwrap().clone();
        let contents = contents.filter(|_| request.uri == APP);
        let contents = contents
            .ok_or_else(|| ErrorData::resource_not_found("no <b>such</b> resource", None))?;
        let contents = serde_json::from_value(contents).unwrap();
        Ok(ReadResourceResult::new(vec![contents]).into())
    }
}

impl Shop {
    pub(crate) async fn start() -> Self {
        let (listener, origin) = listener().await;
        let state = Arc::new(ShopState::default());
        let server = Server(Arc::clone(&state));
        let service = StreamableHttpService::new(
            move || Ok(server.clone()),
            Arc::new(LocalSessionManager::default()),
            StreamableHttpServerConfig::default(),
        );
        let shop = Self {
            url: format!("{origin}/shop/mcp"),
            state,
            authorization: Authorization::new(&origin),
        };
        let app = Router::new()
            .route_service("/shop/mcp", service)
            .layer(middleware::from_fn_with_state(shop.clone(), token))
            .merge(shop.authorization.router(&shop.url, &["orders.read"]));
        tokio::spawn(async move { axum::serve(listener, app).await });
        shop
    }
}

async fn token(State(shop): State<Shop>, request: Request<Body>, next: Next) -> Response {
    let sent = request.headers().get(header::AUTHORIZATION);
    let sent = sent
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
        .unwrap_or_default()
        .to_owned();
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let is_order = std::str::from_utf8(&body)
        .is_ok_and(|body| body.contains("tools/call") && body.contains("create-order"));
    let scope = if is_order && shop.state.wants_scope.load(Ordering::Relaxed) {
        "orders.write"
    } else {
        ""
    };
    match shop.authorization.caller(&sent, scope) {
        Ok(person) => {
            let mut request = Request::from_parts(parts, Body::from(body));
            request.extensions_mut().insert(Caller(person));
            next.run(request).await
        }
        Err(StatusCode::FORBIDDEN) => {
            let challenge = "Bearer error=\"insufficient_scope\", scope=\"orders.write\"";
            (
                StatusCode::FORBIDDEN,
                [(header::WWW_AUTHENTICATE, challenge)],
            )
                .into_response()
        }
        Err(status) => {
            let metadata = shop.url.replace(
                "/shop/mcp",
                "/.well-known/oauth-protected-resource/shop/mcp",
            );
            let challenge =
                format!("Bearer error=\"invalid_token\", resource_metadata=\"{metadata}\"");
            (status, [(header::WWW_AUTHENTICATE, challenge)]).into_response()
        }
    }
}
