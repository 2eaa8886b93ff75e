//! The stack of the example server. `npx cdk synth` in `cdk/rust` runs it.

use mcp_lambda_cdk::aws_cdk_lib::{App, CfnOutput, RemovalPolicy, Stack};
use mcp_lambda_cdk::mcp::{McpCode, McpContract, McpFront, McpServer};

fn main() -> mcp_lambda_cdk::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let code = arguments
        .next()
        .unwrap_or_else(|| "../../target/lambda/dog-facts".to_owned());
    let contract = arguments
        .next()
        .unwrap_or_else(|| "../../lambda/dog-facts/contract.json".to_owned());
    let app = App::new()?;
    let stack = Stack::builder(&app, "DogFacts")
        .description("MCP server with facts about dogs, behind OAuth")
        .build()?;
    let server = McpServer::builder(
        &stack,
        "Server",
        McpCode::from_asset(code)?,
        McpContract::from_file(contract)?,
    )
    .front(McpFront::cloud_front()?)
    .removal_policy(RemovalPolicy::Destroy)
    .build()?;
    let machine_client = server.add_machine_client("MachineClient")?;
    for (id, value) in [
        ("McpServerUrl", server.mcp_server_url()?),
        ("OAuthMetadataUrl", server.resource_metadata_url()?),
        ("McpOAuthTokenUrl", server.token_url()?),
        ("McpOAuthScope", server.oauth_scopes()?.join(" ")),
        ("McpOAuthClientId", server.interactive_client_id()?),
        ("AutomatedOAuthClientId", machine_client.client_id()?),
        ("SignInUrl", server.sign_in_url()?),
        ("ClaudeCodeCommand", server.claude_code_command()?),
    ] {
        CfnOutput::builder(&stack, id, value).build()?;
    }
    app.synth()?;
    Ok(())
}
