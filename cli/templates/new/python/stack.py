from aws_cdk import Stack
from constructs import Construct
from mcp_lambda_cdk import McpCode, McpContract, McpServer


class {{ project.name.type_name() }}Stack(Stack):
    """The MCP server behind OAuth: CloudFront, API Gateway, Cognito, Lambda."""

    def __init__(self, scope: Construct, id: str, **props) -> None:
        super().__init__(scope, id, **props)
        server = McpServer(
            self,
            "Server",
            code=McpCode.from_cargo(".", package_name="{{ project.name }}"),
            contract=McpContract.from_file("contract.json"),
        )
        server.add_outputs(machine_client=server.add_machine_client("MachineClient"))
