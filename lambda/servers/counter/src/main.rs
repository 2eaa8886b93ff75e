//! The counter server: `counter` serves, `counter contract` prints the contract.

fn main() -> std::process::ExitCode {
    counter::server().run()
}
