//! Which account an emulator plays.

/// The account and Region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) region: String,
}
