//! Implements the store with a DynamoDB table.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use mcp_lambda_contract::CALLER_LIMIT_ACTIONS;

use crate::state::store::item::{MAX_VALUE, seconds};
use crate::state::store::store_error::StoreError;
use crate::state::store::store_trait::Store;
use crate::state::store::version::{Version, Versioned};

const KEY: &str = "pk";
const VALUE: &str = "value";
/// The table's TTL attribute. DynamoDB removes items up to days late, so it is checked on reading, too.
const EXPIRES: &str = "expires";
/// Id of the write that made the item. Only items that are written more than once have it.
const VERSION: &str = "version";
/// Ids of the writes before it, the latest one first.
const EARLIER: &str = "earlier";
/// The number of a counter.
const COUNT: &str = "count";

/// A store in a DynamoDB table with the partition key `pk` and the TTL attribute `expires`.
pub(super) struct DynamoDbStore {
    client: Client,
    table: String,
    now: fn() -> SystemTime,
}

impl DynamoDbStore {
    pub(super) fn new(client: Client, table: String, now: fn() -> SystemTime) -> Self {
        Self { client, table, now }
    }

    fn now(&self) -> u64 {
        seconds((self.now)())
    }

    /// A write of the whole item that is conditional on the time, `:now`, at which the item must (not) have expired.
    fn put_item(
        &self,
        key: String,
        value: String,
        time_to_live: Duration,
    ) -> Result<PutItemFluentBuilder, StoreError> {
        if value.len() > MAX_VALUE {
            return Err(StoreError::TooLarge);
        }
        let now = self.now();
        let expires = now.saturating_add(time_to_live.as_secs());
        Ok(self
            .client
            .put_item()
            .table_name(&self.table)
            .item(KEY, AttributeValue::S(key))
            .item(VALUE, AttributeValue::S(value))
            .item(EXPIRES, AttributeValue::N(expires.to_string()))
            .expression_attribute_names("#expires", EXPIRES)
            .expression_attribute_values(":now", AttributeValue::N(now.to_string())))
    }

    /// The parts of the item, if it has not expired.
    fn living(&self, item: Attributes) -> Result<Option<Item>, StoreError> {
        let item = Item::read(item)?;
        Ok((item.expires > self.now()).then_some(item))
    }
}

type Attributes = HashMap<String, AttributeValue>;

/// The item under one key.
struct Item {
    value: String,
    expires: u64,
    version: Option<Version>,
}

impl Item {
    fn read(mut item: Attributes) -> Result<Self, StoreError> {
        let expires = item
            .get(EXPIRES)
            .and_then(|expires| expires.as_n().ok()?.parse().ok())
            .ok_or(StoreError::Nonsense)?;
        let Some(AttributeValue::S(value)) = item.remove(VALUE) else {
            return Err(StoreError::Nonsense);
        };
        Ok(Self {
            value,
            expires,
            version: version_of(&item)?,
        })
    }
}

fn version_of(item: &Attributes) -> Result<Option<Version>, StoreError> {
    let (Some(id), Some(earlier)) = (item.get(VERSION), item.get(EARLIER)) else {
        return Ok(None);
    };
    let text = |value: &AttributeValue| value.as_s().cloned().map_err(|_| StoreError::Nonsense);
    let earlier = earlier.as_l().map_err(|_| StoreError::Nonsense)?;
    let earlier = earlier.iter().map(text).collect::<Result<_, _>>()?;
    Ok(Some(Version::stored(text(id)?, earlier)))
}

impl Store for DynamoDbStore {
    fn put(
        &self,
        key: String,
        value: String,
        time_to_live: Duration,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        async move {
            let written = self
                .put_item(key, value, time_to_live)?
                .condition_expression("attribute_not_exists(#pk) OR #expires <= :now")
                .expression_attribute_names("#pk", KEY)
                .send()
                .await;
            match written.map_err(|error| reason(&error, "dynamodb:PutItem")) {
                // The first item stays.
                Err(StoreError::Conflict) => Ok(()),
                written => written.map(|_| ()),
            }
        }
        .boxed()
    }

