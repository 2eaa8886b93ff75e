//! Defines an [`Order`], whose it is, and how the orders' table holds it.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use mcp_lambda::{Caller, CallerKind};
use products::price::Price;
use products::table_problem::TableProblem;
use serde::Deserialize;

/// The index of the orders' table with the orders of one owner, by time.
pub const BY_OWNER: &str = "byOwner";
/// Names of attributes of the orders' table.
pub mod attribute {
    /// Owner and id of the order, which is the table's key.
    pub const KEY: &str = "pk";
    /// Whose order it is: the partition key of [`BY_OWNER`](super::BY_OWNER).
    pub const OWNER: &str = "owner";
    /// When it was placed: the sort key of [`BY_OWNER`](super::BY_OWNER).
    pub const CREATED: &str = "created";
    /// Id of the order.
    pub const ID: &str = "id";
    /// Where it stands.
    pub const STATUS: &str = "status";
    /// What was ordered.
    pub const LINES: &str = "lines";
}

/// Whose orders they are. Every key of the table begins with it, so an id of somebody else's order finds nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner(String);

impl Owner {
    /// The caller. A person and a program never share orders, nor do two programs.
    #[must_use]
    pub fn of(caller: &Caller) -> Self {
        let kind = match caller.kind() {
            CallerKind::Person => "person",
            CallerKind::Machine => "machine",
        };
        Self(format!("{kind}#{}", caller.subject()))
    }

    /// The value of [`attribute::OWNER`].
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key of the owner's order of this id.
    #[must_use]
    pub fn key(&self, id: &str) -> AttributeValue {
        AttributeValue::S(format!("{}#{id}", self.0))
    }
}

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Placed, and taken from the stock.
    Placed,
    /// Cancelled, and back in the stock.
    Cancelled,
}

impl Status {
    /// The word for it, in results and in the table.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Status::Placed => "placed",
            Status::Cancelled => "cancelled",
        }
    }

    /// The status of a word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        [Status::Placed, Status::Cancelled]
            .into_iter()
            .find(|status| status.word() == word)
    }
}

/// A number of pieces of one product, at the price of the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Id of the product.
    pub product: String,
    /// Its name.
    pub name: String,
    /// How many pieces.
    pub quantity: u64,
    /// Price of one piece.
    pub price: Price,
}

/// An order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Id, unique for its owner.
    pub id: String,
    /// When it was placed (RFC 3339, UTC, milliseconds), so that strings sort by time.
    pub created: String,
    /// Where it stands.
    pub status: Status,
    /// What was ordered, each product once.
    pub lines: Vec<Line>,
}

impl Line {
    /// Price of all pieces.
    #[must_use]
    pub fn subtotal(&self) -> Price {
        // Both factors are bounded when an order is placed; a sum that does not fit is no price anybody pays.
        self.price.times(self.quantity).unwrap_or(Price(u64::MAX))
    }

    fn to_value(&self) -> AttributeValue {
        let string = |value: &str| AttributeValue::S(value.to_owned());
        let number = |value: u64| AttributeValue::N(value.to_string());
        AttributeValue::M(
            [
                ("product", string(&self.product)),
                ("name", string(&self.name)),
                ("quantity", number(self.quantity)),
                ("priceCents", number(self.price.0)),
            ]
            .map(|(name, value)| (name.to_owned(), value))
            .into(),
        )
    }

    fn from_value(value: &AttributeValue) -> Option<Self> {
        let line = value.as_m().ok()?;
        let number = |name: &str| line.get(name)?.as_n().ok()?.parse().ok();
        Some(Self {
            product: line.get("product")?.as_s().ok()?.clone(),
            name: line.get("name")?.as_s().ok()?.clone(),
            quantity: number("quantity")?,
            price: Price(number("priceCents")?),
        })
    }
}

impl Order {
    /// Price of everything.
    #[must_use]
    pub fn total(&self) -> Price {
        let sum = |sum: Price, line: &Line| sum.plus(line.subtotal()).unwrap_or(Price(u64::MAX));
        self.lines.iter().fold(Price(0), sum)
    }

    /// The item of the table.
    #[must_use]
    pub fn to_item(&self, owner: &Owner) -> HashMap<String, AttributeValue> {
        let string = |value: &str| AttributeValue::S(value.to_owned());
        [
            (attribute::KEY, owner.key(&self.id)),
            (attribute::OWNER, string(owner.as_str())),
            (attribute::CREATED, string(&self.created)),
            (attribute::ID, string(&self.id)),
            (attribute::STATUS, string(self.status.word())),
            (
                attribute::LINES,
                AttributeValue::L(self.lines.iter().map(Line::to_value).collect()),
            ),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// The order of an item.
    ///
    /// # Errors
    ///
    /// [`TableProblem::Malformed`]
    pub fn from_item(item: &HashMap<String, AttributeValue>) -> Result<Self, TableProblem> {
        let string = |name: &str| item.get(name)?.as_s().ok().cloned();
        let read = || {
            let lines = item.get(attribute::LINES)?.as_l().ok()?;
            Some(Self {
                id: string(attribute::ID)?,
                created: string(attribute::CREATED)?,
                status: Status::of_word(&string(attribute::STATUS)?)?,
                lines: lines.iter().map(Line::from_value).collect::<Option<_>>()?,
            })
        };
        read().ok_or(TableProblem::Malformed)
    }
}
