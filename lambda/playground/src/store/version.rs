//! Random names of writes, by which a writer finds out that a lost response was a success.

use ring::rand::{SecureRandom, SystemRandom};

use super::table::TableError;

/// A name that no other write has.
pub(super) fn version() -> Result<String, TableError> {
    let mut bytes = [0_u8; 12];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| TableError::Unavailable("there are no random bytes".to_owned()))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
