//! A line for every step that takes more than a second, and none for the others.

use std::io::Write;
use std::time::{Duration, Instant};

/// Between the lines of a long step.
const BETWEEN_LINES: Duration = Duration::from_secs(10);

/// Writes progress to standard error.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Progress {
    quiet: bool,
}

impl Progress {
    pub(crate) fn new(quiet: bool) -> Self {
        Self { quiet }
    }

    /// Waits for `work`; from one second on, `label` says what is being waited for and in the end how long it took.
    pub(crate) async fn step<T>(&self, label: &str, work: impl Future<Output = T>) -> T {
        self.long_step(label, work, || None).await
    }

    /// The same for a step of minutes: every ten seconds a line says how far it is.
    pub(crate) async fn long_step<T>(
        &self,
        label: &str,
        work: impl Future<Output = T>,
        how_far: impl Fn() -> Option<String>,
    ) -> T {
        let started = Instant::now();
        let mut work = std::pin::pin!(work);
        tokio::select! {
            done = &mut work => return done,
            () = tokio::time::sleep(Duration::from_secs(1)) => self.say(&format!("{label} …")),
        }
        let done = loop {
            tokio::select! {
                done = &mut work => break done,
                () = tokio::time::sleep(BETWEEN_LINES) => {
                    if let Some(how_far) = how_far() {
                        let seconds = started.elapsed().as_secs();
                        self.say(&format!("{label}: {how_far} after {seconds} s …"));
                    }
                }
            }
        };
        self.say(&format!(
            "{label}: {:.1} s",
            started.elapsed().as_secs_f32()
        ));
        done
    }

    pub(crate) fn say(&self, line: &str) {
        if !self.quiet {
            // A failure to write progress does not stop the stack.
            let _ = writeln!(std::io::stderr(), "  {line}");
        }
    }
}
