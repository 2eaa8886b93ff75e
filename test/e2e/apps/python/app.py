"""Two MCP servers in two stacks, beside a table of the app's own and a function that fills it."""

from aws_cdk import App, CfnOutput, RemovalPolicy, Stack
from aws_cdk.aws_dynamodb import Attribute, AttributeType, TableV2
from mcp_lambda_cdk import McpCode, McpContract, McpServer

app = App()


def server(stack: Stack, name: str) -> McpServer:
    """The server of a binary, with an app client for programs."""
    code = McpCode.from_cargo("servers", package_name="shop-servers", binary_name=name)
    contract = McpContract.from_file(f"{name}.contract.json")
    made = McpServer(stack, "Server", code=code, contract=contract, removal_policy=RemovalPolicy.DESTROY)
    made.add_machine_client("Job")
    # Of the same name in both stacks.
    CfnOutput(stack, "Url", value=made.mcp_server_url)
    return made


orders = Stack(app, "Orders")
server(orders, "orders")
table = TableV2(orders, "Table", partition_key=Attribute(name="id", type=AttributeType.STRING),
                removal_policy=RemovalPolicy.DESTROY)
CfnOutput(orders, "OrdersTable", value=table.table_name)

stock = Stack(app, "Stock")
# An export of the other stack.
CfnOutput(stock, "TableOfOrders", value=table.table_arn)
server(stock, "stock")
app.synth()
