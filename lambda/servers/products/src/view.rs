//! Products as clients see them.

use rmcp::schemars;
use serde::Serialize;

use crate::price::CURRENCY;
use crate::product::Product;

/// A product as clients see it.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProductView {
    /// Id of the product.
    id: String,
    /// Name.
    name: String,
    /// Category.
    category: String,
    /// Description.
    description: String,
    /// Price of one piece.
    price: f64,
    /// Currency of the price (ISO 4217).
    currency: &'static str,
    /// Whether one is left.
    in_stock: bool,
    /// How many are left.
    stock: u64,
}

/// Result of `search-products`.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Found {
    /// The products, cheapest first.
    pub(crate) products: Vec<ProductView>,
    /// Pass it as cursor for the next page. Absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_cursor: Option<String>,
}

/// Result of `list-categories`.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(crate) struct Categories {
    /// The categories, by name.
    pub(crate) categories: Vec<Category>,
}

/// A category.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Category {
    /// Name of the category.
    pub(crate) name: String,
    /// How many products it has.
    pub(crate) products: u64,
    /// How many of them are in stock.
    pub(crate) in_stock: u64,
}

impl From<Product> for ProductView {
    fn from(product: Product) -> Self {
        Self {
            id: product.id,
            name: product.name,
            category: product.category,
            description: product.description,
            price: product.price.decimal(),
            currency: CURRENCY,
            in_stock: product.stock > 0,
            stock: product.stock,
        }
    }
}

/// One product in a line.
pub(crate) fn describe(product: &Product) -> String {
    let stock = match product.stock {
        0 => "out of stock".to_owned(),
        stock => format!("{stock} in stock"),
    };
    format!(
        "{} {} ({}), {}, {stock}: {}",
        product.id, product.name, product.category, product.price, product.description
    )
}
