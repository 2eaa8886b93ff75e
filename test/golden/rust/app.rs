//! The golden app: a construct of one's own around an MCP server, and an Aspect. Every language has the same one.

use mcp_lambda_cdk::aws_cdk_lib::{
    App, Aspects, CfnOutput, CfnResource, Duration, IAspect, IAspectImpl, RemovalPolicy, Stack,
};
use mcp_lambda_cdk::constructs::{Construct, IConstruct};
use mcp_lambda_cdk::mcp::{
    McpCloudFrontOptions, McpCode, McpContract, McpFront, McpMachineClient, McpServer,
};
use mcp_lambda_cdk::{Result, any};

/// An MCP server with what the team always adds.
struct TeamServer {
    construct: Construct,
    server: McpServer,
    machine_client: McpMachineClient,
}

impl TeamServer {
    fn new(scope: &Construct, id: &str, patience: Duration) -> Result<Self> {
        let construct = Construct::new(scope, id)?;
        let code = McpCode::from_asset("test/golden/function")?;
        let contract = McpContract::from_file("lambda/dog-facts/contract.json")?;
        let options = McpCloudFrontOptions::new().read_timeout(Duration::seconds(90)?);
        let settings = [
            ("DOG_API_TIMEOUT_MS", any(patience)?),
            ("DOG_API_USER_AGENT", any("golden")?),
        ];
        let server = McpServer::builder(&construct, "Server", code, contract)
            .front(McpFront::cloud_front_with(options)?)
            .settings(settings)
            .allowed_origins(["http://localhost:6274"])
            .removal_policy(RemovalPolicy::Destroy)
            .build()?;
        let machine_client = server.add_machine_client("MachineClient")?;
        Ok(Self {
            construct,
            server,
            machine_client,
        })
    }
}

/// Writes the team into every function.
struct Owner;

impl IAspectImpl for Owner {
    fn visit(&self, node: IConstruct) -> Result<()> {
        if !CfnResource::is_cfn_resource(&node)? {
            return Ok(());
        }
        let resource: CfnResource = node.unchecked_cast();
        if resource.cfn_resource_type()? == "AWS::Lambda::Function" {
            let text = format!("owned by team zoo: {}", node.node()?.path()?);
            resource.add_property_override("Description", text)?;
        }
        Ok(())
    }
}

fn main() -> Result<()> {
    let app = App::new()?;
    let stack = Stack::builder(&app, "Golden")
        .description("the same in every language")
        .build()?;
    let team = TeamServer::new(&stack, "Team", Duration::seconds(3)?)?;
    Aspects::of(&team.construct)?.add(IAspect::implement(Owner)?)?;
    CfnOutput::builder(&stack, "McpServerUrl", team.server.mcp_server_url()?).build()?;
    CfnOutput::builder(&stack, "Scopes", team.server.oauth_scopes()?.join(" ")).build()?;
    CfnOutput::builder(&stack, "MachineClientId", team.machine_client.client_id()?)
        .description("app client of the CI")
        .build()?;
    app.synth()?;
    Ok(())
}
