//! Processes of threads that ended, for threads that begin: a suite of tests starts a few kernels and not one for each test.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Mutex;

use crate::environment;
use crate::process::Process;

/// How many threads one process serves.
const THREADS: u32 = 20;

/// How a process was started, and how many threads had it.
#[derive(Debug)]
pub(crate) struct Origin {
    variables: Vec<(String, String)>,
    directory: PathBuf,
    threads: u32,
}

impl Origin {
    pub(crate) fn new(variables: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self {
            variables: variables.iter().map(owned).collect(),
            directory: environment::current_directory(),
            threads: 1,
        }
    }

    fn fits(&self, wanted: &Self) -> bool {
        self.variables == wanted.variables && self.directory == wanted.directory
    }
}

type Idle = (Origin, Process, HashSet<String>);

/// At the end of the program the operating system closes their connections, at which they end.
static IDLE: Mutex<Vec<Idle>> = Mutex::new(Vec::new());

/// Keeps a process with the packages that it has loaded; ends it if it has served enough.
pub(crate) fn hand_on(origin: Origin, process: Process, loaded: HashSet<String>) {
    // Poisoned: a thread panicked in these few lines, and the worst is one more process.
    if origin.threads < THREADS
        && let Ok(mut idle) = IDLE.lock()
    {
        idle.push((origin, process, loaded));
    }
}

/// A process that was started in the same way.
pub(crate) fn take(wanted: &Origin) -> Option<Idle> {
    let mut idle = IDLE.lock().ok()?;
    let at = idle.iter().position(|(origin, ..)| origin.fits(wanted))?;
    let (mut origin, process, loaded) = idle.swap_remove(at);
    origin.threads += 1;
    Some((origin, process, loaded))
}
