//! The options of a session.

use std::path::PathBuf;

use crate::dev::converse::LocalModel;
use crate::dev::programs::BuildOptions;

/// What the command line asks for.
#[derive(Debug, Clone)]
pub(crate) struct SessionOptions {
    pub(crate) build: BuildOptions,
    /// The commands of `--with`.
    pub(crate) with: Vec<String>,
    /// What replies in the playgrounds.
    pub(crate) model: LocalModel,
    pub(crate) watch: bool,
    pub(crate) quiet: bool,
    pub(crate) json: bool,
    pub(crate) outputs_file: Option<PathBuf>,
}
