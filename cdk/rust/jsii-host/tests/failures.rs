//! What happens when the other side is missing, old, wrong, silent or dead: one message that names the fix, and nothing hangs.
//!
//! Each case is a process of its own (`src/bin/jsii-host-probe.rs`), because the environment decides.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// Where the fixture library and the runtime are installed.
const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixture");

fn probe(what: &str, directory: &Path, variables: &[(&str, &str)]) -> (String, Duration) {
    let started = Instant::now();
    let mut command = Command::new(env!("CARGO_BIN_EXE_jsii-host-probe"));
    command
        .arg(what)
        .current_dir(directory)
        .envs(variables.iter().copied());
    let Output { stdout, .. } = command.output().expect("the probe runs");
    (
        String::from_utf8_lossy(&stdout).trim().to_owned(),
        started.elapsed(),
    )
}

fn scratch(name: &str) -> PathBuf {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::remove_dir_all(&directory).ok();
    fs::create_dir_all(&directory).expect("the target directory is writable");
    directory
}

/// A stand-in for node: a shell script.
fn fake_node(name: &str, script: &str) -> String {
    let path = scratch(name).join("node");
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("the script is written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755))
        .expect("the script is made executable");
    path.display().to_string()
}

/// The message without the line of the location, and with the changing part replaced.
fn message<'a>(text: &'a str, changing: &str) -> String {
    let lines: Vec<&'a str> = text.lines().collect();
    assert!(lines.len() <= 5, "a message has at most five lines: {text}");
    assert!(text.contains("--> "), "a message names the place: {text}");
    let kept: Vec<&str> = lines
        .into_iter()
        .filter(|line| !line.trim_start().starts_with("-->"))
        .collect();
    kept.join("\n").replace(changing, "…")
}

#[test]
fn names_node_when_it_is_missing() {
    let (text, _) = probe(
        "load",
        Path::new(FIXTURE),
        &[("JSII_NODE", "/nowhere/node")],
    );
    let wanted =
        "cannot start '/nowhere/node': install Node.js 20 or later, or set JSII_NODE to its path";
    assert_eq!(message(&text, "\u{0}"), wanted);
}

#[test]
fn names_the_version_of_a_node_that_is_too_old() {
    let node = fake_node("old", "echo v16.20.0");
    let (text, _) = probe("load", Path::new(FIXTURE), &[("JSII_NODE", &node)]);
    let wanted = "'…' is Node.js v16.20.0, which is too old: install 20 or later, or set JSII_NODE to its path";
    assert_eq!(message(&text, &node), wanted);
}

#[test]
fn says_what_to_install_when_the_runtime_is_missing() {
    let directory = std::env::temp_dir();
    let (text, _) = probe("load", &directory, &[]);
    let wanted = "@jsii/runtime is in no node_modules from '…' upward: run 'npm ci' there, or set JSII_RUNTIME";
    assert_eq!(
        message(
            &text,
            &directory
                .canonicalize()
                .unwrap_or(directory.clone())
                .display()
                .to_string()
        ),
        wanted
    );
}

#[test]
fn says_what_to_install_when_a_package_is_missing() {
    let (text, _) = probe("missing-package", Path::new(FIXTURE), &[]);
    assert!(
        message(&text, "\u{0}").ends_with("upward: run 'npm install no-such-package@1.2.3'"),
        "{text}"
    );
}

#[test]
fn names_both_versions_when_bindings_and_package_differ() {
    let (text, _) = probe("wrong-version", Path::new(FIXTURE), &[]);
    let wanted = "the bindings were generated from fixture-base 9.9.9, but node_modules has 0.0.0: \
                  run 'npm install fixture-base@9.9.9', or generate the bindings again";
    assert_eq!(message(&text, "\u{0}"), wanted);
}

#[test]
fn shows_an_answer_that_is_not_the_protocol() {
    let node = fake_node(
        "garbage",
        "[ \"$1\" = --version ] && echo v22.0.0 || echo 'hello, world' >&3",
    );
    let (text, _) = probe("load", Path::new(FIXTURE), &[("JSII_NODE", &node)]);
    let wanted = "the jsii kernel answered 'hello, world', which is not its protocol: check JSII_NODE and JSII_RUNTIME";
    assert_eq!(message(&text, "\u{0}"), wanted);
}

#[test]
fn gives_up_on_a_node_that_never_answers() {
    let node = fake_node(
        "silent",
        "[ \"$1\" = --version ] && echo v22.0.0 || exec sleep 60",
    );
    let (text, took) = probe(
        "load",
        Path::new(FIXTURE),
        &[("JSII_NODE", &node), ("JSII_HOST_TIMEOUT", "1")],
    );
    assert!(
        text.starts_with("no answer to 'hello' from the jsii kernel (node) in "),
        "{text}"
    );
    assert!(
        text.contains("JSII_HOST_TIMEOUT (seconds) allows more time"),
        "{text}"
    );
    assert!(took < Duration::from_secs(20), "{took:?}");
}

#[test]
fn says_how_node_ended_when_it_is_killed_in_the_middle() {
    let (text, took) = probe("killed", Path::new(FIXTURE), &[]);
    assert!(
        text.starts_with(
            "the jsii kernel (node) ended in the middle of a call with signal: 9 (SIGKILL)"
        ),
        "{text}"
    );
    assert!(
        text.contains("again: the jsii kernel (node) ended"),
        "later calls say the same: {text}"
    );
    assert!(took < Duration::from_secs(20), "{took:?}");
}

#[test]
fn names_the_file_when_the_cache_is_full() {
    // A limit on the size of files stands for the end of the disk: the write fails in the middle.
    let cache = scratch("full").display().to_string();
    let probe = env!("CARGO_BIN_EXE_jsii-host-probe");
    let limited = format!("trap '' XFSZ; ulimit -f 4; exec '{probe}' load");
    let mut command = Command::new("/bin/sh");
    let output = command
        .args(["-c", &limited])
        .current_dir(FIXTURE)
        .env("JSII_HOST_CACHE", &cache)
        .output();
    let text = String::from_utf8_lossy(&output.expect("the shell runs").stdout).into_owned();
    assert!(
        text.starts_with(&format!("cannot write '{cache}/fixture-base-0.0.0-")),
        "{text}"
    );
    assert!(text.contains("File too large"), "{text}");
    let left = fs::read_dir(&cache)
        .expect("the cache was made")
        .flatten()
        .filter(|entry| entry.path().extension().is_some_and(|end| end == "part"));
    assert_eq!(left.count(), 0, "half a file is not left behind");
    assert!(
        text.contains("make room, or set JSII_HOST_CACHE to another directory"),
        "{text}"
    );
}

#[test]
fn reaps_its_process_on_every_way_out() {
    for way in ["return", "exit", "panic", "thread"] {
        let (text, _) = probe(way, Path::new(FIXTURE), &[]);
        let id: u32 = text
            .lines()
            .last()
            .and_then(|line| line.parse().ok())
            .unwrap_or_else(|| panic!("{way}: {text}"));
        let started = Instant::now();
        while Path::new(&format!("/proc/{id}")).exists()
            && started.elapsed() < Duration::from_secs(10)
        {
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(
            !Path::new(&format!("/proc/{id}")).exists(),
            "{way}: node {id} still runs"
        );
    }
}
