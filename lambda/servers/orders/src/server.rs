//! The MCP server: its tools, and how it is built.

use std::sync::LazyLock;
use std::time::SystemTime;

use chrono::{DateTime, SecondsFormat, Utc};
use mcp_lambda::{AwsEnvironment, Caller, Definition, ToolPolicy};
use products::catalogue::Catalogue;
use products::cursor;
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::handler::server::tool::schema_for_type;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{
    CallToolResponse, CallToolResult, Icon, Implementation, ServerCapabilities, ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::{RoleServer, ServerHandler, tool, tool_handler, tool_router};

use crate::arguments::{CreateOrder, ListOrders, OneOrder};
use crate::confirmation::{Confirmation, Round, confirm};
use crate::order::{Order, Owner, Status};
use crate::purchase::{Placed, place, prepare, unread_orders};
use crate::store::{NotPlaced, OrderStore};
use crate::view::{OrderView, OrdersView, describe, describe_lines, one, structured};

const READ: &str = "orders.read";
const WRITE: &str = "orders.write";
/// The AWS resources.
const ORDERS: &str = "orders";
const CATALOGUE: &str = "catalogue";

mcp_lambda::settings! {
    /// Where orders and products are.
    pub struct OrdersSettings owned by Server {
        /// Name of the DynamoDB table with the orders.
        pub orders: String = "ORDERS_TABLE",
        /// Name of the DynamoDB table with the products, which the server products reads too.
        pub catalogue: String = "CATALOGUE_TABLE",
    }
}

/// The MCP server.
#[derive(Debug)]
pub struct Orders {
    store: OrderStore,
    catalogue: Catalogue,
    now: fn() -> SystemTime,
}

#[tool_router]
impl Orders {
    /// Orders products at today's prices, all of them or none. Asks the person to confirm first, where the client can.
    #[tool(
        name = "create-order",
        title = "Create order",
        output_schema = schema_for_type::<OrderView>(),
        annotations(
            read_only_hint = false,
            destructive_hint = false,
            idempotent_hint = false,
            open_world_hint = false
        ),
        icons = icons(CART),
        meta = ToolPolicy::scopes(&[WRITE])
            .aws(ORDERS, &["dynamodb:GetItem", "dynamodb:PutItem"])
            .aws(CATALOGUE, &["dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"])
            .meta()
    )]
    async fn create_order(
        &self,
        caller: Caller,
        context: RequestContext<RoleServer>,
        round: Round,
        Parameters(arguments): Parameters<CreateOrder>,
    ) -> Result<CallToolResponse, String> {
        let owner = Owner::of(&caller);
        let wanted = arguments.wanted()?;
        let id = arguments.order_id(&owner)?;
        if arguments.has_key()
            && let Some(placed) = self.store.get(&owner, &id).await.map_err(unread_orders)?
        {
            return already(&placed, &wanted).map(Into::into);
        }
        let created = DateTime::<Utc>::from((self.now)());
        let created = created.to_rfc3339_opts(SecondsFormat::Millis, true);
        let order = prepare(&self.catalogue, id, created, &wanted).await?;
        let lines = describe_lines(&order);
        match confirm(&context, &round, &format!("Order {lines}?"), &lines).await {
            Confirmation::Given | Confirmation::CannotBeAsked => {}
            Confirmation::Needed(asks) => return Ok((*asks).into()),
            Confirmation::Refused => {
                return Err("nothing was ordered: the person did not confirm".to_owned());
            }
            Confirmation::Failed(problem) => {
                return Err(format!(
                    "nothing was ordered: the person could not be asked: {problem}"
                ));
            }
        }
        match place(&self.catalogue, &self.store, &owner, &order).await? {
            Placed::Now => Ok(one(&order, "").into()),
            Placed::Before(placed) => already(&placed, &wanted).map(Into::into),
        }
    }

    /// Returns one order of the person who signed in: status, products, total.
    #[tool(
        name = "check-order-status",
        title = "Check order status",
        output_schema = schema_for_type::<OrderView>(),
        annotations(read_only_hint = true, open_world_hint = false),
        icons = icons(TICK),
        meta = ToolPolicy::scopes(&[READ]).aws(ORDERS, &["dynamodb:GetItem"]).meta()
    )]
    async fn check_order_status(
        &self,
        caller: Caller,
        Parameters(OneOrder { order_id }): Parameters<OneOrder>,
    ) -> Result<CallToolResult, String> {
        let order = self.own_order(&Owner::of(&caller), &order_id).await?;
        Ok(one(&order, ""))
    }

    /// Returns the orders of the person who signed in, the newest first, in pages.
    #[tool(
        name = "list-orders",
        title = "List orders",
        output_schema = schema_for_type::<OrdersView>(),
        annotations(read_only_hint = true, open_world_hint = false),
        icons = icons(LIST),
        meta = ToolPolicy::scopes(&[READ]).aws(ORDERS, &["dynamodb:Query"]).meta()
    )]
    async fn list_orders(
        &self,
        caller: Caller,
        Parameters(arguments): Parameters<ListOrders>,
    ) -> Result<CallToolResult, String> {
        let owner = Owner::of(&caller);
        let list = arguments.status.map(Status::word);
        let position = arguments
            .cursor
            .as_deref()
            .map(|cursor| cursor::decode(&list, cursor))
            .transpose()?;
        let page = self
            .store
            .list(&owner, arguments.status, arguments.limit, position)
            .await
            .map_err(unread_orders)?;
        let mut lines: Vec<String> = page.orders.iter().map(describe).collect();
        if lines.is_empty() {
            lines.push("there is no order".to_owned());
        }
        let view = OrdersView {
            orders: page.orders.iter().map(OrderView::from).collect(),
            next_cursor: page.next.map(|position| cursor::encode(&list, &position)),
        };
        if let Some(cursor) = &view.next_cursor {
            lines.push(format!("There are more: pass cursor {cursor}"));
        }
        Ok(structured(&view, lines.join("\n")))
    }

    /// Cancels an order of the person who signed in. Its products are in stock again.
    #[tool(
        name = "cancel-order",
        title = "Cancel order",
        output_schema = schema_for_type::<OrderView>(),
        annotations(
            read_only_hint = false,
            destructive_hint = true,
            idempotent_hint = true,
            open_world_hint = false
        ),
        icons = icons(CROSS),
        meta = ToolPolicy::scopes(&[WRITE])
            .aws(ORDERS, &["dynamodb:GetItem", "dynamodb:UpdateItem"])
            .aws(CATALOGUE, &["dynamodb:UpdateItem"])
            .meta()
    )]
    async fn cancel_order(
        &self,
        caller: Caller,
        Parameters(OneOrder { order_id }): Parameters<OneOrder>,
    ) -> Result<CallToolResult, String> {
        let owner = Owner::of(&caller);
        let mut order = self.own_order(&owner, &order_id).await?;
        let is_first = match order.status {
            Status::Cancelled => false,
            Status::Placed => self
                .store
                .cancel(&owner, &order)
                .await
                .map_err(uncancelled)?,
        };
        order.status = Status::Cancelled;
        Ok(one(&order, if is_first { "" } else { "nothing changed: " }))
    }
}

