//! What can go wrong between Rust and the jsii kernel, and how it reads.

use std::fmt;
use std::panic::Location;
use std::path::PathBuf;

/// Result of everything that talks to the kernel.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed. Each reason has its own message, and each message names the fix.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// No `node` program could be started.
    #[error("cannot start '{program}': install Node.js 20 or later, or set JSII_NODE to its path")]
    NodeMissing {
        /// What was looked for: a path from `JSII_NODE`, or `node`.
        program: String,
    },
    /// The `node` program is older than the jsii runtime and aws-cdk-lib support.
    #[error(
        "'{program}' is Node.js {found}, which is too old: install {wanted} or later, or set JSII_NODE to its path"
    )]
    NodeTooOld {
        /// The path of the program.
        program: String,
        /// What it answered to `--version`.
        found: String,
        /// The oldest major version that works.
        wanted: u32,
    },
    /// `@jsii/runtime` is not installed where it is looked for.
    #[error("@jsii/runtime is in no node_modules from '{}' upward: run 'npm ci' there, or set JSII_RUNTIME", searched_from.display())]
    RuntimeMissing {
        /// The directory from which the search went upward.
        searched_from: PathBuf,
    },
    /// `@jsii/runtime` has a version that this crate does not speak with.
    #[error(
        "the kernel says '{hello}', but {wanted} or a later 1.x is needed: run 'npm install @jsii/runtime@1.140.0'"
    )]
    RuntimeVersion {
        /// The kernel's greeting, for example `@jsii/runtime@1.99.0`.
        hello: String,
        /// The oldest release of major version 1 that works.
        wanted: String,
    },
    /// An npm package that the bindings need is not installed.
    #[error("npm package '{package}' is in no node_modules from '{}' upward: run 'npm install {package}@{version}'", searched_from.display())]
    PackageMissing {
        /// Name of the npm package.
        package: String,
        /// The version that the bindings were generated from.
        version: String,
        /// The directory from which the search went upward.
        searched_from: PathBuf,
    },
    /// The bindings were generated from another version of the package.
    #[error(
        "the bindings were generated from {package} {generated_from}, but node_modules has {installed}: run 'npm install {package}@{generated_from}', or generate the bindings again"
    )]
    PackageVersion {
        /// Name of the npm package.
        package: String,
        /// The version that the bindings were generated from.
        generated_from: String,
        /// The version in `node_modules`.
        installed: String,
    },
    /// A package cannot be copied into the cache (full disk, permissions).
    #[error("cannot write '{}': {cause}; make room, or set JSII_HOST_CACHE to another directory", path.display())]
    Cache {
        /// The file that could not be written.
        path: PathBuf,
        /// What the operating system said.
        cause: String,
    },
    /// The node process ended while an answer was awaited.
    #[error(
        "the jsii kernel (node) ended in the middle of a call with {status}: its last words are above; out of memory is the usual cause, NODE_OPTIONS=--max-old-space-size=… raises the limit"
    )]
    KernelDied {
        /// How it ended: an exit code or a signal.
        status: String,
    },
    /// The node process did not answer in time.
    #[error(
        "no answer to '{request}' from the jsii kernel (node) in {seconds} s: check that JSII_NODE is Node.js; JSII_HOST_TIMEOUT (seconds) allows more time"
    )]
    KernelSilent {
        /// Seconds waited.
        seconds: u64,
        /// What was asked.
        request: String,
    },
    /// The node process answered something that is not the jsii protocol.
    #[error(
        "the jsii kernel answered '{answer}', which is not its protocol: check JSII_NODE and JSII_RUNTIME"
    )]
    Garbage {
        /// The beginning of the answer.
        answer: String,
    },
    /// JavaScript code threw.
    #[error("{message}")]
    Exception {
        /// The message of the JavaScript error.
        message: String,
    },
    /// The kernel refused a call, for example because of a value of the wrong type.
    #[error("{message}")]
    Fault {
        /// The kernel's message.
        message: String,
    },
    /// A value from JavaScript is not of the declared type.
    #[error("wanted a value of type {wanted}, got {value}")]
    WrongType {
        /// The Rust or jsii type that was wanted.
        wanted: String,
        /// The beginning of the value.
        value: String,
    },
    /// A Rust callback failed with an error of its own.
    #[error("{message}")]
    Callback {
        /// The text of the error.
        message: String,
    },
}

