//! An MCP server of a shop, and how often its tools were called.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use mcp_lambda_agent::mcp::{Connect, HttpServer, McpTools};
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{
    CallToolResult, ContentBlock, Implementation, ListToolsResult, PaginatedRequestParams,
    ServerCapabilities, ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ErrorData, RoleServer, ServerHandler, tool, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Notify;

use super::http::http;
use super::listener::listener;

/// What the server did, and what it is to do wrong.
#[derive(Default)]
pub(crate) struct Shop {
    /// Orders that were made.
    pub(crate) orders: AtomicUsize,
    /// Every call, by name.
    pub(crate) calls: Mutex<Vec<String>>,
    /// The access token is refused from now on.
    pub(crate) expired: AtomicBool,
    /// Orders hang until they are cancelled.
    pub(crate) hangs: AtomicBool,
    /// Wakes when a call hangs.
    pub(crate) hanging: Notify,
    /// A tool is there that was not before.
    pub(crate) has_refunds: AtomicBool,
}

impl Shop {
    pub(crate) fn called(&self) -> Vec<String> {
        self.calls.lock().unwrap().clone()
    }

    fn note(&self, name: &str) {
        self.calls.lock().unwrap().push(name.to_owned());
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Search {
    /// One category, such as electronics
    category: Option<String>,
    price_to: Option<f64>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ProductId {
    /// The product's id, such as p001
    product_id: String,
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

#[derive(Clone)]
struct Server {
    shop: Arc<Shop>,
}

#[tool_router]
impl Server {
    /// Searches products by category and price
    #[tool(name = "search-products", annotations(read_only_hint = true))]
    fn search(&self, Parameters(search): Parameters<Search>) -> CallToolResult {
        self.shop.note("search-products");
        let found =
            json!({ "products": [{ "id": "p002", "name": "Headphones", "price": 149.99 }] });
        let all = search.category.is_none() && search.price_to.is_none();
        if all {
            return CallToolResult::error(vec![ContentBlock::text("name a category or a price")]);
        }
        CallToolResult::structured(found)
    }

    /// Gets the details of one product
    #[tool(name = "get-product", annotations(read_only_hint = true))]
    fn product(&self, Parameters(product): Parameters<ProductId>) -> CallToolResult {
        self.shop.note("get-product");
        if product.product_id != "p001" {
            let words = format!("there is no product {}", product.product_id);
            return CallToolResult::error(vec![ContentBlock::text(words)]);
        }
        CallToolResult::success(vec![
            ContentBlock::text("Smartphone X, 799.99"),
            ContentBlock::image("iVBORw0KGgo=", "image/png"),
        ])
    }

    /// Orders products
    #[tool(name = "create-order")]
    async fn order(
        &self,
        Parameters(lines): Parameters<Lines>,
        context: RequestContext<RoleServer>,
    ) -> CallToolResult {
        self.shop.note("create-order");
        if self.shop.hangs.load(Ordering::Relaxed) {
            self.shop.hanging.notify_one();
            context.ct.cancelled().await;
        }
        let number = self.shop.orders.fetch_add(1, Ordering::Relaxed) + 1;
        let pieces: u32 = lines.lines.iter().map(|line| line.quantity).sum();
        let first = lines.lines.first().map(|line| line.product_id.clone());
        CallToolResult::structured(json!({
            "orderId": format!("ord-{number}"), "pieces": pieces, "first": first, "status": "placed",
        }))
    }

    /// Lists the orders of the person who signed in, with their status
    #[tool(name = "list-orders", annotations(read_only_hint = true))]
    fn orders(&self) -> CallToolResult {
        self.shop.note("list-orders");
        let count = self.shop.orders.load(Ordering::Relaxed);
        let orders: Vec<_> = (1..=count)
            .map(|number| json!({ "orderId": format!("ord-{number}"), "status": "placed" }))
            .collect();
        CallToolResult::structured(json!({ "orders": orders }))
    }
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_tool_list_changed()
            .build();
        ServerConfig::new(capabilities).with_server_info(Implementation::new("shop", "1.0.0"))
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let mut tools = Self::tool_router().list_all();
        if self.shop.has_refunds.load(Ordering::Relaxed)
            && let Some(mut refund) = tools.last().cloned()
        {
            refund.name = "refund".into();
            tools.push(refund);
        }
        Ok(ListToolsResult::with_all_items(tools))
    }

    async fn call_tool(
        &self,
        request: rmcp::model::CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<rmcp::model::CallToolResponse, ErrorData> {
        // The server notifies of a change while the client has a request open.
        if self.shop.has_refunds.load(Ordering::Relaxed) {
            let _ = context.peer.notify_tool_list_changed().await;
        }
        let context = rmcp::handler::server::tool::ToolCallContext::new(self, request, context);
        Self::tool_router().call(context).await
    }
}

/// The server on a free port.
pub(crate) struct ShopServer {
    pub(crate) shop: Arc<Shop>,
    pub(crate) url: String,
}

impl ShopServer {
    pub(crate) async fn start() -> Self {
        let shop = Arc::new(Shop::default());
        let server = Server { shop: shop.clone() };
        let service = StreamableHttpService::new(
            move || Ok(server.clone()),
            Arc::new(LocalSessionManager::default()),
            StreamableHttpServerConfig::default(),
        );
        let app = Router::new()
            .route_service("/shop/mcp", service)
            .layer(middleware::from_fn_with_state(shop.clone(), token));
        let (listener, address) = listener().await;
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self {
            shop,
            url: format!("{address}/shop/mcp"),
        }
    }

    pub(crate) fn connect(&self, label: &str, access_token: &str) -> Box<dyn Connect> {
        let token = Some(access_token.to_owned());
        Box::new(HttpServer::new(label, &self.url, token, http()))
    }

    pub(crate) fn tools(&self) -> McpTools {
        McpTools::new(vec![self.connect("shop", "good")])
    }
}

/// 401 with a challenge unless the access token is `good`, or `fresh` once that has expired.
async fn token(State(shop): State<Arc<Shop>>, request: Request<Body>, next: Next) -> Response {
    let sent = request.headers().get(header::AUTHORIZATION);
    let sent = sent
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let wanted = if shop.expired.load(Ordering::Relaxed) {
        "Bearer fresh"
    } else {
        "Bearer good"
    };
    if sent != wanted {
        let challenge = "Bearer error=\"invalid_token\"";
        return (
            StatusCode::UNAUTHORIZED,
            [(header::WWW_AUTHENTICATE, challenge)],
        )
            .into_response();
    }
    next.run(request).await
}
