//! `mcp-lambda new`: a project with a server, its stack and their tests.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use dialoguer::theme::ColorfulTheme;
use dialoguer::{Input, Select};

use crate::new::{
    Dependencies, Example, NewError, Project, ProjectName, Stack, check_checkout, commands,
    install, write,
};

pub(super) const EXAMPLES: &str = "Examples:
  mcp-lambda new shop
  mcp-lambda new tools/shop --stack python --example http
  mcp-lambda new shop --yes             the defaults, without a question";

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Folder of the new project; its last part is the project's name
    folder: Option<PathBuf>,

    /// Language of the CDK app
    #[arg(long, value_enum)]
    stack: Option<Stack>,

    /// What the server shows
    #[arg(long, value_enum)]
    example: Option<Example>,

    /// Ask nothing: take the default of each option that is not given
    #[arg(long, short)]
    yes: bool,

    /// Write the files only: install no package
    #[arg(long)]
    no_install: bool,

    /// Use the crates and packages of this checkout of mcp-lambda
    #[arg(long, value_name = "CHECKOUT")]
    source: Option<PathBuf>,
}

/// Why the command made no project.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The project.
    #[error(transparent)]
    New(#[from] NewError),
    /// There is no terminal to ask in.
    #[error(
        "the new project needs a name: run `mcp-lambda new NAME`, such as `mcp-lambda new shop`"
    )]
    NameMissing,
    /// The question went unanswered.
    #[error(
        "the question could not be asked ({0}): give the options on the command line, or --yes"
    )]
    Question(#[from] dialoguer::Error),
    /// The current folder or the checkout.
    #[error("{path} is no folder ({cause}): {fix}", path = path.display())]
    Folder {
        /// The path.
        path: PathBuf,
        /// What the operating system said.
        cause: std::io::Error,
        /// What to do.
        fix: &'static str,
    },
}

/// Makes the project and returns what to do next.
pub(super) fn run(options: Options) -> Result<String, Error> {
    let ask = !options.yes && std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    let given = match options.folder {
        Some(folder) => folder,
        None if ask => Input::<String>::with_theme(&ColorfulTheme::default())
            .with_prompt("Name of the project")
            .validate_with(|name: &String| ProjectName::parse(name).map(drop))
            .interact_text()?
            .into(),
        None => return Err(Error::NameMissing),
    };
    let folder = std::path::absolute(&given).map_err(|cause| Error::Folder {
        path: given.clone(),
        cause,
        fix: "run the command in a folder that exists",
    })?;
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let name = ProjectName::parse(&name).map_err(NewError::from)?;
    let dependencies = match options.source {
        None => Dependencies::registries(),
        Some(path) => match std::fs::canonicalize(&path) {
            Ok(checkout) => Dependencies::checkout(checkout),
            Err(cause) => {
                return Err(Error::Folder {
                    path,
                    cause,
                    fix: "give --source a checkout of mcp-lambda",
                });
            }
        },
    };
    let project = Project {
        name,
        stack: chosen(
            options.stack,
            Stack::TypeScript,
            "Language of the stack",
            ask,
        )?,
        example: chosen(options.example, Example::Tool, "Example", ask)?,
        dependencies,
    };
    if !options.no_install {
        check_checkout(&project)?;
    }
    let paths = write(&project, &folder)?;
    if !options.no_install {
        install(project.stack, &folder, say).map_err(NewError::from)?;
    }
    Ok(report(&project, &given, &paths, options.no_install))
}

/// The given value, else the one that is chosen in the terminal, else the default.
fn chosen<T: ValueEnum + PartialEq>(
    given: Option<T>,
    default: T,
    question: &str,
    ask: bool,
) -> Result<T, Error> {
    if !ask || given.is_some() {
        return Ok(given.unwrap_or(default));
    }
    let values = T::value_variants();
    let lines = values.iter().map(|value| {
        let value = value.to_possible_value().unwrap_or_default();
        format!(
            "{:<11}{}",
            value.get_name(),
            value.get_help().cloned().unwrap_or_default()
        )
    });
    let index = Select::with_theme(&ColorfulTheme::default())
        .with_prompt(question)
        .items(lines)
        .default(
            values
                .iter()
                .position(|value| *value == default)
                .unwrap_or(0),
        )
        .interact()?;
    Ok(values.get(index).cloned().unwrap_or(default))
}

/// A line of progress. A closed standard error does not stop the command.
fn say(command: &str) {
    let _ = writeln!(std::io::stderr(), "  {command}");
}

fn report(
    project: &Project,
    folder: &std::path::Path,
    paths: &[PathBuf],
    install_left: bool,
) -> String {
    let mut lines = vec![format!("created {}", folder.display())];
    lines.extend(paths.iter().map(|path| format!("  {}", path.display())));
    lines.push(String::new());
    lines.push(format!("  cd {}", folder.display()));
    if install_left {
        lines.extend(commands(project.stack).map(|command| format!("  {command}")));
    }
    lines.push(
        "  npm start        # runs it on this machine and prints the line for your MCP client"
            .to_owned(),
    );
    lines.push("  npm test         # the tools and the stack".to_owned());
    lines.join("\n")
}
