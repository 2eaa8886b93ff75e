//! The environment of the programs that run on this machine alone.

use std::ffi::{OsStr, OsString};

/// The environment of the programs that run on this machine alone: the emulator with its functions, the synthesis, the
/// deployment. It is built from a short list, so that no setting of a shell (AWS, proxies, Python, Node.js) reaches them.
#[derive(Debug, Clone, Default)]
pub struct Environment(Vec<(OsString, OsString)>);

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
        Self(
            variables
                .into_iter()
                .filter(|(name, _)| allowed(name))
                .collect(),
        )
    }

    pub(crate) fn variables(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }
}
