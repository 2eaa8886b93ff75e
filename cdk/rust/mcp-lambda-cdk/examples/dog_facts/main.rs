//! The stack of the example server in Rust. `cdk.rust.json` runs it; the template is that of `cdk/app/main.ts`.
mod authorization;

use mcp_lambda_cdk::aws_cdk_lib::{App, RemovalPolicy, Stack};
use mcp_lambda_cdk::mcp::{McpCargoOptions, McpCode, McpContract, McpOutputsOptions, McpServer};

fn main() -> mcp_lambda_cdk::Result<()> {
    let app = App::new()?;
    let stack = Stack::builder(&app, "DogFacts")
        .description("MCP server with facts about dogs, behind OAuth")
        .build()?;
    let code = McpCode::from_cargo(".", McpCargoOptions::new("dog-facts"))?;
    let contract = McpContract::from_file("lambda/servers/dog-facts/contract.json")?;
    let server = McpServer::builder(&stack, "Server", code, contract)
        .authorization(authorization::of_this_repository()?)
        .removal_policy(RemovalPolicy::Destroy)
        .build()?;
    let machine_client = server.add_machine_client("MachineClient")?;
    server.add_outputs_with(McpOutputsOptions::new().machine_client(&machine_client))?;
    app.synth()?;
    Ok(())
}
