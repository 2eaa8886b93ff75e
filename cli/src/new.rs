//! A new project: its files from the templates of this crate, its packages from their registries.

mod dependencies;
mod files;
mod install;
mod project;
mod project_name;
mod write;

use std::path::{Path, PathBuf};

pub use dependencies::Dependencies;
pub use install::{InstallError, commands, install};
pub use project::{Example, Project, Stack};
pub use project_name::{NameError, ProjectName};
pub use write::WriteError;

/// Why no project was made.
#[derive(Debug, thiserror::Error)]
pub enum NewError {
    /// The name is none that Cargo accepts.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The folder cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The files are there, what they need is not.
    #[error(transparent)]
    Install(#[from] InstallError),
    /// The folder of `--source` is something else.
    #[error(
        "{} is no checkout of mcp-lambda (it has no lambda/mcp-lambda/Cargo.toml): give --source the folder of a clone", .0.display()
    )]
    NotACheckout(PathBuf),
    /// The checkout lacks what the project would install from it.
    #[error("{file} does not exist: run `{command}` in {checkout}, then this command again", file = file.display(), checkout = checkout.display())]
    NotBuilt {
        /// What is missing.
        file: PathBuf,
        /// What makes it.
        command: &'static str,
        /// The checkout.
        checkout: PathBuf,
    },
    /// A template is wrong: the tests render each one.
    #[error("the template cannot be rendered: {0}")]
    Template(#[from] askama::Error),
}

/// Checks that the checkout from which `project` would install has what it installs.
///
/// # Errors
///
/// [`NewError::NotACheckout`], or [`NewError::NotBuilt`] with the command that makes it.
pub fn check_checkout(project: &Project) -> Result<(), NewError> {
    let Some(checkout) = project.dependencies.source() else {
        return Ok(());
    };
    if !checkout.join("lambda/mcp-lambda/Cargo.toml").exists() {
        return Err(NewError::NotACheckout(checkout.to_owned()));
    }
    let (file, command) = project.stack.built_in_checkout();
    let file = checkout.join(file);
    if file.exists() {
        return Ok(());
    }
    Err(NewError::NotBuilt {
        file,
        command,
        checkout: checkout.to_owned(),
    })
}

/// Writes the files of `project` into `folder`, which is new or empty, and returns their paths in it.
///
/// # Errors
///
/// The folder has files already, or it cannot be written; then nothing of the project is left in it.
pub fn write(project: &Project, folder: &Path) -> Result<Vec<PathBuf>, NewError> {
    let files = files::render(project)?;
    write::write(&files, folder)?;
    Ok(files
        .into_iter()
        .map(|(path, _)| PathBuf::from(path))
        .collect())
}
