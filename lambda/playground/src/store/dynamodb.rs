//! A DynamoDB table with the partition key `pk`, the sort key `sk` and the TTL attribute `expires`.

use std::collections::HashMap;
use std::time::SystemTime;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::table::{Item, Key, LARGEST, Table, TableError, When};
use super::version::version;
use crate::clock::seconds;

const PARTITION: &str = "pk";
const SORT: &str = "sk";
const VALUE: &str = "value";
const VERSION: &str = "version";
const NUMBER: &str = "number";
/// DynamoDB removes items up to days late, so it is checked on reading, too.
const EXPIRES: &str = "expires";

/// A DynamoDB table.
pub(crate) struct DynamoDbTable {
    client: Client,
    name: String,
    now: fn() -> SystemTime,
}

type Attributes = HashMap<String, AttributeValue>;

impl DynamoDbTable {
    pub(crate) fn new(client: Client, name: String, now: fn() -> SystemTime) -> Self {
        Self { client, name, now }
    }

    fn now(&self) -> u64 {
        seconds((self.now)())
    }

    fn living(&self, item: &Attributes) -> Option<Item> {
        let expires = item.get(EXPIRES)?.as_n().ok()?.parse::<u64>().ok()?;
        let string = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
        (expires > self.now()).then_some(())?;
        Some(Item {
            sort: string(SORT)?,
            value: string(VALUE)?,
            version: string(VERSION)?,
        })
    }
}

fn key_of(key: Key) -> Attributes {
    HashMap::from([
        (PARTITION.to_owned(), AttributeValue::S(key.partition)),
        (SORT.to_owned(), AttributeValue::S(key.sort)),
    ])
}

impl Table for DynamoDbTable {
    fn get(&self, key: Key) -> BoxFuture<'_, Result<Option<Item>, TableError>> {
        async move {
            let request = self.client.get_item().table_name(&self.name);
            let found = request
                .set_key(Some(key_of(key)))
                .consistent_read(true)
                .send()
                .await
                .map_err(|error| reason(&error))?;
            Ok(found.item.and_then(|item| self.living(&item)))
        }
        .boxed()
    }

    fn put<'a>(
        &'a self,
        key: Key,
        value: String,
        expires: u64,
        when: When<'a>,
    ) -> BoxFuture<'a, Result<String, TableError>> {
        async move {
            if value.len() > LARGEST {
                return Err(TableError::TooLarge);
            }
            let new = version()?;
            let mut item = key_of(key);
            item.insert(VALUE.to_owned(), AttributeValue::S(value));
            item.insert(VERSION.to_owned(), AttributeValue::S(new.clone()));
            item.insert(EXPIRES.to_owned(), AttributeValue::N(expires.to_string()));
            let put = self.client.put_item().table_name(&self.name);
            let put = put.set_item(Some(item));
            let put = match when {
                When::Always => put,
                When::Absent => put
                    .condition_expression("attribute_not_exists(#pk) OR #expires <= :now")
                    .expression_attribute_names("#pk", PARTITION)
                    .expression_attribute_names("#expires", EXPIRES)
                    .expression_attribute_values(":now", AttributeValue::N(self.now().to_string())),
                When::Version(old) => put
                    .condition_expression("#version = :old")
                    .expression_attribute_names("#version", VERSION)
                    .expression_attribute_values(":old", AttributeValue::S(old.to_owned())),
            };
            let put = put.return_values_on_condition_check_failure(
                ReturnValuesOnConditionCheckFailure::AllOld,
            );
            match put.send().await {
                Ok(_) => Ok(new),
                // An earlier attempt, whose response was lost, has written it.
                Err(error) if held_instead(&error).as_ref() == Some(&new) => Ok(new),
                Err(error) => Err(reason(&error)),
            }
        }
        .boxed()
    }

    fn delete(&self, key: Key) -> BoxFuture<'_, Result<(), TableError>> {
        async move {
            let delete = self.client.delete_item().table_name(&self.name);
            let deleted = delete.set_key(Some(key_of(key))).send().await;
            deleted.map(drop).map_err(|error| reason(&error))
        }
        .boxed()
    }

    fn list(
        &self,
        partition: String,
        prefix: &'static str,
    ) -> BoxFuture<'_, Result<Vec<Item>, TableError>> {
        async move {
            let mut found = Vec::new();
            let mut start = None;
            loop {
                let page = self
                    .client
                    .query()
                    .table_name(&self.name)
                    .key_condition_expression("#pk = :pk AND begins_with(#sk, :prefix)")
                    .expression_attribute_names("#pk", PARTITION)
                    .expression_attribute_names("#sk", SORT)
                    .expression_attribute_values(":pk", AttributeValue::S(partition.clone()))
                    .expression_attribute_values(":prefix", AttributeValue::S(prefix.to_owned()))
                    .consistent_read(true)
                    .set_exclusive_start_key(start)
                    .send()
                    .await
                    .map_err(|error| reason(&error))?;
                found.extend(page.items().iter().filter_map(|item| self.living(item)));
                start = page.last_evaluated_key;
                if start.is_none() {
                    return Ok(found);
                }
            }
        }
        .boxed()
    }

    fn count(
        &self,
        key: Key,
        amount: u64,
        limit: u64,
        expires: u64,
    ) -> BoxFuture<'_, Result<bool, TableError>> {
        async move {
            let number = |number: u64| AttributeValue::N(number.to_string());
            let update = self.client.update_item().table_name(&self.name);
            let updated = update
                .set_key(Some(key_of(key)))
                .update_expression(
                    "SET #number = if_not_exists(#number, :zero) + :amount, #expires = :expires",
                )
                .condition_expression("attribute_not_exists(#number) OR #number < :limit")
                .expression_attribute_names("#number", NUMBER)
                .expression_attribute_names("#expires", EXPIRES)
                .expression_attribute_values(":zero", number(0))
                .expression_attribute_values(":amount", number(amount))
                .expression_attribute_values(":limit", number(limit))
                .expression_attribute_values(":expires", number(expires))
                .send()
                .await;
            match updated.map_err(|error| reason(&error)) {
                Ok(_) => Ok(true),
                Err(TableError::Conflict) => Ok(false),
                Err(error) => Err(error),
            }
        }
        .boxed()
    }
}

/// The version that a refused write found.
fn held_instead(error: &SdkError<PutItemError>) -> Option<String> {
    let PutItemError::ConditionalCheckFailedException(refusal) = error.as_service_error()? else {
        return None;
    };
    refusal.item()?.get(VERSION)?.as_s().ok().cloned()
}

fn reason<E: ProvideErrorMetadata>(error: &SdkError<E>) -> TableError {
    match error.as_service_error().map(ProvideErrorMetadata::code) {
        Some(Some("ConditionalCheckFailedException")) => TableError::Conflict,
        Some(code) => TableError::Unavailable(code.unwrap_or("no error code").to_owned()),
        None if matches!(error, SdkError::TimeoutError(_)) => {
            TableError::Unavailable("no response in time".to_owned())
        }
        None => TableError::Unavailable("it cannot be reached".to_owned()),
    }
}
