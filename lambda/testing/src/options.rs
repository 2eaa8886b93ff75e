//! How a function is run.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::answer::TransferMode;

/// How a function is run.
#[derive(Clone, Debug)]
pub struct FunctionOptions {
    /// The program, usually a `bootstrap`, and its arguments.
    pub command: Vec<String>,
    /// The program's whole environment, apart from the variables that Lambda itself sets.
    pub environment: BTreeMap<String, String>,
    /// `_HANDLER`, which managed runtimes need; custom runtimes do not read it.
    pub handler: String,
    /// How long one invocation may take; the process is killed then.
    pub timeout: Duration,
    /// What form the answers must have.
    pub transfer_mode: TransferMode,
    /// Whether idle processes are ended at random.
    pub kills: Option<Kills>,
}

/// Ending idle processes at random: before each invocation, each idle process with this probability.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kills {
    /// Between 0 and 1.
    pub probability: f64,
    /// The same seed and the same order of requests end the same processes.
    pub seed: u64,
}
