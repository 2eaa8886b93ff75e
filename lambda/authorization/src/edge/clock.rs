//! Reads the clock as a [`Timestamp`].

use std::time::SystemTime;

use crate::capability::Timestamp;

/// The only clock, read by `main`.
pub type Clock = fn() -> SystemTime;

/// The moment of a clock.
pub fn timestamp(time: SystemTime) -> Timestamp {
    Timestamp(
        time.duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |elapsed| elapsed.as_secs()),
    )
}
