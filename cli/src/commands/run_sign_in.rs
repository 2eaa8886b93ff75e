//! A new sign-in of a person for one run of a command, whose tokens go with the run.

use super::server_options::{desktop, sign_ins};
use crate::oauth::{Identity, OAuthError, Options, PATIENCE, RunDirectory, visit_or_print};
use crate::variables::Variables;

/// The directory of the tokens, which must live as long as the person is signed in, and how to sign in.
pub(super) fn sign_in_of_run(
    command: &str,
    client_id: Option<String>,
    no_browser: bool,
    variables: &Variables,
) -> Result<(RunDirectory, Options), Box<OAuthError>> {
    let sign_ins = sign_ins(variables).map_err(Box::new)?;
    let directory = RunDirectory::new(&sign_ins, command).map_err(Box::new)?;
    let options = Options {
        identity: Identity::Person {
            client_id,
            metadata_document: None,
        },
        scopes: Vec::new(),
        visit: visit_or_print(desktop(no_browser, variables)),
        callback_port: 0,
        patience: PATIENCE,
        directory: directory.path().to_owned(),
    };
    Ok((directory, options))
}
