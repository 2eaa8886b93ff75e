//! Times as the table and the pages have them.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970, the unit of DynamoDB's time to live.
pub(crate) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}
