//! Defines a [`Product`], and how the catalogue's table holds it.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::price::Price;

/// The index of the catalogue's table with the products of one category, by price.
pub const BY_CATEGORY: &str = "byCategory";
/// The index of the catalogue's table with all products, by price.
pub const BY_PRICE: &str = "byPrice";
/// Names of attributes of the catalogue's table.
pub mod attribute {
    /// The id of the product, which is the table's key.
    pub const ID: &str = "pk";
    /// The same value in every product: the partition key of [`BY_PRICE`](super::BY_PRICE).
    pub const KIND: &str = "kind";
    /// The name.
    pub const NAME: &str = "name";
    /// The category: the partition key of [`BY_CATEGORY`](super::BY_CATEGORY).
    pub const CATEGORY: &str = "category";
    /// The description.
    pub const DESCRIPTION: &str = "description";
    /// The price in cents: the sort key of both indexes.
    pub const PRICE: &str = "priceCents";
    /// How many there are.
    pub const STOCK: &str = "stock";
}
/// The value of [`attribute::KIND`].
pub const KIND: &str = "product";

/// One product of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// For example `p001`.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// For example `electronics`.
    pub category: String,
    /// A sentence for people.
    pub description: String,
    /// Price of one piece.
    pub price: Price,
    /// How many there are.
    pub stock: u64,
}

impl Product {
    /// The product of an item of the table or of its indexes; `None` for an item without one of the attributes.
    #[must_use]
    pub fn from_item(item: &HashMap<String, AttributeValue>) -> Option<Self> {
        let string = |name: &str| item.get(name)?.as_s().ok().cloned();
        let number = |name: &str| item.get(name)?.as_n().ok()?.parse().ok();
        Some(Self {
            id: string(attribute::ID)?,
            name: string(attribute::NAME)?,
            category: string(attribute::CATEGORY)?,
            description: string(attribute::DESCRIPTION)?,
            price: Price(number(attribute::PRICE)?),
            stock: number(attribute::STOCK)?,
        })
    }

    /// Whether every word of `text` begins a word of the product's name, category or description. Letters' case and a plural
    /// `s` do not matter.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let own = format!("{} {} {}", self.name, self.category, self.description).to_lowercase();
        let own: Vec<&str> = words(&own).collect();
        words(&text.to_lowercase()).all(|wanted| {
            let begins = |wanted: &str| own.iter().any(|word| word.starts_with(wanted));
            begins(wanted)
                || ["es", "s"].iter().any(|plural| {
                    wanted
                        .strip_suffix(plural)
                        .is_some_and(|one| one.len() > 2 && begins(one))
                })
        })
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_found_by_the_beginnings_of_its_words() {
        let watch = Product {
            id: "p005".to_owned(),
            name: "Smart Watch".to_owned(),
            category: "electronics".to_owned(),
            description: "Watch with heart rate, GPS and a week of battery.".to_owned(),
            price: Price(19_999),
            stock: 15,
        };
        for text in [
            "watch",
            "WATCHES",
            "smart watch",
            "gps",
            "electronic heart",
            "",
            "batt",
        ] {
            assert!(watch.matches(text), "{text}");
        }
        for text in ["phone", "watch phone", "att", "s"] {
            assert_eq!(watch.matches(text), text == "s", "{text}");
        }
    }
}
