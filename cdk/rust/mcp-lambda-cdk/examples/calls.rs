//! Measures what one call from Rust to the kernel costs. `cdk/rust/compare-languages.mjs` runs it.

#![allow(clippy::print_stdout, reason = "the figure is the result")]

use std::time::Instant;

use mcp_lambda_cdk::aws_cdk_lib::{App, Duration, Stack};

fn main() -> mcp_lambda_cdk::Result<()> {
    let stack = Stack::new(App::new()?, "Calls")?;
    let calls: u32 = 5000;
    let started = Instant::now();
    for seconds in 0..calls / 2 {
        Duration::seconds(seconds)?;
        stack.stack_name()?;
    }
    println!(
        "{:.1}",
        started.elapsed().as_secs_f64() * 1e6 / f64::from(calls)
    );
    Ok(())
}
