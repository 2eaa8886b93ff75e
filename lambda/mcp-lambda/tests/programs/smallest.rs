//! A shop.
use mcp_lambda::{Caller, Server, tool};

/// Returns the price of a product.
#[tool(scope = "catalog.read", read_only, open_world = false)]
async fn get_price(
    /// Number of the product, such as A-1.
    #[arg(length(min = 3, max = 20))]
    sku: String,
    caller: Caller,
) -> String {
    format!("{sku} costs 12 EUR for {}", caller.subject())
}

fn main() -> std::process::ExitCode {
    Server::new("shop", "0.1.0")
        .scope("catalog.read", "Read the catalogue")
        .tool(get_price)
        .run()
}
