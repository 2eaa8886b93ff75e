//! The environment of the programs that run on this machine alone.

use std::ffi::{OsStr, OsString};

/// The environment of the programs that run on this machine alone: the emulator with its functions, the synthesis, the
/// deployment. It is built from a short list, so that no setting of a shell (AWS, proxies, Python, Node.js) reaches them.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    variables: Vec<(OsString, OsString)>,
    of_the_user: Vec<(OsString, OsString)>,
}

/// Variables for programs, files and libraries, the user, the language and the time zone.
const ALLOWED: [&str; 11] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
];

impl Environment {
    /// The allowed ones of `variables`.
    pub fn from_variables(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let allowed = |name: &OsStr| ALLOWED.iter().any(|allowed| *allowed == name);
        let of_the_user: Vec<_> = variables
            .into_iter()
            .filter(|(name, _)| !leads_to_an_account(name))
            .collect();
        let variables = of_the_user.iter().filter(|(name, _)| allowed(name));
        Self {
            variables: variables.cloned().collect(),
            of_the_user,
        }
    }

    /// All variables but those that lead to an AWS account.
    pub(crate) fn of_the_user(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        pairs(&self.of_the_user)
    }

    pub(crate) fn variables(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        pairs(&self.variables)
    }
}

/// Settings of AWS and of the CDK's command line.
fn leads_to_an_account(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.starts_with(b"AWS_") || name.starts_with(b"CDK_")
}

fn pairs(variables: &[(OsString, OsString)]) -> impl Iterator<Item = (&OsStr, &OsStr)> {
    variables
        .iter()
        .map(|(name, value)| (name.as_os_str(), value.as_os_str()))
}
