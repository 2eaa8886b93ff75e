"""The benchmark's tool on FastMCP with uvicorn: stateless, JSON responses."""

import asyncio
import json
import socket
import sys

import uvicorn
from fastmcp import FastMCP

mcp = FastMCP("greeter")


@mcp.tool
def greet(name: str) -> str:
    """Greets somebody."""
    return f"hello, {name}"


async def main() -> None:
    app = mcp.http_app(path="/mcp", stateless_http=True, json_response=True)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", loop="uvloop", http="httptools"))
    serving = asyncio.create_task(server.serve([listener]))
    while not server.started:
        await asyncio.sleep(0.01)
    host, port = listener.getsockname()
    print(json.dumps({"message": "listening", "address": f"{host}:{port}"}), file=sys.stderr, flush=True)
    await serving


asyncio.run(main())
