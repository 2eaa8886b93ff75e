//! `runtime-api [OPTIONS] -- PROGRAM…`: API Gateway and Lambda for one function binary, on loopback.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

mod arguments;
mod program;

fn main() -> ExitCode {
    let served = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .and_then(|runtime| runtime.block_on(program::serve(arguments::Arguments::parse())));
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "runtime-api: {error}");
            ExitCode::FAILURE
        }
    }
}
