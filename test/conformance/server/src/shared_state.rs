use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// Records that every process of this function sees, as files of one directory.
///
/// A Lambda function is many processes, any of which may be gone at the next request, so what outlives a request is
/// kept outside of them. Records are written once and never changed: a state is derived from the records that exist,
/// and two processes that write the same record at the same time agree on who was first.
///
/// Does not remove old records: a run of the suite makes a few hundred, in a directory of its own.
#[derive(Clone, Debug)]
pub(crate) struct SharedState {
    directory: Arc<PathBuf>,
}

impl SharedState {
    pub(crate) fn new(directory: PathBuf) -> Self {
        Self {
            directory: Arc::new(directory),
        }
    }

    /// Writes a record unless there is one of this name already; whether this call wrote it.
    ///
    /// The record appears at once and whole: it is written under another name and then linked, so a process that is
    /// killed on the way leaves no half of it.
    pub(crate) fn create(&self, name: &str, record: &impl Serialize) -> io::Result<bool> {
        let draft = self.directory.join(format!("draft-{}", Uuid::new_v4()));
        fs::write(&draft, serde_json::to_vec(record)?)?;
        let linked = fs::hard_link(&draft, self.path(name)?);
        fs::remove_file(&draft)?;
        match linked {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The record of this name, if there is one.
    pub(crate) fn read<T: DeserializeOwned>(&self, name: &str) -> io::Result<Option<T>> {
        match fs::read(self.path(name)?) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Nothing but letters, digits, `-` and `_` may be in a name, so that none leaves the directory.
    fn path(&self, name: &str) -> io::Result<PathBuf> {
        let harmless = |character: char| {
            character.is_ascii_alphanumeric() || character == '-' || character == '_'
        };
        if name.is_empty() || name.len() > 200 || !name.chars().all(harmless) {
            return Err(io::Error::new(
                io::ErrorKind::NotFound,
                format!("no record can be called {name:?}"),
            ));
        }
        Ok(self.directory.join(name))
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use uuid::Uuid;

    use super::SharedState;

    #[test]
    fn keeps_the_first_record_of_a_name_and_no_name_leaves_the_directory() {
        let directory = std::env::temp_dir().join(format!("shared-state-{}", Uuid::new_v4()));
        std::fs::create_dir(&directory).unwrap();
        let shared = SharedState::new(directory.clone());

        assert!(shared.create("task-1", &"first").unwrap());
        assert!(!shared.create("task-1", &"second").unwrap());
        assert_eq!(
            shared.read::<String>("task-1").unwrap().as_deref(),
            Some("first")
        );
        assert_eq!(shared.read::<String>("task-2").unwrap(), None);
        for name in ["../task-1", "", "a/b", "a.b"] {
            assert_eq!(
                shared.read::<String>(name).unwrap_err().kind(),
                io::ErrorKind::NotFound,
                "{name}"
            );
        }
        assert_eq!(
            std::fs::read_dir(&directory).unwrap().count(),
            1,
            "no draft is left behind"
        );
        std::fs::remove_dir_all(directory).unwrap();
    }
}
