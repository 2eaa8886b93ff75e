//! Writes several items in one DynamoDB transaction: all of them or none.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::TransactWriteItem;
use products::table_problem::TableProblem;

/// How often a transaction is tried that met another one on the same item.
const ATTEMPTS: u32 = 8;
/// The longest wait before the second attempt; it doubles with every further one.
const FIRST_WAIT: Duration = Duration::from_millis(10);

/// What a transaction did.
pub(crate) enum Written {
    /// Every write.
    All,
    /// No write, because conditions failed.
    Nothing {
        /// For each write whether its own condition failed.
        failed: Vec<bool>,
    },
}

/// Why a transaction did nothing, apart from its conditions.
pub(crate) enum NotWritten {
    /// Other transactions had one of its items, every time.
    Busy,
    /// DynamoDB; after a timeout or a broken connection the writes may have been done.
    Table(TableProblem),
}

/// Does all writes or none. Waits and tries again while another transaction has one of the items.
pub(crate) async fn write_all(
    client: &Client,
    writes: &[TransactWriteItem],
) -> Result<Written, NotWritten> {
    for attempt in 0..ATTEMPTS {
        let done = client
            .transact_write_items()
            .set_transact_items(Some(writes.to_vec()))
            .send()
            .await;
        let Err(error) = done else {
            return Ok(Written::All);
        };
        let Some(reasons) = reasons(&error) else {
            return Err(NotWritten::Table(TableProblem::from(&error)));
        };
        let failed: Vec<bool> = reasons
            .iter()
            .map(|reason| *reason == "ConditionalCheckFailed")
            .collect();
        if failed.contains(&true) {
            return Ok(Written::Nothing { failed });
        }
        if let Some(reason) = reasons.iter().find(|reason| !may_pass(reason)) {
            return Err(NotWritten::Table(TableProblem::Refused(
                (*reason).to_owned(),
            )));
        }
        let longest = FIRST_WAIT.saturating_mul(1 << attempt);
        tokio::time::sleep(longest.mul_f64(fastrand::f64())).await;
    }
    Err(NotWritten::Busy)
}

fn may_pass(reason: &str) -> bool {
    matches!(
        reason,
        "None" | "TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded"
    )
}

/// The reason of each write of a transaction that was cancelled; `None` for another error.
fn reasons<R>(error: &SdkError<TransactWriteItemsError, R>) -> Option<Vec<&str>> {
    let TransactWriteItemsError::TransactionCanceledException(cancelled) =
        error.as_service_error()?
    else {
        return None;
    };
    let reasons = cancelled.cancellation_reasons();
    Some(
        reasons
            .iter()
            .map(|reason| reason.code().unwrap_or("None"))
            .collect(),
    )
}
