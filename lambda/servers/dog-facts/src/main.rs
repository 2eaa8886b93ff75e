//! The dog-facts server: `dog-facts` serves, `dog-facts contract` prints the contract.

fn main() -> std::process::ExitCode {
    dog_facts::server().run()
}
