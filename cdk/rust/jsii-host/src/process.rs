//! The node process that the kernel runs in, and the line of JSON between it and us.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant, UNIX_EPOCH};

use serde_json::Value;

use crate::environment;
use crate::error::{Reason, garbage};
use crate::package::is_compatible;

/// aws-cdk-lib and the jsii runtime support no older one.
const OLDEST_NODE: u32 = 20;
/// The first release with the runtime index and host stack traces.
const OLDEST_RUNTIME: &str = "1.136.0";
/// How often a waiting call looks whether the process still lives.
const TICK: Duration = Duration::from_secs(1);

/// A running kernel. Dropping it ends the process and reaps it.
pub(crate) struct Process {
    child: Child,
    reader: BufReader<UnixStream>,
    writer: UnixStream,
    trace: bool,
    timeout: Duration,
}

impl Process {
    /// Starts node with the kernel and waits for its greeting.
    pub(crate) fn start(search_from: &Path, variables: &[(&str, &str)]) -> Result<Self, Reason> {
        let program = program_script(search_from)?;
        let node = environment::program_path(&environment::node());
        check_node(&node)?;
        let pair =
            UnixStream::pair().and_then(|(ours, theirs)| Ok((ours.try_clone()?, ours, theirs)));
        let (reader, writer, theirs) = pair.map_err(|_| cannot_start(&node))?;
        // The kernel speaks on file descriptor 3, and only a shell can give it that without unsafe code.
        // Starting it like this also saves the second node process that the runtime's own launcher is.
        let child = Command::new("/bin/sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<&0 0</dev/null"])
            .arg(&node)
            .arg("--preserve-symlinks")
            .arg(&program)
            .envs(variables.iter().copied())
            .env(
                "JSII_AGENT",
                concat!("Rust/", env!("CARGO_PKG_RUST_VERSION")),
            )
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .spawn()
            .map_err(|_| cannot_start(&node))?;
        reader
            .set_read_timeout(Some(TICK))
            .map_err(|_| cannot_start(&node))?;
        let timeout = environment::answer_timeout();
        let mut process = Self {
            child,
            reader: BufReader::with_capacity(1 << 16, reader),
            writer,
            trace: environment::trace(),
            timeout: timeout.min(Duration::from_secs(60)),
        };
        let answer = process.receive("hello")?;
        let hello = answer.get("hello").and_then(Value::as_str);
        let hello = hello.ok_or_else(|| garbage(&answer.to_string()))?;
        let version = hello.rsplit_once('@').map_or("", |(_, version)| version);
        if !is_compatible(version, OLDEST_RUNTIME) {
            return Err(Reason::RuntimeVersion {
                hello: hello.to_owned(),
                wanted: OLDEST_RUNTIME.to_owned(),
            });
        }
        process.timeout = timeout;
        Ok(process)
    }

    /// Sends one message.
    pub(crate) fn send(&mut self, message: &Value) -> Result<(), Reason> {
        let mut line = message.to_string();
        if self.trace {
            trace_line('>', &line);
        }
        line.push('\n');
        self.writer
            .write_all(line.as_bytes())
            .map_err(|_| self.died())
    }

    /// Waits for one message. `request` names what is waited for, in errors.
    pub(crate) fn receive(&mut self, request: &str) -> Result<Value, Reason> {
        let started = Instant::now();
        let mut line = Vec::new();
        loop {
            match self.reader.read_until(b'\n', &mut line) {
                Ok(0) => return Err(self.died()),
                Ok(_) if line.ends_with(b"\n") => break,
                Ok(_) => return Err(self.died()),
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
                    ) =>
                {
                    // The socket may be held open by a process that node started, so its end is no proof of life.
                    if let Ok(Some(status)) = self.child.try_wait() {
                        return Err(Reason::KernelDied {
                            status: status.to_string(),
                        });
                    }
                    if started.elapsed() >= self.timeout {
                        let seconds = started.elapsed().as_secs();
                        return Err(Reason::KernelSilent {
                            seconds,
                            request: request.to_owned(),
                        });
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Err(self.died()),
            }
        }
        if self.trace {
            trace_line('<', String::from_utf8_lossy(&line).trim_end());
        }
        serde_json::from_slice(&line)
            .map_err(|_| garbage(String::from_utf8_lossy(&line).trim_end()))
    }

    /// The connection is gone: waits shortly for the exit status that says why.
    fn died(&mut self) -> Reason {
        let status = match self.wait(Duration::from_secs(2)) {
            Some(status) => status.to_string(),
            None => "its connection closed".to_owned(),
        };
        Reason::KernelDied { status }
    }

    fn wait(&mut self, limit: Duration) -> Option<ExitStatus> {
        let started = Instant::now();
        while started.elapsed() < limit {
            match self.child.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) => thread::sleep(Duration::from_millis(2)),
                Err(_) => return None,
            }
        }
        None
    }

    /// The process id, for tests that kill the kernel.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A kernel that is already gone has nothing to be told.
        self.writer.write_all(b"{\"exit\":0}\n").ok();
        self.writer.shutdown(std::net::Shutdown::Write).ok();
        if self.wait(Duration::from_secs(5)).is_none() {
            self.child.kill().ok();
            self.child.wait().ok();
        }
    }
}

