//! The MCP server behind OAuth: CloudFront, API Gateway, Cognito, Lambda.

use mcp_lambda_cdk::aws_cdk_lib::{App, Stack};
use mcp_lambda_cdk::mcp::{
    McpCargoOptions, McpCode, McpContract, McpOutputsOptions, McpServer,
};

const PROJECT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

pub fn stack(app: &App) -> mcp_lambda_cdk::Result<Stack> {
    let stack = Stack::new(app, "{{ project.name.type_name() }}")?;
    let code = McpCode::from_cargo(PROJECT, McpCargoOptions::new("{{ project.name }}"))?;
    let contract = McpContract::from_file(format!("{PROJECT}/contract.json"))?;
    let server = McpServer::builder(&stack, "Server", code, contract).build()?;
    let machine_client = server.add_machine_client("MachineClient")?;
    server.add_outputs_with(McpOutputsOptions::new().machine_client(machine_client))?;
    Ok(stack)
}
