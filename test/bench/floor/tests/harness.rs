//! The benchmark's harness against the least that it can measure.

use std::path::PathBuf;

use bench_harness::{Asked, Program, Revision, measure};

fn program(arguments: &[&str], asked: Asked) -> Program {
    let program = env!("CARGO_BIN_EXE_bench-floor").to_owned();
    let arguments = arguments.iter().map(|argument| (*argument).to_owned());
    Program {
        name: "floor".to_owned(),
        command: std::iter::once(program).chain(arguments).collect(),
        environment: [].into(),
        asked,
    }
}

fn log() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("floor.log")
}

fn greet() -> Asked {
    Asked::Greet {
        revision: Revision::Initialized,
        warm_up: 1,
        calls: 3,
    }
}

#[test]
fn measures_every_figure_of_a_program_that_answers_right() {
    let figures = measure(&program(&[], greet()), true, &log()).unwrap();
    assert!(figures.cold_start_ms.unwrap() > 0.0);
    assert!(figures.list_us.unwrap() > 0.0 && figures.call_us.unwrap() > 0.0);
    assert!(figures.processor_us.is_some());
    assert!(figures.peak_memory_kib.unwrap() > 0);
    assert_eq!(figures.sockets_when_ready, Some(1));
}

#[test]
fn measures_the_way_of_a_report() {
    let asked = Asked::Report {
        revision: Revision::Initialized,
        calls: 1,
    };
    let figures = measure(&program(&["streamed"], asked), false, &log()).unwrap();
    assert!(figures.first_event_ms.unwrap() > 0.0);
}

#[test]
fn does_not_measure_a_program_that_answers_something_else() {
    // This way of starting it knows another tool only.
    let problem = measure(&program(&["streamed"], greet()), false, &log()).unwrap_err();
    assert!(problem.to_string().contains("offers no tools"), "{problem}");
}

#[test]
fn says_why_a_program_cannot_be_measured() {
    let mut missing = program(&[], greet());
    missing.command = vec!["/does/not/exist".to_owned()];
    let problem = measure(&missing, false, &log()).unwrap_err();
    assert!(
        problem
            .to_string()
            .starts_with("cannot start /does/not/exist: "),
        "{problem}"
    );
    missing.command = vec!["/bin/true".to_owned()];
    let problem = measure(&missing, false, &log()).unwrap_err();
    assert!(
        problem.to_string().starts_with("the process ended with "),
        "{problem}"
    );
}
