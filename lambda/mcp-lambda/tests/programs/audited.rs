//! A function with an audit trail that kills itself at a random moment: `it/audit/crashes.rs` counts what it answered.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a program reads its environment and its clock"
)]

use std::time::{Duration, SystemTime};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use ring::rand::{SecureRandom, SystemRandom};

#[path = "../it/server.rs"]
mod server;

/// A process lives this long at most.
const LONGEST: u64 = 3_000;

fn main() {
    std::thread::spawn(|| {
        let mut random = [0; 8];
        SystemRandom::new().fill(&mut random).unwrap();
        let life = u64::from_be_bytes(random) % (1_000 * LONGEST);
        std::thread::sleep(Duration::from_micros(life));
        kill(Pid::this(), Signal::SIGKILL).unwrap();
    });
    let program = std::env::args_os().take(1);
    let process = mcp_lambda::Process::new(program, std::env::vars_os(), SystemTime::now);
    let _ = mcp_lambda::run(process.with_log(|_| {}), server::definition().audit_trail());
}
