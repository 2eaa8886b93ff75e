//! Which threads share a process: only those that ask for it, one after the other.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use std::process::Command;
use std::thread;

use jsii_host::{object_count, process_id, start_or_go_on_with, start_with};

/// The process of a thread that starts its kernel like this.
fn process_of(start: impl FnOnce() -> jsii_host::Result<()> + Send + 'static) -> u32 {
    let thread = thread::spawn(|| {
        start().expect("starts");
        process_id().expect("runs")
    });
    thread.join().expect("the thread does not panic")
}

#[test]
fn a_thread_goes_on_with_the_process_of_one_that_ended_if_both_ask_for_the_same() {
    let first = process_of(|| start_or_go_on_with(&[("A", "1")]));
    assert_ne!(process_of(|| start_or_go_on_with(&[("A", "2")])), first);
    assert_ne!(process_of(|| start_with(&[("A", "1")])), first);
    assert_eq!(process_of(|| start_or_go_on_with(&[("A", "1")])), first);
}

#[test]
fn threads_at_the_same_time_have_processes_of_their_own() {
    start_or_go_on_with(&[("B", "1")]).expect("starts");
    let here = process_id().expect("runs");
    assert_ne!(process_of(|| start_or_go_on_with(&[("B", "1")])), here);
}

#[test]
fn a_process_that_died_is_not_handed_on() {
    let died = thread::spawn(|| {
        start_or_go_on_with(&[("C", "1")]).expect("starts");
        let id = process_id().expect("runs");
        let kill = Command::new("kill").args(["-9", &id.to_string()]).status();
        assert!(kill.expect("kill runs").success());
        object_count().expect_err("nobody answers");
        id
    });
    let died = died.join().expect("the thread does not panic");
    assert_ne!(process_of(|| start_or_go_on_with(&[("C", "1")])), died);
}

#[test]
fn a_process_serves_twenty_threads() {
    let ids: Vec<u32> = (0..21)
        .map(|_| process_of(|| start_or_go_on_with(&[("D", "1")])))
        .collect();
    assert!(ids.iter().take(20).all(|id| Some(id) == ids.first()));
    assert_ne!(ids.last(), ids.first());
}
