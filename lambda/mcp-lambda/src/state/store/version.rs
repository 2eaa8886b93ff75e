//! Defines the versions of stored values, by which a writer recognises its own write.

use crate::state::store::keys::unguessable;
use crate::state::store::store_error::StoreError;

/// How many versions a value remembers: a writer whose response was lost recognises its own write even after this many
/// later ones.
const REMEMBERED: usize = 16;

/// One version of one value: an id that no other write has, and those of the versions before it.
///
/// The writer chooses the version beforehand, so a repeated write takes effect once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    id: String,
    /// The latest one first.
    earlier: Vec<String>,
}

/// A value with the version that a later write names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Versioned {
    pub(crate) value: String,
    pub(crate) version: Version,
}

impl Version {
    /// The version for a new value.
    pub(crate) fn first() -> Result<Self, StoreError> {
        Ok(Self {
            id: unguessable().map_err(|_| StoreError::NoRandomness)?,
            earlier: Vec::new(),
        })
    }

    /// The version for a value that replaces this version.
    pub(crate) fn next(&self) -> Result<Self, StoreError> {
        let mut next = Self::first()?;
        next.earlier.push(self.id.clone());
        next.earlier
            .extend(self.earlier.iter().take(REMEMBERED - 1).cloned());
        Ok(next)
    }

    pub(super) fn stored(id: String, earlier: Vec<String>) -> Self {
        Self { id, earlier }
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn earlier(&self) -> &[String] {
        &self.earlier
    }

    /// The version that this one replaces; `None` for a first one.
    pub(super) fn replaces(&self) -> Option<&str> {
        self.earlier.first().map(String::as_str)
    }

    /// Whether the other version is this one or a later one.
    pub(super) fn is_in(&self, other: &Self) -> bool {
        other.id == self.id || other.earlier.contains(&self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::{REMEMBERED, Version};

    #[test]
    fn remembers_its_predecessors_up_to_a_bound() {
        let first = Version::first().unwrap();
        let mut latest = first.clone();
        for _ in 0..REMEMBERED {
            latest = latest.next().unwrap();
            assert!(first.is_in(&latest));
        }
        let later = latest.next().unwrap();
        assert!(latest.is_in(&later) && !later.is_in(&latest));
        assert!(!first.is_in(&later), "an item does not grow for ever");
    }
}
