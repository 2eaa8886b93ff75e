//! `docs/command.md` has every command with its options, as the command line itself says them.
//!
//! `UPDATE_REFERENCE=1 cargo test -p mcp-lambda-cli --test command reference` writes the page again after a change.

use std::fmt::Write;
use std::path::Path;

use clap::{Arg, Command, CommandFactory};
use mcp_lambda_cli::commands::CommandLine;

/// The line before the generated part of the page.
const MARK: &str = "<!-- From here on written by the test cli/tests/command/reference.rs from the command line itself. -->\n";

#[test]
fn the_page_of_the_command_has_every_command_with_its_options() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/command.md");
    let before = std::fs::read_to_string(&page).unwrap();
    let (head, written) = before.split_once(MARK).unwrap();
    let mut reference = "\n| command, option | meaning |\n|---|---|\n".to_owned();
    for command in CommandLine::command().get_subcommands() {
        rows(&mut reference, "mcp-lambda", command);
    }
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        std::fs::write(&page, format!("{head}{MARK}{reference}")).unwrap();
    } else {
        assert_eq!(written, reference, "run this test with UPDATE_REFERENCE=1");
    }
}

/// A row for the command and one for each option; of a command with subcommands only theirs.
fn rows(page: &mut String, parent: &str, command: &Command) {
    let name = format!("{parent} {}", command.get_name());
    if command.has_subcommands() {
        for subcommand in command.get_subcommands() {
            rows(page, &name, subcommand);
        }
        return;
    }
    let mut own = command.clone().bin_name(&name);
    let usage = own.render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").replace('|', "\\|");
    let about = command
        .get_about()
        .map(ToString::to_string)
        .unwrap_or_default();
    writeln!(page, "| **`{usage}`** | {about} |").unwrap();
    let shown = |argument: &&Arg| !argument.is_hide_set() && argument.get_id() != "help";
    page.extend(command.get_arguments().filter(shown).map(row));
}

fn row(argument: &Arg) -> String {
    let value = argument
        .get_value_names()
        .filter(|_| argument.get_action().takes_values())
        .map_or_else(String::new, |names| format!(" <{}>", names.join("> <")));
    let name = match (argument.get_long(), argument.get_short()) {
        (Some(long), Some(short)) => format!("--{long}, -{short}{value}"),
        (Some(long), None) => format!("--{long}{value}"),
        (None, _) => value.trim_start().to_owned(),
    };
    let mut meaning = argument
        .get_help()
        .map(ToString::to_string)
        .unwrap_or_default();
    let values = argument.get_possible_values();
    let shown = argument.get_action().takes_values() && !argument.is_hide_possible_values_set();
    if shown && !values.is_empty() {
        let names: Vec<String> = values
            .iter()
            .map(|value| format!("`{}`", value.get_name()))
            .collect();
        write!(meaning, "; {}", names.join(", ")).unwrap();
    }
    let defaults: Vec<String> = argument
        .get_default_values()
        .iter()
        .map(|value| format!("`{}`", value.to_string_lossy()))
        .collect();
    if !defaults.is_empty() && argument.get_action().takes_values() {
        write!(meaning, "; default {}", defaults.join(", ")).unwrap();
    }
    if let Some(variable) = argument.get_env() {
        write!(
            meaning,
            "; or the variable `{}`",
            variable.to_string_lossy()
        )
        .unwrap();
    }
    format!("| `{name}` | {} |\n", meaning.replace('|', "\\|"))
}
