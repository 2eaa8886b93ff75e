use mcp_lambda::{Caller, Server, tool};

/// Greets the caller.
#[tool(scope = "greet", read_only, open_world = false)]
async fn greet(
    /// What to say, such as hello.
    #[arg(length(min = 1, max = 100))]
    greeting: String,
    caller: Caller,
) -> String {
    format!("{greeting}, {}", caller.subject())
}

fn main() -> std::process::ExitCode {
    Server::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
        .description("Greets its callers.")
        .scope("greet", "Be greeted")
        .tool(greet)
        .run()
}