/// An error with the place in the caller's code where the failing call was made.
///
/// `Debug` prints the same as `Display`, so that a `main` that returns it shows at most five lines.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    reason: Reason,
    location: Option<&'static Location<'static>>,
    construct_path: Option<String>,
    javascript_stack: Option<String>,
}

impl Error {
    /// An error at the place of the caller.
    #[track_caller]
    #[must_use]
    pub fn new(reason: Reason) -> Self {
        Self(Box::new(Inner {
            reason,
            location: Some(Location::caller()),
            construct_path: None,
            javascript_stack: None,
        }))
    }

    /// An error of a Rust callback: what a trait implementation returns to make JavaScript see an exception.
    #[track_caller]
    #[must_use]
    pub fn callback(message: impl fmt::Display) -> Self {
        Self::new(Reason::Callback {
            message: message.to_string(),
        })
    }

    #[track_caller]
    pub(crate) fn wrong_type(wanted: &str, value: &serde_json::Value) -> Self {
        Self::new(Reason::WrongType {
            wanted: wanted.to_owned(),
            value: beginning(&value.to_string()),
        })
    }

    /// The same error, reported at the given place.
    #[must_use]
    pub fn at(mut self, location: &'static Location<'static>) -> Self {
        self.0.location = Some(location);
        self
    }

    pub(crate) fn with_stack(mut self, stack: Option<String>) -> Self {
        self.0.javascript_stack = stack;
        self
    }

    pub(crate) fn with_construct_path(mut self, path: Option<String>) -> Self {
        self.0.construct_path = path;
        self
    }

    /// Why the call failed.
    #[must_use]
    pub fn reason(&self) -> &Reason {
        &self.0.reason
    }

    /// Where in the Rust code the failing call was made.
    #[must_use]
    pub fn location(&self) -> Option<&'static Location<'static>> {
        self.0.location
    }

    /// Path in the construct tree of what was being made or called, if there is one.
    #[must_use]
    pub fn construct_path(&self) -> Option<&str> {
        self.0.construct_path.as_deref()
    }

    /// The JavaScript stack trace. Shown by `Display` only when `JSII_DEBUG` is set.
    #[must_use]
    pub fn javascript_stack(&self) -> Option<&str> {
        self.0.javascript_stack.as_deref()
    }

    /// The message alone, without the location.
    #[must_use]
    pub fn message(&self) -> String {
        self.0.reason.to_string()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shortened(&self.0.reason.to_string()))?;
        if let Some(location) = self.0.location {
            write!(f, "\n  --> {location}")?;
        }
        if let Some(path) = &self.0.construct_path {
            write!(f, "\n  construct: {path}")?;
        }
        match &self.0.javascript_stack {
            Some(stack) if crate::environment::debug() => write!(f, "\n{stack}"),
            Some(_) | None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}

/// The reason for an answer that is not of the protocol.
pub(crate) fn garbage(answer: &str) -> Reason {
    Reason::Garbage {
        answer: beginning(answer),
    }
}

/// The first 120 characters, for values that may be megabytes.
fn beginning(text: &str) -> String {
    let mut short: String = text.chars().take(120).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// The kernel draws a tree under a type error, which repeats the value. What helps is the first line, which names the
/// argument, and the last two reasons, which name the key.
fn shortened(message: &str) -> String {
    let message = message.trim_end();
    let Some((tree, reasons)) = message.split_once("Failure reason(s):") else {
        return message.to_owned();
    };
    if crate::environment::debug() {
        return message.to_owned();
    }
    let first = tree.lines().next().unwrap_or_default();
    let first = first.trim_start_matches("@jsii/kernel.SerializationError: ");
    let is_branch = |letter: char| {
        letter.is_whitespace() || "\u{2570}\u{2500}\u{251c}\u{2502}".contains(letter)
    };
    let named =
        |line: &&str| line.contains("\u{2570}\u{2500}") || line.contains("\u{251c}\u{2500}");
    let reasons: Vec<&str> = reasons
        .lines()
        .filter(named)
        .map(|line| line.trim_start_matches(is_branch))
        .filter(|line| !line.starts_with(|letter: char| !letter.is_ascii()))
        .collect();
    let last = reasons
        .get(reasons.len().saturating_sub(2)..)
        .unwrap_or_default();
    [&[first], last].concat().join("\n  ")
}
