use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::problem::Problem;
use crate::runtime_api::{Answer, RuntimeApi};

/// Where the tables of `/proc/net` name a socket.
const INODE_COLUMN: usize = 9;

/// One process of a program under measurement, with the Runtime API that it alone talks to. Ends it when dropped.
pub(crate) struct Process {
    child: Child,
    api: RuntimeApi,
    started: Instant,
}

impl Process {
    /// Starts a process with this environment and what Lambda adds to it. Its output goes to the end of `log`.
    pub(crate) fn start(
        command: &[String],
        environment: &BTreeMap<String, String>,
        log: &Path,
    ) -> Result<Self, Problem> {
        let (program, arguments) = command
            .split_first()
            .ok_or_else(|| Problem::new("there is no command to start"))?;
        let api = RuntimeApi::bind()?;
        let cannot_log = || Problem::during("cannot write the log");
        let output = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(log)
            .map_err(cannot_log())?;
        let errors = output.try_clone().map_err(cannot_log())?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", api.address()?.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "benchmark")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "benchmark")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "benchmark")
            .env("AWS_REGION", "us-east-1")
            .envs(environment)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors);
        let started = Instant::now();
        let child = command
            .spawn()
            .map_err(Problem::during(&format!("cannot start {program}")))?;
        Ok(Self {
            child,
            api,
            started,
        })
    }

    /// Waits until the process asks for its first invocation.
    pub(crate) fn wait_until_ready(&mut self) -> Result<(), Problem> {
        let Self { child, api, .. } = self;
        api.wait_until_ready(&mut || is_alive(child)).map(|_| ())
    }

    /// Hands over one event and waits for the answer.
    pub(crate) fn invoke(
        &mut self,
        event: &[u8],
        watch: Option<&'static [u8]>,
    ) -> Result<Answer, Problem> {
        let Self { child, api, .. } = self;
        api.invoke(event, watch, &mut || is_alive(child))
    }

    /// How long after the start this was.
    pub(crate) fn age_at(&self, time: Instant) -> Duration {
        time - self.started
    }

    /// Processor time so far, of the threads that there are.
    pub(crate) fn processor_time(&self) -> Result<Duration, Problem> {
        let mut nanoseconds = 0;
        for task in self.entries("task")? {
            // "time on the processor, time waiting for it, times run", in nanoseconds; a thread may just have ended.
            let statistics = fs::read_to_string(task.join("schedstat")).unwrap_or_default();
            let running = statistics.split_whitespace().next();
            nanoseconds += running
                .and_then(|time| time.parse::<u64>().ok())
                .unwrap_or_default();
        }
        Ok(Duration::from_nanos(nanoseconds))
    }

    /// Most memory that was resident at any time, in KiB.
    pub(crate) fn peak_memory(&self) -> Result<u64, Problem> {
        let status = fs::read_to_string(self.directory().join("status"))
            .map_err(Problem::during("cannot read the memory"))?;
        status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .and_then(|size| size.trim().strip_suffix(" kB")?.parse().ok())
            .ok_or_else(|| Problem::new("the system does not tell the peak memory (VmHWM)"))
    }

    /// How many sockets of the network are open; one is the way to the Runtime API.
    pub(crate) fn sockets(&self) -> Result<usize, Problem> {
        let tables = ["tcp", "tcp6", "udp", "udp6"].map(|name| {
            // A machine without IPv6 has no table of it.
            fs::read_to_string(self.directory().join("net").join(name)).unwrap_or_default()
        });
        let of_the_network: Vec<&str> = tables
            .iter()
            .flat_map(|table| table.lines())
            .filter_map(|line| line.split_whitespace().nth(INODE_COLUMN))
            .collect();
        let descriptors = self.entries("fd")?;
        let open = descriptors
            .iter()
            .filter_map(|entry| fs::read_link(entry).ok());
        Ok(open
            .filter(|target| {
                let target = target.to_string_lossy();
                let inode = target
                    .strip_prefix("socket:[")
                    .and_then(|inode| inode.strip_suffix(']'));
                inode.is_some_and(|inode| of_the_network.contains(&inode))
            })
            .count())
    }

    fn directory(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}", self.child.id()))
    }

    fn entries(&self, name: &str) -> Result<Vec<PathBuf>, Problem> {
        let entries = fs::read_dir(self.directory().join(name))
            .map_err(Problem::during("cannot look at the process"))?;
        Ok(entries.flatten().map(|entry| entry.path()).collect())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only when the process has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn is_alive(child: &mut Child) -> Result<(), Problem> {
    match child.try_wait() {
        Ok(None) => Ok(()),
        Ok(Some(status)) => Err(Problem::new(format!("the process ended with {status}"))),
        Err(error) => Err(Problem::new(format!("the process cannot be seen: {error}"))),
    }
}
