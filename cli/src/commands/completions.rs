//! `mcp-lambda completions`: a script that completes the command line in a shell.

use clap::{Args, Command};
use clap_complete::Shell;

pub(super) const EXAMPLES: &str = "Examples:
  mcp-lambda completions bash > ~/.local/share/bash-completion/completions/mcp-lambda
  mcp-lambda completions zsh > ~/.zfunc/_mcp-lambda
  mcp-lambda completions fish > ~/.config/fish/completions/mcp-lambda.fish
  mcp-lambda completions powershell >> $PROFILE";

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The shell
    shell: Shell,
}

/// Returns the script for `command`.
pub(super) fn run(options: &Options, mut command: Command) -> String {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut command, "mcp-lambda", &mut script);
    String::from_utf8_lossy(&script).trim_end().to_owned()
}
