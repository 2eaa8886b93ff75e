//! For `tests/failures.rs`: makes one call in an environment of the test's choosing and prints the error.

use std::process::{Command, ExitCode};

use jsii_host::{Assembly, Result};

static BASE: Assembly = Assembly {
    name: "fixture-base",
    version: "0.0.0",
    exact: true,
    dependencies: &[],
};
static MISSING: Assembly = Assembly {
    name: "no-such-package",
    version: "1.2.3",
    exact: true,
    dependencies: &[],
};
static OTHER: Assembly = Assembly {
    name: "fixture-base",
    version: "9.9.9",
    exact: true,
    dependencies: &[],
};

fn beast(assembly: &'static Assembly) -> Result<jsii_host::Object> {
    jsii_host::create(
        assembly,
        "fixture-base.Beast",
        vec![Ok(jsii_host::json!(3))],
    )
}

#[allow(clippy::print_stdout)]
fn main() -> ExitCode {
    let what = std::env::args().nth(1).unwrap_or_default();
    match run(&what) {
        Ok(text) => println!("{text}"),
        Err(error) => println!("{error}"),
    }
    if what == "exit" {
        std::process::exit(0);
    }
    #[allow(clippy::panic)]
    if what == "panic" {
        panic!("on purpose");
    }
    ExitCode::SUCCESS
}

fn run(what: &str) -> Result<String> {
    match what {
        "missing-package" => beast(&MISSING).map(|object| format!("{object:?}")),
        "wrong-version" => beast(&OTHER).map(|object| format!("{object:?}")),
        "killed" => killed(),
        "thread" => std::thread::spawn(|| beast(&BASE).and_then(|_| jsii_host::process_id()))
            .join()
            .unwrap_or_else(|_| Err(jsii_host::Error::callback("the thread panicked")))
            .map(|id| id.to_string()),
        _ => beast(&BASE)
            .and_then(|_| jsii_host::process_id())
            .map(|id| id.to_string()),
    }
}

/// Kills the kernel between two calls.
fn killed() -> Result<String> {
    let beast = beast(&BASE)?;
    let id = jsii_host::process_id()?;
    let killed = Command::new("kill").args(["-9", &id.to_string()]).status();
    killed.map_err(jsii_host::Error::callback)?;
    let first = beast
        .jsii_get::<f64>("weight")
        .map_or_else(|error| error.to_string(), |weight| weight.to_string());
    let second = beast
        .jsii_get::<f64>("weight")
        .map_or_else(|error| error.message(), |weight| weight.to_string());
    Ok(format!("{first}\nagain: {second}"))
}