impl Orders {
    async fn own_order(&self, owner: &Owner, id: &str) -> Result<Order, String> {
        let found = self.store.get(owner, id).await.map_err(unread_orders)?;
        found.ok_or_else(|| format!("you have no order {id:?}; list-orders has the ids of yours"))
    }
}

/// The order that an idempotency key has placed before.
fn already(placed: &Order, wanted: &[(String, u64)]) -> Result<CallToolResult, String> {
    let same = placed.lines.len() == wanted.len()
        && placed.lines.iter().all(|line| {
            wanted
                .iter()
                .any(|(id, quantity)| *id == line.product && *quantity == line.quantity)
        });
    if same {
        return Ok(one(placed, "no second order was placed: "));
    }
    Err(format!(
        "nothing was ordered: idempotencyKey has placed another order already, {}; choose another key",
        describe(placed)
    ))
}

fn uncancelled(problem: NotPlaced) -> String {
    match problem {
        NotPlaced::Table(problem) => {
            format!(
                "it is not known whether the order was cancelled: {problem}; check-order-status says"
            )
        }
        NotPlaced::Busy | NotPlaced::Changed | NotPlaced::Exists => {
            "the order was not cancelled: others order the same products now; try again in a moment"
                .to_owned()
        }
    }
}

const CART: &str = "M3 4h2l2 11h11l2-8H6M9 20h.01M17 20h.01";
const TICK: &str = "M4 12l5 5L20 6";
const LIST: &str = "M4 6h16M4 12h16M4 18h16";
const CROSS: &str = "M5 5l14 14M19 5L5 19";

/// An icon that is one line on a square of 24 units.
fn icons(line: &str) -> Vec<Icon> {
    vec![products::icon::of_line(line)]
}

/// Built once: by default rmcp rebuilds it for each request.
static TOOLS: LazyLock<ToolRouter<Orders>> = LazyLock::new(Orders::tool_router);

#[tool_handler(router = TOOLS)]
impl ServerHandler for Orders {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("orders", env!("CARGO_PKG_VERSION")).with_title("Orders"))
            .with_instructions(
                "Orders of the person who signed in. The server products has the products and their ids. Prices are in US dollars.",
            )
    }
}

/// Who the server is, what it needs, and how it is built. Orders have the time of this clock.
#[must_use]
pub fn definition(now: fn() -> SystemTime) -> Definition<Orders, OrdersSettings> {
    let build = move |settings: OrdersSettings, aws: &AwsEnvironment| {
        let client = aws.dynamodb()?;
        Ok(Orders {
            catalogue: Catalogue::new(client.clone(), settings.catalogue.clone()),
            store: OrderStore::new(client, settings.orders, settings.catalogue),
            now,
        })
    };
    Definition::new("orders", env!("CARGO_PKG_VERSION"), TOOLS.list_all(), build)
        .title("Orders")
        .description("Orders of the person who signed in.")
        .scope(READ, "See your orders")
        .scope(WRITE, "Place and cancel orders for you")
        .dynamodb_table(ORDERS, "ORDERS_TABLE")
        .dynamodb_table(CATALOGUE, "CATALOGUE_TABLE")
        .asks_clients()
}
