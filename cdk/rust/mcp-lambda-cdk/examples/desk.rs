//! An MCP server beside a bucket. `test/e2e/apps/rust` runs it, with `mcp-lambda dev`.

use mcp_lambda_cdk::aws_cdk_lib::{App, RemovalPolicy, Stack, aws_s3 as s3};
use mcp_lambda_cdk::mcp::{McpCargoOptions, McpCode, McpContract, McpServer};

fn main() -> mcp_lambda_cdk::Result<()> {
    let app = App::new()?;
    let stack = Stack::new(&app, "Desk")?;
    s3::Bucket::new(&stack, "Letters")?;
    let code = McpCode::from_cargo("server", McpCargoOptions::new("desk"))?;
    let contract = McpContract::from_file("server/contract.json")?;
    let server = McpServer::builder(&stack, "Server", code, contract)
        .removal_policy(RemovalPolicy::Destroy)
        .build()?;
    server.add_machine_client("Job")?;
    app.synth()?;
    Ok(())
}
