//! The arguments of the tools. The server checks them against their schema before a tool runs.

use rmcp::schemars;
use serde::Deserialize;

use crate::catalogue::Search;
use crate::price::Price;

/// Arguments of `get-product`.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GetProduct {
    /// Id of the product, for example p001.
    #[schemars(length(min = 1, max = 64))]
    pub(crate) product_id: String,
}

/// Arguments of `search-products`.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SearchProducts {
    /// Words that the name, the category or the description has. All products without it.
    #[schemars(length(max = 200))]
    query: Option<String>,
    /// One category, for example electronics; list-categories has them all.
    #[schemars(length(min = 1, max = 64))]
    category: Option<String>,
    /// Lowest price in US dollars.
    #[schemars(range(min = 0, max = 1_000_000))]
    min_price: Option<f64>,
    /// Highest price in US dollars.
    #[schemars(range(min = 0, max = 1_000_000))]
    max_price: Option<f64>,
    /// Only products of which one is left.
    #[serde(default)]
    in_stock: bool,
    /// How many products to return, 1 to 50.
    #[serde(default = "default_limit")]
    #[schemars(range(min = 1, max = 50))]
    pub(crate) limit: usize,
    /// The nextCursor of the page before; the other arguments stay the same.
    pub(crate) cursor: Option<String>,
}

fn default_limit() -> usize {
    10
}

impl SearchProducts {
    /// The search.
    pub(crate) fn search(&self) -> Result<Search, String> {
        let price = |name: &str, number: Option<f64>| {
            number
                .map(|number| {
                    Price::from_decimal(number).map_err(|problem| format!("{name} {problem}"))
                })
                .transpose()
        };
        let (from, to) = (
            price("minPrice", self.min_price)?,
            price("maxPrice", self.max_price)?,
        );
        if let (Some(from), Some(to)) = (from, to)
            && from > to
        {
            return Err(format!(
                "minPrice must not be above maxPrice, got {from} and {to}"
            ));
        }
        let given = |value: &Option<String>| {
            let value = value.as_deref().map(str::trim).unwrap_or_default();
            (!value.is_empty()).then(|| value.to_lowercase())
        };
        Ok(Search {
            text: given(&self.query),
            category: given(&self.category),
            from,
            to,
            in_stock: self.in_stock,
        })
    }
}
