//! The kernel's index of an assembly, which makes later starts fast.
//!
//! On the first load of a package the kernel builds an index in a worker thread. A host that is quicker than the
//! worker ends the process before the index is written, at every run, and never gets it. So the end of
//! the kernel waits for it, once per package and at most some seconds.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::environment;

const LIMIT: Duration = Duration::from_secs(8);
/// The kernel's marker of a completely unpacked package.
const COMPLETE: &str = ".jsii-runtime-package-cache";

/// A package whose index may be under construction.
#[derive(Debug)]
pub(crate) struct Unindexed {
    /// The kernel's directory for this package and version; it holds one directory per content.
    versions: PathBuf,
    /// A note beside the tar file: it was waited for.
    note: PathBuf,
}

impl Unindexed {
    /// The package, unless its index was waited for before.
    pub(crate) fn of(name: &str, version: &str, tarball: &Path) -> Option<Self> {
        let note = tarball.with_extension("indexed");
        if note.exists() {
            return None;
        }
        Some(Self {
            versions: environment::kernel_cache_directory()?
                .join(name)
                .join(version),
            note,
        })
    }

    fn is_indexed(&self) -> bool {
        let Ok(contents) = fs::read_dir(&self.versions) else {
            return true;
        };
        contents
            .flatten()
            .filter(|entry| entry.path().join(COMPLETE).exists())
            .all(|entry| {
                fs::read_dir(entry.path()).is_ok_and(|mut files| {
                    files.any(|file| {
                        file.is_ok_and(|file| {
                            let name = file.file_name();
                            let name = name.to_string_lossy();
                            name.starts_with(".jsii.runtime.v") && name.ends_with(".json")
                        })
                    })
                })
            })
    }
}

/// Waits for the indexes of all packages, in all at most [`LIMIT`].
pub(crate) fn wait_for(packages: &[Unindexed]) {
    let started = Instant::now();
    for package in packages {
        while !package.is_indexed() && started.elapsed() < LIMIT {
            thread::sleep(Duration::from_millis(20));
        }
        // Also after waiting in vain: a worker that fails would fail again.
        fs::write(&package.note, "").ok();
    }
}
