"""Start the AWS emulator on loopback, with what it does differently from AWS put right.

Usage: launch.py --port PORT --state DIRECTORY [--port-file FILE] [--events FILE] [--region REGION] [--account ACCOUNT]. Port 0 is any free one,
and --port-file says which it is; --events gets what the functions write. Ends when its standard input closes, so that it never outlives
the program that started it, however that program ended; users and data are saved on every orderly end.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

# What an app beside the servers may use. Not those that need Docker, or that listen on ports of their own; ecs for its task definitions.
SERVICES = ("acm,apigateway,cloudformation,cloudfront,cognito-idp,dynamodb,ec2,ecs,events,firehose,iam,kinesis,kms,lambda,logs,monitoring,"
            "route53,s3,scheduler,secretsmanager,ses,sns,sqs,ssm,states,sts,wafv2")
# The program, and what the edge calls itself towards the gateway. A foreign name here is DNS rebinding.
ALLOWED_HOST = re.compile(r"(127\.0\.0\.1|localhost)(:\d+)?|[\w.-]+\.amazonaws\.com|[\w.-]+\.localhost(:\d+)?")
POLICY_PATH = "/_mcp-lambda/password-policy"
PUBLIC_PATH = re.compile(r"/_aws/execute-api/|/oauth2/|/[\w-]+/\.well-known/")
# The whole stack ends within five seconds: open streams are broken off after the first, what is left is killed after the other.
STREAM_SECONDS = 1
SHUTDOWN_SECONDS = 3


def configure(port: int, state: Path, region: str, account: str) -> None:
    """Set the emulator's environment. Must run before the first import of ministack, which reads it while loading."""
    scratch = state / "tmp"
    scratch.mkdir(parents=True, exist_ok=True)
    os.environ.update({
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",  # the default is every interface
        "IOT_MTLS_ENABLED": "0",  # would listen on every interface whatever BIND_HOST says
        "SFTP_ENABLED": "0",
        "AUTH": "true",  # IAM policies, confirmation codes and token signatures are checked only then
        "PERSIST_STATE": "1",
        "S3_PERSIST": "1",
        "STATE_DIR": str(state),
        "S3_DATA_DIR": str(state / "s3"),
        "SERVICES": SERVICES,
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",  # functions get it only when the server has it
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": region,
        "MINISTACK_REGION": region,
        "MINISTACK_ACCOUNT_ID": account,
        "TMPDIR": str(scratch),
    })


def bound(port: int) -> socket.socket:
    """A socket on the port that nobody can take any more; connections are refused until the emulator listens on it."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    return listener


def announce(port: int, file: Path) -> None:
    """Write the port in one step, so that a reader of the file never sees half of it."""
    part = file.with_suffix(".part")
    part.write_text(str(port))
    part.rename(file)


def serve_on(listener: socket.socket) -> None:
    """Let the emulator's HTTP server take the socket instead of binding one, and not wait long for its connections at the end."""
    from hypercorn.config import Config

    create = Config._create_sockets
    Config._create_sockets = lambda self, binds, *arguments: create(
        self, [f"fd://{listener.fileno()}"] if binds == self.bind else binds, *arguments)
    Config.graceful_timeout = STREAM_SECONDS


def end_with_parent() -> None:
    """Ask for an orderly end when standard input closes; insist after a few seconds."""

    def watch() -> None:
        while sys.stdin.buffer.read(1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(SHUTDOWN_SECONDS)
        end_functions()
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="end-with-parent").start()


def end_functions() -> None:
    """Kill what is left of our process group, which is ours alone when mcp-lambda started us."""
    if os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)


def guard(app: Any, policy_of_client: Callable[[str], dict]) -> Any:
    """Wrap the ASGI app. Adds the password policy of an app client's user pool, which the sign-in pages show. Closes: a web page of somebody else's could reach the emulator, through DNS rebinding or with
    a plain form to its reset operation. What pages may call on AWS, the API and the OAuth endpoints, stays open."""

    def allowed(scope: dict) -> bool:
        headers = [(name, value.decode("latin-1")) for name, value in scope["headers"]]
        known = all(ALLOWED_HOST.fullmatch(value) for name, value in headers if name == b"host")
        from_page = any(name == b"origin" for name, _ in headers)
        return known and (not from_page or PUBLIC_PATH.match(scope["path"]) is not None)

    async def respond(send: Any, status: int, body: bytes = b"") -> None:
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": body})

    async def guarded(scope: dict, receive: Any, send: Any) -> None:
        if scope["type"] in ("http", "websocket") and not allowed(scope):
            await respond(send, 403)
            return
        if scope.get("path") == POLICY_PATH:
            client_id = parse_qs(scope["query_string"].decode("latin-1")).get("client_id", [""])[0]
            await respond(send, 200, json.dumps(policy_of_client(client_id)).encode())
            return
        await app(scope, receive, send)

    return guarded


def main() -> None:
    """Parse arguments, patch, serve until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--port-file", type=Path)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--events", type=Path)
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--account", default="000000000000")
    options = parser.parse_args()
    listener = bound(options.port)
    port = listener.getsockname()[1]
    configure(port, options.state.resolve(), options.region, options.account)
    if options.port_file:
        announce(port, options.port_file)
    end_with_parent()
    serve_on(listener)

    import cloudformation_patches
    import cognito_patches
    import dynamodb_patches
    import function_patches
    import gateway_patches
    import identity_patches
    import runtime_streaming
    from ministack import app as emulator

    for patches in (cloudformation_patches, cognito_patches, dynamodb_patches, identity_patches, runtime_streaming, gateway_patches):
        patches.install()
    events = function_patches.Events(options.events)
    function_patches.install(events)
    cloudformation_patches.accept_unknown_types(events)
    emulator.app = guard(emulator.app, cognito_patches.policy_of_client)
    sys.argv = sys.argv[:1]  # the emulator parses arguments of its own
    emulator.main()
    end_functions()


if __name__ == "__main__":
    main()
