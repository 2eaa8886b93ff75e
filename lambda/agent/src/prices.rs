//! What a conversation costs, estimated from list prices.

use serde::{Deserialize, Serialize};

use crate::converse::Usage;

/// Prices of a model in US dollars for a million tokens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Price {
    /// A part of the model's id that no other model has, such as `claude-haiku-4-5`.
    pub model: String,
    /// Tokens that the model reads.
    pub input: f64,
    /// Tokens that the model writes.
    pub output: f64,
    /// Tokens from the prompt cache; a tenth of `input` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_read: Option<f64>,
    /// Tokens to the prompt cache; five quarters of `input` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<f64>,
}

/// A table of prices with the day on which it was read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prices {
    /// The day, as `2026-11-30`.
    pub date: String,
    /// The prices; the first that fits a model counts.
    pub prices: Vec<Price>,
}

/// What a conversation costs by a table of prices. It is an estimate without discounts, tiers and differences between Regions.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// US dollars.
    pub dollars: f64,
    /// The day of the prices.
    pub date: String,
}

/// The table that comes with the crate.
const BUILT_IN: &str = include_str!("prices.json");

impl Prices {
    /// The table that comes with the crate: a few models, on-demand list prices of one day.
    #[must_use]
    pub fn built_in() -> Self {
        Self::from_json(BUILT_IN).unwrap_or(Self {
            date: String::new(),
            prices: Vec::new(),
        })
    }

    /// A table of the user.
    ///
    /// # Errors
    ///
    /// What is wrong with the JSON.
    pub fn from_json(json: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json)
    }

    /// What `usage` of `model` costs; `None` when the table does not have the model.
    #[must_use]
    pub fn estimate(&self, model: &str, usage: Usage) -> Option<Estimate> {
        let price = self
            .prices
            .iter()
            .find(|price| model.contains(&price.model))?;
        let cost = |tokens: u64, dollars: f64| tokens as f64 * dollars / 1_000_000.0;
        let cache_read = price.cache_read.unwrap_or(price.input * 0.1);
        let cache_write = price.cache_write.unwrap_or(price.input * 1.25);
        Some(Estimate {
            dollars: cost(usage.input_tokens, price.input)
                + cost(usage.output_tokens, price.output)
                + cost(usage.cache_read_input_tokens, cache_read)
                + cost(usage.cache_write_input_tokens, cache_write),
            date: self.date.clone(),
        })
    }
}
