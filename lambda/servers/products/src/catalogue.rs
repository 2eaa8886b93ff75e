//! Reads the catalogue's table.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use crate::near::near;
use crate::price::Price;
use crate::product::{BY_CATEGORY, BY_PRICE, KIND, Product, attribute};
use crate::table_problem::TableProblem;

/// Items that one request reads.
const READ: i32 = 100;
/// Requests that one search makes; it then goes on with a cursor.
const MAX_READS: usize = 10;

/// The catalogue, for reading.
#[derive(Clone, Debug)]
pub struct Catalogue {
    client: Client,
    table: String,
}

/// What a search asks for: products that fulfil all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// Words of the product.
    pub text: Option<String>,
    /// The category, in lower case.
    pub category: Option<String>,
    /// The lowest price.
    pub from: Option<Price>,
    /// The highest price.
    pub to: Option<Price>,
    /// Whether there has to be one left.
    pub in_stock: bool,
}

/// A part of what a search found, cheapest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The products.
    pub products: Vec<Product>,
    /// Where the next part begins, if there may be one.
    pub next: Option<Position>,
}

/// The product after which a list goes on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Position {
    id: String,
    price_cents: u64,
}

/// How many products of one category there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// All of them.
    pub products: u64,
    /// Those of which one is left.
    pub in_stock: u64,
}

impl Catalogue {
    /// Reads the table of this name.
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// The product of this id.
    ///
    /// # Errors
    ///
    /// [`TableProblem`]
    pub async fn get(&self, id: &str) -> Result<Option<Product>, TableProblem> {
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .key(attribute::ID, AttributeValue::S(id.to_owned()))
            .consistent_read(true)
            .send()
            .await?;
        found
            .item()
            .map(|item| Product::from_item(item).ok_or(TableProblem::Malformed))
            .transpose()
    }

    /// At most `limit` products of a search, after `position`.
    ///
    /// # Errors
    ///
    /// [`TableProblem`]
    pub async fn search(
        &self,
        search: &Search,
        limit: usize,
        position: Option<Position>,
    ) -> Result<Page, TableProblem> {
        let mut products = Vec::new();
        let mut start = position.map(|position| search.key(&position));
        for _ in 0..MAX_READS {
            let read = self
                .query(search)
                .limit(READ)
                .set_exclusive_start_key(start)
                .send()
                .await?;
            for item in read.items() {
                let product = Product::from_item(item).ok_or(TableProblem::Malformed)?;
                if search.wants(&product) {
                    products.push(product);
                }
            }
            start = read.last_evaluated_key;
            // One more than wanted says whether there is a next page.
            if products.len() > limit || start.is_none() {
                break;
            }
        }
        let next = if products.len() > limit {
            products.truncate(limit);
            products.last().map(Position::of)
        } else {
            start.as_ref().map(Position::of_key).transpose()?
        };
        Ok(Page { products, next })
    }

    /// The categories, by name.
    ///
    /// # Errors
    ///
    /// [`TableProblem`]
    pub async fn categories(&self) -> Result<BTreeMap<String, Count>, TableProblem> {
        let mut categories = BTreeMap::<String, Count>::new();
        for product in self.all().await? {
            let count = categories.entry(product.category).or_default();
            count.products += 1;
            count.in_stock += u64::from(product.stock > 0);
        }
        Ok(categories)
    }

    /// The sentence about a product that does not exist, with those whose id or name is near.
    ///
    /// # Errors
    ///
    /// [`TableProblem`]
    pub async fn missing(&self, id: &str) -> Result<String, TableProblem> {
        let all = self.all().await?;
        let known = all
            .iter()
            .map(|each| (each.id.as_str(), each.name.as_str()));
        let near: Vec<String> = near(id, known)
            .iter()
            .map(|(id, name)| format!("{id} ({name})"))
            .collect();
        let hint = if near.is_empty() {
            "find its id with search-products".to_owned()
        } else {
            format!("near ones: {}", near.join(", "))
        };
        let shown: String = id.chars().take(64).collect();
        Ok(format!("there is no product {shown:?}; {hint}"))
    }

    /// All products, as far as [`MAX_READS`] requests read.
    async fn all(&self) -> Result<Vec<Product>, TableProblem> {
        let everything = Search::default();
        let page = self.search(&everything, usize::MAX, None).await?;
        Ok(page.products)
    }

    fn query(&self, search: &Search) -> QueryFluentBuilder {
        let (index, key, value) = search.partition();
        let price = |price: Price| AttributeValue::N(price.0.to_string());
        self.client
            .query()
            .table_name(&self.table)
            .index_name(index)
            .key_condition_expression("#key = :key AND #price BETWEEN :from AND :to")
            .expression_attribute_names("#key", key)
            .expression_attribute_names("#price", attribute::PRICE)
            .expression_attribute_values(":key", AttributeValue::S(value.to_owned()))
            .expression_attribute_values(":from", price(search.from.unwrap_or(Price(0))))
            .expression_attribute_values(":to", price(search.to.unwrap_or(Price(u64::MAX))))
    }
}

impl Search {
    /// The index that has the products of the search in one partition: index, name of its key and value.
    fn partition(&self) -> (&'static str, &'static str, &str) {
        match &self.category {
            Some(category) => (BY_CATEGORY, attribute::CATEGORY, category),
            None => (BY_PRICE, attribute::KIND, KIND),
        }
    }

    fn wants(&self, product: &Product) -> bool {
        let text = self.text.as_deref().unwrap_or_default();
        (!self.in_stock || product.stock > 0) && product.matches(text)
    }

    /// The key of a position in the search's index.
    fn key(&self, position: &Position) -> HashMap<String, AttributeValue> {
        let (_, key, value) = self.partition();
        [
            (attribute::ID, AttributeValue::S(position.id.clone())),
            (key, AttributeValue::S(value.to_owned())),
            (
                attribute::PRICE,
                AttributeValue::N(position.price_cents.to_string()),
            ),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }
}

impl Position {
    fn of(product: &Product) -> Self {
        Self {
            id: product.id.clone(),
            price_cents: product.price.0,
        }
    }

    fn of_key(key: &HashMap<String, AttributeValue>) -> Result<Self, TableProblem> {
        let id = key.get(attribute::ID).and_then(|id| id.as_s().ok());
        let price = key
            .get(attribute::PRICE)
            .and_then(|price| price.as_n().ok()?.parse().ok());
        id.zip(price)
            .map(|(id, price_cents)| Self {
                id: id.clone(),
                price_cents,
            })
            .ok_or(TableProblem::Malformed)
    }
}
