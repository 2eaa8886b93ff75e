//! The MCP server: its tools, and what they take and give.

use std::sync::LazyLock;

use mcp_lambda::{Definition, McpApp, ToolPolicy};
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::handler::server::tool::schema_for_type;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{
    CallToolResult, ContentBlock, Icon, Implementation, ServerCapabilities, ServerConfig,
};
use rmcp::{ServerHandler, tool, tool_handler, tool_router};
use serde::Serialize;
use serde_json::json;

use crate::arguments::{GetProduct, SearchProducts};
use crate::catalogue::{Catalogue, Search};
use crate::cursor;
use crate::icon;
use crate::table_problem::TableProblem;
use crate::view::{Categories, Category, Found, ProductView, describe};

/// The OAuth scope of every tool.
const READ: &str = "catalog.read";
/// The AWS resource of the catalogue.
const CATALOGUE: &str = "catalogue";
/// The MCP App that shows what a search found.
const CARDS: &str = "catalogue";

mcp_lambda::settings! {
    /// Where the catalogue is.
    pub struct ProductsSettings owned by Server {
        /// Name of the DynamoDB table with the products.
        pub catalogue: String = "CATALOGUE_TABLE",
    }
}

/// The MCP server.
#[derive(Debug)]
pub struct Products {
    catalogue: Catalogue,
}

#[tool_router]
impl Products {
    /// Returns one product: name, category, description, price and stock.
    #[tool(
        name = "get-product",
        title = "Get product",
        output_schema = schema_for_type::<ProductView>(),
        annotations(read_only_hint = true, open_world_hint = false),
        icons = icons(BOX),
        meta = ToolPolicy::scopes(&[READ])
            .aws(CATALOGUE, &["dynamodb:GetItem", "dynamodb:Query"])
            .meta()
    )]
    async fn get_product(
        &self,
        Parameters(GetProduct { product_id }): Parameters<GetProduct>,
    ) -> Result<CallToolResult, String> {
        match self.catalogue.get(&product_id).await.map_err(unread)? {
            Some(product) => {
                let text = describe(&product);
                Ok(result(&ProductView::from(product), text))
            }
            None => Err(self.catalogue.missing(&product_id).await.map_err(unread)?),
        }
    }

    /// Finds products by words, category, price and stock, cheapest first, in pages.
    #[tool(
        name = "search-products",
        title = "Search products",
        output_schema = schema_for_type::<Found>(),
        annotations(read_only_hint = true, open_world_hint = false),
        icons = icons(LENS),
        meta = ToolPolicy::scopes(&[READ])
            .aws(CATALOGUE, &["dynamodb:Query"])
            .mcp_app(CARDS)
            .meta()
    )]
    async fn search_products(
        &self,
        Parameters(arguments): Parameters<SearchProducts>,
    ) -> Result<CallToolResult, String> {
        let search = arguments.search()?;
        let list = json!([
            search.text,
            search.category,
            search.from.map(|price| price.0),
            search.to.map(|price| price.0),
            search.in_stock
        ]);
        let position = arguments
            .cursor
            .as_deref()
            .map(|cursor| cursor::decode(&list, cursor))
            .transpose()?;
        let is_first = position.is_none();
        let page = self
            .catalogue
            .search(&search, arguments.limit, position)
            .await
            .map_err(unread)?;
        if page.products.is_empty() && is_first {
            self.refuse_unknown_category(&search).await?;
        }
        let mut lines: Vec<String> = page.products.iter().map(describe).collect();
        if lines.is_empty() {
            lines.push("no product fits".to_owned());
        }
        let found = Found {
            products: page.products.into_iter().map(ProductView::from).collect(),
            next_cursor: page.next.map(|position| cursor::encode(&list, &position)),
        };
        if let Some(cursor) = &found.next_cursor {
            lines.push(format!("There are more: pass cursor {cursor}"));
        }
        Ok(result(&found, lines.join("\n")))
    }

    /// Returns the categories, each with its numbers of products and of products in stock.
    #[tool(
        name = "list-categories",
        title = "List categories",
        output_schema = schema_for_type::<Categories>(),
        annotations(read_only_hint = true, open_world_hint = false),
        icons = icons(LIST),
        meta = ToolPolicy::scopes(&[READ]).aws(CATALOGUE, &["dynamodb:Query"]).meta()
    )]
    async fn list_categories(&self) -> Result<CallToolResult, String> {
        let counted = self.catalogue.categories().await.map_err(unread)?;
        let categories: Vec<Category> = counted
            .into_iter()
            .map(|(name, count)| Category {
                name,
                products: count.products,
                in_stock: count.in_stock,
            })
            .collect();
        let lines: Vec<String> = categories
            .iter()
            .map(|each| {
                format!(
                    "{}: {} products, {} in stock",
                    each.name, each.products, each.in_stock
                )
            })
            .collect();
        Ok(result(&Categories { categories }, lines.join("\n")))
    }
}

impl Products {
    async fn refuse_unknown_category(&self, search: &Search) -> Result<(), String> {
        let Some(category) = &search.category else {
            return Ok(());
        };
        let known = self.catalogue.categories().await.map_err(unread)?;
        if known.contains_key(category) {
            return Ok(());
        }
        let names: Vec<&str> = known.keys().map(String::as_str).collect();
        Err(format!(
            "category must be one of {}; got {category:?}",
            names.join(", ")
        ))
    }
}

fn unread(problem: TableProblem) -> String {
    format!("the catalogue cannot be read now: {problem}")
}

fn result(structured: &impl Serialize, text: String) -> CallToolResult {
    let mut result = CallToolResult::structured(json!(structured));
    result.content = vec![ContentBlock::text(text)];
    result
}

const BOX: &str = "M3 7l9-4 9 4v10l-9 4-9-4zM3 7l9 4 9-4M12 11v10";
const LENS: &str = "M10 4a6 6 0 1 0 0 12 6 6 0 0 0 0-12zM14.5 14.5L21 21";
const LIST: &str = "M4 6h16M4 12h16M4 18h16";

fn icons(line: &str) -> Vec<Icon> {
    vec![icon::of_line(line)]
}

/// Built once: by default rmcp rebuilds it for each request.
static TOOLS: LazyLock<ToolRouter<Products>> = LazyLock::new(Products::tool_router);

#[tool_handler(router = TOOLS)]
impl ServerHandler for Products {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(
                Implementation::new("products", env!("CARGO_PKG_VERSION")).with_title("Products"),
            )
            .with_instructions(
                "The shop's catalogue. Prices are in US dollars. The server orders places orders.",
            )
    }
}

/// Who the server is, what it needs, and how it is built.
#[must_use]
pub fn definition() -> Definition<Products, ProductsSettings> {
    let build = |settings: ProductsSettings, aws: &mcp_lambda::AwsEnvironment| {
        Ok(Products {
            catalogue: Catalogue::new(aws.dynamodb()?, settings.catalogue),
        })
    };
    Definition::new(
        "products",
        env!("CARGO_PKG_VERSION"),
        TOOLS.list_all(),
        build,
    )
    .title("Products")
    .description("The catalogue of a shop: products with prices and stock.")
    .scope(READ, "Read the catalogue")
    .dynamodb_table(CATALOGUE, "CATALOGUE_TABLE")
    .mcp_app(
        McpApp::html(CARDS, include_str!("catalogue.html"))
            .title("Catalogue")
            .description("Shows products with prices and stock, page by page.")
            .prefers_border(true),
    )
}
