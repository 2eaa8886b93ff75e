//! The only place of this crate that reads the environment.
//!
//! | variable | meaning | default |
//! |---|---|---|
//! | `JSII_NODE` | the Node.js program | `node` from `PATH` |
//! | `JSII_RUNTIME` | path of `jsii-runtime.js` | found in `node_modules`, upward from the current directory |
//! | `JSII_HOST_CACHE` | directory for packed npm packages | `$XDG_CACHE_HOME/jsii-host`, else `~/.cache/jsii-host` |
//! | `JSII_HOST_TIMEOUT` | seconds that one answer may take | 900 |
//! | `JSII_TRACE` | prints every message on standard error | off |
//! | `JSII_DEBUG` | errors carry the JavaScript stack, kernel messages are not cut | off |

// A language runtime is configured by the process that it runs in: there is no `main` of ours to hand this down.
#![allow(clippy::disallowed_methods)]

use std::path::{Path, PathBuf};
use std::time::Duration;

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

pub(crate) fn debug() -> bool {
    variable("JSII_DEBUG").is_some()
}

pub(crate) fn trace() -> bool {
    variable("JSII_TRACE").is_some()
}

pub(crate) fn node() -> String {
    variable("JSII_NODE").unwrap_or_else(|| "node".to_owned())
}

pub(crate) fn runtime() -> Option<PathBuf> {
    variable("JSII_RUNTIME").map(PathBuf::from)
}

pub(crate) fn answer_timeout() -> Duration {
    let seconds = variable("JSII_HOST_TIMEOUT").and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(900))
}

pub(crate) fn current_directory() -> PathBuf {
    std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."))
}

pub(crate) fn cache_directory() -> PathBuf {
    if let Some(path) = variable("JSII_HOST_CACHE") {
        return PathBuf::from(path);
    }
    match (variable("XDG_CACHE_HOME"), variable("HOME")) {
        (Some(cache), _) => Path::new(&cache).join("jsii-host"),
        (None, Some(home)) => Path::new(&home).join(".cache/jsii-host"),
        (None, None) => std::env::temp_dir().join("jsii-host"),
    }
}

/// Where the kernel keeps unpacked packages; the rule is the kernel's own.
pub(crate) fn kernel_cache_directory() -> Option<PathBuf> {
    if let Some(path) = variable("JSII_RUNTIME_PACKAGE_CACHE_ROOT") {
        return Some(PathBuf::from(path));
    }
    let home = PathBuf::from(variable("HOME")?);
    Some(if cfg!(target_os = "macos") {
        home.join("Library/Caches/com.amazonaws.jsii/package-cache")
    } else {
        home.join(".cache/aws/jsii/package-cache")
    })
}

/// The full path of a program on `PATH`, or the name itself when it is already a path or not found.
pub(crate) fn program_path(name: &str) -> PathBuf {
    if name.contains('/') {
        return PathBuf::from(name);
    }
    variable("PATH")
        .and_then(|path| {
            std::env::split_paths(&path)
                .map(|directory| directory.join(name))
                .find(|candidate| candidate.is_file())
        })
        .unwrap_or_else(|| PathBuf::from(name))
}

/// The first `node_modules/<relative>` from `start` upward.
pub(crate) fn find_upward(start: &Path, relative: &str) -> Option<PathBuf> {
    start
        .ancestors()
        .map(|directory| directory.join("node_modules").join(relative))
        .find(|candidate| candidate.exists())
}
