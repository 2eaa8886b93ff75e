//! A directory for the tokens of one run of a command, which goes with it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::OAuthError;

/// A directory that a killed run has left is removed by a later one after this time.
const STALE: Duration = Duration::from_hours(24);

/// A directory of its own below that of the sign-ins. The files in it are made when there is something to keep.
#[derive(Debug)]
pub struct RunDirectory(PathBuf);

impl RunDirectory {
    /// A directory for a run of `command`. Removes those that killed runs of it have left.
    ///
    /// # Errors
    ///
    /// [`OAuthError::File`] when the operating system gives no random bytes for its name.
    pub fn new(sign_ins: &Path, command: &str) -> Result<Self, OAuthError> {
        remove_stale(sign_ins, &format!("{command}-"));
        let mut random = [0; 8];
        getrandom::fill(&mut random)
            .map_err(|cause| std::io::Error::other(cause.to_string()))
            .map_err(OAuthError::file(sign_ins))?;
        let name: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self(sign_ins.join(format!("{command}-{name}"))))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for RunDirectory {
    fn drop(&mut self) {
        // A directory that was never made cannot be removed.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn remove_stale(sign_ins: &Path, prefix: &str) {
    // Without the directory there is nothing to remove.
    for entry in std::fs::read_dir(sign_ins).into_iter().flatten().flatten() {
        let modified = entry.metadata().and_then(|metadata| metadata.modified());
        let age = modified.ok().and_then(|modified| modified.elapsed().ok());
        let is_stale = age.is_some_and(|age| age > STALE);
        if is_stale && entry.file_name().to_string_lossy().starts_with(prefix) {
            // Another run may remove it at the same time.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{FileTimes, create_dir_all, exists, write};
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn a_run_removes_its_directory_and_what_a_killed_run_of_the_same_command_left_a_day_ago() {
        let sign_ins = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tmp/run-directory");
        let _ = std::fs::remove_dir_all(&sign_ins);
        let [old, new, other] = ["live-01", "live-02", "doctor-03"].map(|name| sign_ins.join(name));
        for directory in [&old, &new, &other] {
            create_dir_all(directory).unwrap();
            write(directory.join("tokens.json"), "{}").unwrap();
        }
        let long_ago = FileTimes::new().set_modified(UNIX_EPOCH);
        for directory in [&old, &other] {
            let directory = std::fs::File::open(directory).unwrap();
            directory.set_times(long_ago).unwrap();
        }
        let run = RunDirectory::new(&sign_ins, "live").unwrap();
        let left = [&old, &new, &other].map(|directory| exists(directory).unwrap());
        assert_eq!(left, [false, true, true]);
        let path = run.path().to_owned();
        create_dir_all(&path).unwrap();
        drop(run);
        assert!(!exists(&path).unwrap());
    }
}
