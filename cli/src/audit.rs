//! Reads and verifies the audit trail of a server.

mod checkpoint;
mod finding;
mod source;
mod verify;

pub use self::checkpoint::{Checkpoint, CheckpointError, Head};
pub use self::finding::Finding;
pub use self::source::{SourceError, is_trail, read_group};
pub use self::verify::{Report, Verifier};
