//! What holds for every item of the table.

use std::time::{SystemTime, UNIX_EPOCH};

/// Longest value, in bytes: an item of DynamoDB has 400 KB at most, its key and attributes included.
pub(crate) const MAX_VALUE: usize = 350 * 1024;

/// Seconds since 1970, the unit of DynamoDB's time to live.
pub(crate) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}
