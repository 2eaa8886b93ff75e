"""The benchmark's tool on the official Python SDK: its Streamable HTTP app behind Mangum, stateless, JSON answers.

The app's lifespan is entered once, when the process starts, as a server does; Mangum alone would enter it anew for each
event, which the SDK's session manager refuses.
"""

import asyncio

from mangum import Mangum
from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import TransportSecuritySettings

server = MCPServer("greeter", version="1.0.0")


@server.tool()
def greet(name: str) -> str:
    """Greets somebody."""
    return f"hello, {name}"


app = server.streamable_http_app(
    json_response=True,
    stateless_http=True,
    transport_security=TransportSecuritySettings(allowed_hosts=["mcp.example.com"]),
)
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
lifespan = app.router.lifespan_context(app)
loop.run_until_complete(lifespan.__aenter__())
handler = Mangum(app, lifespan="off")
