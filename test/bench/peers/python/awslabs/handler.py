"""The benchmark's tool on awslabs.mcp-lambda-handler, as its documentation shows."""

from awslabs.mcp_lambda_handler import MCPLambdaHandler

mcp = MCPLambdaHandler(name="greeter", version="1.0.0")


@mcp.tool()
def greet(name: str) -> str:
    """Greets somebody.

    Args:
        name: Whom to greet.
    """
    return f"hello, {name}"


def handler(event, context):
    return mcp.handle_request(event, context)
