//! The arguments of the tools. The server checks them against their schema before a tool runs.

use std::fmt::Write as _;

use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};
use rmcp::schemars;
use serde::Deserialize;

use crate::order::{Owner, Status};

/// Most pieces of one product.
const MAX_QUANTITY: u64 = 1000;

/// Arguments of `create-order`.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateOrder {
    /// What to order, 1 to 20 products.
    // Each product is one write of a transaction, which has at most 100.
    #[schemars(length(min = 1, max = 20))]
    lines: Vec<OrderLine>,
    /// Any string that is new for this order, 1 to 128 characters. A second call with the same one returns the order of the first
    /// and places none.
    #[schemars(length(min = 1, max = 128))]
    idempotency_key: Option<String>,
}

/// A number of pieces of one product.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderLine {
    /// Id of the product, for example p002; the server products has them.
    #[schemars(length(min = 1, max = 64))]
    product_id: String,
    /// How many pieces, 1 to 1000.
    #[schemars(range(min = 1, max = MAX_QUANTITY))]
    quantity: u64,
}

/// Arguments of `check-order-status` and `cancel-order`.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OneOrder {
    /// Id of the order, as create-order and list-orders return it.
    #[schemars(length(min = 1, max = 64))]
    pub(crate) order_id: String,
}

/// Arguments of `list-orders`.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListOrders {
    /// Only orders with this status: placed or cancelled.
    #[schemars(with = "Option<String>", extend("enum" = ["placed", "cancelled"]))]
    pub(crate) status: Option<Status>,
    /// How many orders to return, 1 to 50.
    #[serde(default = "default_limit")]
    #[schemars(range(min = 1, max = 50))]
    pub(crate) limit: usize,
    /// The nextCursor of the page before; the other arguments stay the same.
    pub(crate) cursor: Option<String>,
}

fn default_limit() -> usize {
    10
}

impl CreateOrder {
    /// Products and quantities, each product once, in the order of the arguments.
    pub(crate) fn wanted(&self) -> Result<Vec<(String, u64)>, String> {
        let mut wanted: Vec<(String, u64)> = Vec::new();
        for (index, line) in self.lines.iter().enumerate() {
            let same = wanted.iter_mut().find(|(id, _)| *id == line.product_id);
            let before = same.as_ref().map_or(0, |(_, quantity)| *quantity);
            let sum = line.quantity.saturating_add(before);
            if sum > MAX_QUANTITY {
                return Err(format!(
                    "lines[{index}].quantity must be a whole number from 1 to {MAX_QUANTITY} for each product, got {}",
                    line.quantity
                ));
            }
            match same {
                Some((_, quantity)) => *quantity = sum,
                None => wanted.push((line.product_id.clone(), sum)),
            }
        }
        Ok(wanted)
    }

    /// The id of the order: always the same one for the same owner and key, and a random one without a key.
    pub(crate) fn order_id(&self, owner: &Owner) -> Result<String, String> {
        let Some(key) = &self.idempotency_key else {
            let mut bytes = [0; 8];
            SystemRandom::new()
                .fill(&mut bytes)
                .map_err(|_| "nothing was ordered: there is no randomness".to_owned())?;
            return Ok(id(&bytes));
        };
        let digest = digest(&SHA256, format!("{}\n{key}", owner.as_str()).as_bytes());
        Ok(id(digest.as_ref().get(..8).unwrap_or_default()))
    }

    /// Whether a second call returns the first one's order.
    pub(crate) fn has_key(&self) -> bool {
        self.idempotency_key.is_some()
    }
}

/// The id of these bytes: `order-` and hexadecimal digits.
fn id(bytes: &[u8]) -> String {
    bytes.iter().fold("order-".to_owned(), |mut id, byte| {
        // Writing into a string does not fail.
        let _ = write!(id, "{byte:02x}");
        id
    })
}
