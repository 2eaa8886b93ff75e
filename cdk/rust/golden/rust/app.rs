//! The golden app: a construct of one's own around an MCP server, and an Aspect. Every language has the same one.

use mcp_lambda_cdk::aws_cdk_lib::aws_logs::RetentionDays;
use mcp_lambda_cdk::aws_cdk_lib::aws_sns::Topic;
use mcp_lambda_cdk::aws_cdk_lib::{
    App, Aspects, CfnOutput, CfnResource, Duration, IAspect, IAspectImpl, RemovalPolicy, Stack,
};
use mcp_lambda_cdk::constructs::{Construct, IConstruct};
use mcp_lambda_cdk::mcp::{
    McpAuthorization, McpAuthorizationServerOptions, McpCloudFrontOptions, McpCode, McpContract,
    McpFront, McpLambdaAuthorizerOptions, McpMachineClient, McpMachineClientOptions, McpMonitoring,
    McpPreRegisteredClient, McpScope, McpServer,
};
use mcp_lambda_cdk::{Result, any};

/// An MCP server with what the team always adds.
struct TeamServer {
    construct: Construct,
    server: McpServer,
    machine_client: McpMachineClient,
    monitoring: McpMonitoring,
}

impl TeamServer {
    fn new(scope: &Construct, id: &str, patience: Duration) -> Result<Self> {
        let construct = Construct::new(scope, id)?;
        let code = McpCode::from_asset("cdk/rust/golden/function")?;
        let contract = McpContract::from_file("lambda/servers/dog-facts/contract.json")?;
        let options = McpCloudFrontOptions::new().read_timeout(Duration::seconds(90)?);
        let redirect_uris = ["https://desk.example.com/callback"];
        let client = McpPreRegisteredClient::new("desk", "Desk of the zoo", redirect_uris);
        let authorization = McpAuthorizationServerOptions::new()
            .code(McpCode::from_asset("cdk/rust/golden/function")?)
            .display_name("Dogs of the zoo")
            .redirect_hosts(["agents.example.com"])
            .registration_lifetime(Duration::days(30)?)
            .clients([client.oauth_scopes([McpScope::named("dog-facts")?])]);
        let lambda_authorizer = McpLambdaAuthorizerOptions::new()
            .code(McpCode::from_asset("cdk/rust/golden/function")?);
        let settings = [
            ("DOG_API_TIMEOUT_MS", any(patience)?),
            ("DOG_API_USER_AGENT", any("golden")?),
        ];
        let server = McpServer::builder(&construct, "Server", code, contract)
            .front(McpFront::cloud_front_with(options)?)
            .authorization(McpAuthorization::server_with(authorization)?)
            .lambda_authorizer(lambda_authorizer)
            .settings(settings)
            .allowed_origins(["http://localhost:6274"])
            .memory_size(512)
            .log_retention(RetentionDays::TwoWeeks)
            .removal_policy(RemovalPolicy::Destroy)
            .build()?;
        let options = McpMachineClientOptions::new().oauth_scopes([McpScope::named("dog-facts")?]);
        let machine_client = server.add_machine_client_with("MachineClient", options)?;
        let monitoring = McpMonitoring::builder(&construct, "Monitoring", &server)
            .alarm_topic(Topic::new(&construct, "Alarms")?)
            .failure_percentage(2.5)
            .slow_after(Duration::seconds(20)?)
            .build()?;
        Ok(Self {
            construct,
            server,
            machine_client,
            monitoring,
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
    let mut alarm_names = Vec::new();
    for alarm in team.monitoring.alarms()? {
        alarm_names.push(alarm.alarm_name()?);
    }
    CfnOutput::builder(&stack, "AlarmNames", alarm_names.join(" ")).build()?;
    app.synth()?;
    Ok(())
}
