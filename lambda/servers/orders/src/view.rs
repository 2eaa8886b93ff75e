//! Orders as clients see them.

use products::price::CURRENCY;
use rmcp::model::{CallToolResult, ContentBlock};
use rmcp::schemars;
use serde::Serialize;
use serde_json::json;

use crate::order::{Line, Order};

/// An order as clients see it.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderView {
    /// Id of the order.
    order_id: String,
    /// placed or cancelled.
    status: &'static str,
    /// When it was placed (RFC 3339).
    created_at: String,
    /// What was ordered.
    lines: Vec<LineView>,
    /// Price of everything.
    total: f64,
    /// Currency of the prices (ISO 4217).
    currency: &'static str,
}

/// A number of pieces of one product.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
struct LineView {
    /// Id of the product.
    product_id: String,
    /// Its name.
    name: String,
    /// How many pieces.
    quantity: u64,
    /// Price of one piece when it was ordered.
    price: f64,
    /// Price of all pieces.
    subtotal: f64,
}

/// Result of `list-orders`.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrdersView {
    /// The orders, the newest first.
    pub(crate) orders: Vec<OrderView>,
    /// Pass it as cursor for the next page. Absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_cursor: Option<String>,
}

impl From<&Order> for OrderView {
    fn from(order: &Order) -> Self {
        Self {
            order_id: order.id.clone(),
            status: order.status.word(),
            created_at: order.created.clone(),
            lines: order.lines.iter().map(LineView::from).collect(),
            total: order.total().decimal(),
            currency: CURRENCY,
        }
    }
}

impl From<&Line> for LineView {
    fn from(line: &Line) -> Self {
        Self {
            product_id: line.product.clone(),
            name: line.name.clone(),
            quantity: line.quantity,
            price: line.price.decimal(),
            subtotal: line.subtotal().decimal(),
        }
    }
}

/// What was ordered and what it costs: `2 × Headphones (p002) at $149.99; total $299.98`.
pub(crate) fn describe_lines(order: &Order) -> String {
    let lines: Vec<String> = order
        .lines
        .iter()
        .map(|line| {
            let Line {
                quantity,
                name,
                product,
                price,
            } = line;
            format!("{quantity} × {name} ({product}) at {price}")
        })
        .collect();
    format!("{}; total {}", lines.join(", "), order.total())
}

/// One order in a sentence.
pub(crate) fn describe(order: &Order) -> String {
    format!(
        "order {} of {} is {}: {}",
        order.id,
        order.created,
        order.status.word(),
        describe_lines(order)
    )
}

/// A result with one order, and a sentence before it.
pub(crate) fn one(order: &Order, text: &str) -> CallToolResult {
    structured(
        &OrderView::from(order),
        format!("{text}{}", describe(order)),
    )
}

/// A result with this structured content and text.
pub(crate) fn structured(content: &impl Serialize, text: String) -> CallToolResult {
    let mut result = CallToolResult::structured(json!(content));
    result.content = vec![ContentBlock::text(text)];
    result
}