    fn get(&self, key: String) -> BoxFuture<'_, Result<Option<String>, StoreError>> {
        async move {
            let output = self
                .client
                .get_item()
                .table_name(&self.table)
                .key(KEY, AttributeValue::S(key))
                .consistent_read(true)
                // Readers poll, so one attempt is enough, and a table that refuses must be reported.
                .customize()
                .config_override(once())
                .send()
                .await
                .map_err(|error| reason(&error, "dynamodb:GetItem"))?;
            let item = output.item.map(|item| self.living(item)).transpose()?;
            Ok(item.flatten().map(|item| item.value))
        }
        .boxed()
    }

    fn read(&self, key: String) -> BoxFuture<'_, Result<Option<Versioned>, StoreError>> {
        async move {
            let output = self
                .client
                .get_item()
                .table_name(&self.table)
                .key(KEY, AttributeValue::S(key))
                .consistent_read(true)
                // The caller retries within its own time, and must report a table that refuses.
                .customize()
                .config_override(once())
                .send()
                .await
                .map_err(|error| reason(&error, "dynamodb:GetItem"))?;
            let item = output.item.map(|item| self.living(item)).transpose()?;
            let value = item.flatten().map(|item| {
                Ok(Versioned {
                    value: item.value,
                    version: item.version.ok_or(StoreError::Nonsense)?,
                })
            });
            value.transpose()
        }
        .boxed()
    }

    fn write(
        &self,
        key: String,
        value: String,
        time_to_live: Duration,
        version: Version,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        async move {
            let earlier = version.earlier().iter().cloned().map(AttributeValue::S);
            let write = self
                .put_item(key, value, time_to_live)?
                .item(VERSION, AttributeValue::S(version.id().to_owned()))
                .item(EARLIER, AttributeValue::L(earlier.collect()))
                .return_values_on_condition_check_failure(
                    ReturnValuesOnConditionCheckFailure::AllOld,
                );
            let write = match version.replaces() {
                None => write
                    .condition_expression("attribute_not_exists(#pk) OR #expires <= :now")
                    .expression_attribute_names("#pk", KEY),
                Some(replaced) => write
                    .condition_expression("#version = :replaced AND #expires > :now")
                    .expression_attribute_names("#version", VERSION)
                    .expression_attribute_values(
                        ":replaced",
                        AttributeValue::S(replaced.to_owned()),
                    ),
            };
            // The caller retries, and must know of an attempt whose response was lost.
            let written = write.customize().config_override(once()).send().await;
            match written {
                Ok(_) => Ok(()),
                // An earlier attempt, whose response was lost, has written it.
                Err(error) if held_instead(&error).is_some_and(|held| version.is_in(&held)) => {
                    Ok(())
                }
                Err(error) => Err(reason(&error, "dynamodb:PutItem")),
            }
        }
        .boxed()
    }

    fn count(
        &self,
        key: String,
        limit: u32,
        expires: u64,
    ) -> BoxFuture<'_, Result<bool, StoreError>> {
        async move {
            let number = |number: String| AttributeValue::N(number);
            let counted = self
                .client
                .update_item()
                .table_name(&self.table)
                .key(KEY, AttributeValue::S(key))
                .update_expression("SET #expires = :expires ADD #count :one")
                .condition_expression("attribute_not_exists(#count) OR #count < :limit")
                .expression_attribute_names("#count", COUNT)
                .expression_attribute_names("#expires", EXPIRES)
                .expression_attribute_values(":one", number("1".to_owned()))
                .expression_attribute_values(":limit", number(limit.to_string()))
                .expression_attribute_values(":expires", number(expires.to_string()))
                // The caller retries, within its own time.
                .customize()
                .config_override(once())
                .send()
                .await;
            match counted.map_err(|error| reason(&error, CALLER_LIMIT_ACTIONS[0])) {
                Ok(_) => Ok(true),
                Err(StoreError::Conflict) => Ok(false),
                Err(problem) => Err(problem),
            }
        }
        .boxed()
    }

    fn delete(&self, key: String, version: Version) -> BoxFuture<'_, Result<(), StoreError>> {
        async move {
            self.client
                .delete_item()
                .table_name(&self.table)
                .key(KEY, AttributeValue::S(key))
                .condition_expression("attribute_not_exists(#pk) OR #version = :version")
                .expression_attribute_names("#pk", KEY)
                .expression_attribute_names("#version", VERSION)
                .expression_attribute_values(":version", AttributeValue::S(version.id().to_owned()))
                .send()
                .await
                .map(|_| ())
                .map_err(|error| reason(&error, "dynamodb:DeleteItem"))
        }
        .boxed()
    }
}

/// One attempt without retries.
fn once() -> aws_sdk_dynamodb::config::Builder {
    aws_sdk_dynamodb::Config::builder().retry_config(RetryConfig::disabled())
}

/// The version that a refused write found.
fn held_instead(error: &SdkError<PutItemError>) -> Option<Version> {
    let PutItemError::ConditionalCheckFailedException(refusal) = error.as_service_error()? else {
        return None;
    };
    version_of(refusal.item()?).ok().flatten()
}

fn reason<E: ProvideErrorMetadata>(error: &SdkError<E>, action: &'static str) -> StoreError {
    if let Some(refusal) = error.as_service_error() {
        return match refusal.code() {
            Some("AccessDeniedException" | "AccessDenied") => StoreError::AccessDenied { action },
            Some(
                "ThrottlingException"
                | "ProvisionedThroughputExceededException"
                | "RequestLimitExceeded",
            ) => StoreError::Throttled,
            Some("ResourceNotFoundException") => StoreError::TableMissing,
            Some("ConditionalCheckFailedException") => StoreError::Conflict,
            Some("InternalServerError" | "ServiceUnavailable") => StoreError::Failed,
            Some(code) => StoreError::Refused(code.to_owned()),
            None => StoreError::Refused("no error code".to_owned()),
        };
    }
    if matches!(error, SdkError::TimeoutError(_)) {
        StoreError::TooSlow
    } else {
        StoreError::Unreachable
    }
}
