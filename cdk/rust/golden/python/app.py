"""The golden app: a construct of one's own around an MCP server, and an Aspect. Every language has the same one."""

import jsii
from aws_cdk import App, Aspects, CfnOutput, CfnResource, Duration, IAspect, RemovalPolicy, Stack
from aws_cdk.aws_logs import RetentionDays
from aws_cdk.aws_sns import Topic
from constructs import Construct, IConstruct
from mcp_lambda_cdk import (
    McpAuthorization,
    McpCode,
    McpContract,
    McpFront,
    McpLambdaAuthorizerOptions,
    McpMonitoring,
    McpPreRegisteredClient,
    McpScope,
    McpServer,
)


class TeamServer(Construct):
    """An MCP server with what the team always adds."""

    def __init__(self, scope: Construct, id: str, patience: Duration) -> None:
        super().__init__(scope, id)
        self.server = McpServer(
            self,
            "Server",
            code=McpCode.from_asset("cdk/rust/golden/function"),
            contract=McpContract.from_file("lambda/servers/dog-facts/contract.json"),
            front=McpFront.cloud_front(read_timeout=Duration.seconds(90)),
            authorization=McpAuthorization.server(
                code=McpCode.from_asset("cdk/rust/golden/function"),
                display_name="Dogs of the zoo",
                redirect_hosts=["agents.example.com"],
                registration_lifetime=Duration.days(30),
                clients=[
                    McpPreRegisteredClient(
                        client_id="desk",
                        client_name="Desk of the zoo",
                        redirect_uris=["https://desk.example.com/callback"],
                        oauth_scopes=[McpScope.named("dog-facts")],
                    )
                ],
            ),
            lambda_authorizer=McpLambdaAuthorizerOptions(code=McpCode.from_asset("cdk/rust/golden/function")),
            settings={"DOG_API_TIMEOUT_MS": patience, "DOG_API_USER_AGENT": "golden"},
            allowed_origins=["http://localhost:6274"],
            memory_size=512,
            log_retention=RetentionDays.TWO_WEEKS,
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.machine_client = self.server.add_machine_client("MachineClient", oauth_scopes=[McpScope.named("dog-facts")])
        self.monitoring = McpMonitoring(
            self,
            "Monitoring",
            server=self.server,
            alarm_topic=Topic(self, "Alarms"),
            failure_percentage=2.5,
            slow_after=Duration.seconds(20),
        )


@jsii.implements(IAspect)
class Owner:
    """Writes the team into every function."""

    def visit(self, node: IConstruct) -> None:
        if CfnResource.is_cfn_resource(node) and node.cfn_resource_type == "AWS::Lambda::Function":
            node.add_property_override("Description", f"owned by team zoo: {node.node.path}")


app = App()
stack = Stack(app, "Golden", description="the same in every language")
team = TeamServer(stack, "Team", Duration.seconds(3))
Aspects.of(team).add(Owner())
CfnOutput(stack, "McpServerUrl", value=team.server.mcp_server_url)
CfnOutput(stack, "Scopes", value=" ".join(team.server.oauth_scopes))
CfnOutput(stack, "MachineClientId", value=team.machine_client.client_id, description="app client of the CI")
CfnOutput(stack, "AlarmNames", value=" ".join(alarm.alarm_name for alarm in team.monitoring.alarms))
app.synth()
