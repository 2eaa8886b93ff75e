//! `bench-harness PLAN LOGS`: measures the programs of a plan (JSON) in rounds of balanced order, and prints a line of JSON
//! for each program and round.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use bench_harness::{Program, measure, order};
use serde::Deserialize;
use serde_json::json;

/// What to measure, and how often.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Plan {
    /// Rounds that count. One more comes before them, which brings the files into memory and looks at the sockets.
    rounds: usize,
    programs: Vec<Program>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [plan, logs] = arguments.as_slice() else {
        let _ = writeln!(std::io::stderr(), "usage: bench-harness PLAN LOGS");
        return ExitCode::from(2);
    };
    match run(Path::new(plan), Path::new(logs)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "bench-harness: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(plan: &Path, logs: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let plan: Plan = serde_json::from_slice(&fs::read(plan)?)?;
    let programs = plan.programs;
    let mut failed = Vec::new();
    for round in 0..=plan.rounds {
        for position in order(programs.len(), round) {
            let program = &programs[position];
            if failed.contains(&program.name) {
                continue;
            }
            let log = logs.join(format!("{}.log", program.name.replace(' ', "-")));
            let line = match measure(program, round == 0, &log) {
                Ok(figures) => {
                    json!({ "round": round, "program": program.name, "figures": figures })
                }
                Err(problem) => {
                    failed.push(program.name.clone());
                    json!({ "round": round, "program": program.name, "problem": problem.to_string() })
                }
            };
            writeln!(std::io::stdout(), "{line}")?;
        }
    }
    Ok(())
}