/// The trace is asked for by name, and standard error is where every jsii host prints it.
#[allow(clippy::print_stderr)]
fn trace_line(direction: char, line: &str) {
    eprintln!("{direction} {line}");
}

fn cannot_start(node: &Path) -> Reason {
    Reason::NodeMissing {
        program: node.display().to_string(),
    }
}

/// The bundle of the kernel: `@jsii/runtime/webpack/lib/program.js`.
fn program_script(search_from: &Path) -> Result<PathBuf, Reason> {
    let launcher = environment::runtime().or_else(|| {
        environment::find_upward(search_from, "@jsii/runtime/webpack/bin/jsii-runtime.js")
    });
    launcher
        .and_then(|path| {
            let program = path.parent()?.parent()?.join("lib/program.js");
            program.is_file().then_some(program)
        })
        .ok_or_else(|| Reason::RuntimeMissing {
            searched_from: search_from.to_owned(),
        })
}

/// Asks node for its version, once per program file: the answer is kept in the cache directory.
fn check_node(node: &Path) -> Result<(), Reason> {
    let metadata = fs::metadata(node).map_err(|_| cannot_start(node))?;
    let changed = metadata
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let stamp = format!(
        "{} {} {}",
        node.display(),
        metadata.len(),
        changed.map_or(0, |age| age.as_nanos())
    );
    let note = environment::cache_directory().join("node-version");
    let known = fs::read_to_string(&note).ok();
    let known = known.as_deref().and_then(|text| text.split_once('\n'));
    let version = match known.filter(|(known_stamp, _)| *known_stamp == stamp) {
        Some((_, version)) => version.to_owned(),
        None => {
            let version = ask_version(node)?;
            // Without the note the question is asked again next time.
            fs::write(&note, format!("{stamp}\n{version}")).ok();
            version
        }
    };
    let major = version
        .strip_prefix('v')
        .and_then(|rest| rest.split('.').next()?.parse::<u32>().ok());
    match major {
        Some(major) if major >= OLDEST_NODE => Ok(()),
        Some(_) => Err(Reason::NodeTooOld {
            program: node.display().to_string(),
            found: version,
            wanted: OLDEST_NODE,
        }),
        None => Err(garbage(&version)),
    }
}

fn ask_version(node: &Path) -> Result<String, Reason> {
    let spawned = Command::new(node)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn();
    let mut child = spawned.map_err(|_| cannot_start(node))?;
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(20) {
        match child.try_wait() {
            Ok(Some(_)) => {
                let mut version = String::new();
                if let Some(output) = child.stdout.take() {
                    BufReader::new(output)
                        .read_line(&mut version)
                        .map_err(|_| cannot_start(node))?;
                }
                return Ok(version.trim().to_owned());
            }
            Ok(None) => thread::sleep(Duration::from_millis(2)),
            Err(_) => return Err(cannot_start(node)),
        }
    }
    child.kill().ok();
    child.wait().ok();
    Err(Reason::KernelSilent {
        seconds: 20,
        request: "node --version".to_owned(),
    })
}
