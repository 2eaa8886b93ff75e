//! Fills the catalogue's table, as a custom resource of CloudFormation.
//!
//! It writes every product of `catalogue.json` and keeps the stock of those that are there already, so that a deployment changes
//! names and prices and never what was sold. Products that are in the table alone stay.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use mcp_lambda::{FetchError, HttpsClient};
use serde::{Deserialize, Serialize};

use crate::product::{KIND, attribute};
use crate::table_problem::TableProblem;

const CATALOGUE: &str = include_str!("../catalogue.json");
/// Time for the response to CloudFormation, and the longest reply to it.
const REPORT_TIMEOUT: Duration = Duration::from_secs(10);
const REPORT_LIMIT: usize = 64 * 1024;

/// A product of `catalogue.json`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Seed {
    /// For example `p001`.
    pub id: String,
    /// Name.
    pub name: String,
    /// Category, in lower case.
    pub category: String,
    /// Description.
    pub description: String,
    /// Price in cents.
    pub price_cents: u64,
    /// How many there are at first.
    pub stock: u64,
}

/// The request of CloudFormation, as far as it is used.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Event {
    request_type: RequestType,
    #[serde(rename = "ResponseURL")]
    response_url: String,
    stack_id: String,
    request_id: String,
    logical_resource_id: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
enum RequestType {
    Create,
    Update,
    Delete,
}

/// The response to CloudFormation.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Outcome<'a> {
    status: &'static str,
    reason: String,
    physical_resource_id: &'static str,
    stack_id: &'a str,
    request_id: &'a str,
    logical_resource_id: &'a str,
}

/// The products of `catalogue.json`.
///
/// # Errors
///
/// The position of the first mistake in the file.
pub fn catalogue() -> Result<Vec<Seed>, serde_json::Error> {
    serde_json::from_str(CATALOGUE)
}

/// Does what CloudFormation asks for, and reports the outcome.
///
/// # Errors
///
/// The outcome did not reach CloudFormation, which then waits until its own time limit.
pub async fn handle(event: &Event, client: &Client, table: &str) -> Result<(), String> {
    let filled = match event.request_type {
        RequestType::Create | RequestType::Update => fill(client, table).await,
        // The table goes with the stack, or stays with its products.
        RequestType::Delete => Ok(()),
    };
    let (status, reason) = match filled {
        Ok(()) => ("SUCCESS", String::new()),
        Err(problem) => ("FAILED", problem),
    };
    let outcome = serde_json::json!(Outcome {
        status,
        reason,
        physical_resource_id: "catalogue",
        stack_id: &event.stack_id,
        request_id: &event.request_id,
        logical_resource_id: &event.logical_resource_id,
    });
    report(&event.response_url, outcome.to_string())
        .await
        .map_err(|problem| format!("the outcome did not reach CloudFormation: its URL {problem}"))
}

/// Writes every product.
async fn fill(client: &Client, table: &str) -> Result<(), String> {
    let seeds = catalogue().map_err(|problem| format!("catalogue.json is malformed: {problem}"))?;
    for seed in &seeds {
        write(client, table, seed)
            .await
            .map_err(|problem| format!("product {} was not written: {problem}", seed.id))?;
    }
    Ok(())
}

/// Writes one product, whose stock stays when it is there already.
///
/// # Errors
///
/// [`TableProblem`]
pub async fn write(client: &Client, table: &str, seed: &Seed) -> Result<(), TableProblem> {
    let string = |value: &str| AttributeValue::S(value.to_owned());
    let number = |value: u64| AttributeValue::N(value.to_string());
    let mut update = client
        .update_item()
        .table_name(table)
        .key(attribute::ID, string(&seed.id))
        .update_expression(
            "SET #kind = :kind, #name = :name, #category = :category, #description = :description, \
             #priceCents = :priceCents, #stock = if_not_exists(#stock, :stock)",
        );
    for (name, value) in [
        (attribute::KIND, string(KIND)),
        (attribute::NAME, string(&seed.name)),
        (attribute::CATEGORY, string(&seed.category)),
        (attribute::DESCRIPTION, string(&seed.description)),
        (attribute::PRICE, number(seed.price_cents)),
        (attribute::STOCK, number(seed.stock)),
    ] {
        update = update
            .expression_attribute_names(format!("#{name}"), name)
            .expression_attribute_values(format!(":{name}"), value);
    }
    update.send().await?;
    Ok(())
}

/// Puts the outcome to the URL that CloudFormation signed. A content type would not fit the signature.
async fn report(url: &str, outcome: String) -> Result<(), String> {
    let request = Request::put(url)
        .body(Full::from(Bytes::from(outcome)))
        .map_err(|problem| format!("is malformed: {problem}"))?;
    let received = HttpsClient::new()
        .exchange(request, REPORT_LIMIT, REPORT_TIMEOUT)
        .await
        .map_err(|problem: FetchError| problem.to_string())?;
    if received.status().is_success() {
        Ok(())
    } else {
        Err(format!(
            "responded with status {}",
            received.status().as_u16()
        ))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_catalogue_has_the_workshop_s_products_and_enough_for_pages() {
        let seeds = catalogue().unwrap();
        let first: Vec<_> = seeds
            .iter()
            .take(5)
            .map(|seed| {
                (
                    seed.id.as_str(),
                    seed.name.as_str(),
                    seed.price_cents,
                    seed.stock > 0,
                )
            })
            .collect();
        assert_eq!(
            first,
            [
                ("p001", "Smartphone X", 79_999, true),
                ("p002", "Headphones", 14_999, true),
                ("p003", "Coffee Maker", 8_999, true),
                ("p004", "Running Shoes", 12_999, false),
                ("p005", "Smart Watch", 19_999, true),
            ]
        );
        let ids: BTreeSet<_> = seeds.iter().map(|seed| &seed.id).collect();
        let categories: BTreeSet<_> = seeds.iter().map(|seed| &seed.category).collect();
        assert_eq!(ids.len(), seeds.len());
        assert!(seeds.len() >= 40 && categories.len() >= 4);
        assert!(categories.iter().all(|name| **name == name.to_lowercase()));
    }
}
