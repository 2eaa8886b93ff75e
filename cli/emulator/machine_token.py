"""Print an access token of a server's machine client: what a CI job or another program sends as its bearer token.

Usage: machine_token.py --outputs FILE --server CONSTRUCT, where FILE is the outputs as mcp-lambda writes them and CONSTRUCT the path
of one of its servers. Does in Python what a program should do on AWS: read the client secret from Secrets Manager, ask for client
credentials, and keep the access token until shortly before it expires, because Cognito charges for every one. It is kept beside FILE,
readable by its owner only, and asked for again when the stack, the client or its scopes are others.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import botocore.session
from botocore.exceptions import BotoCoreError, ClientError

# Seconds before its end at which an access token counts as over: whoever gets it wants to use it.
MARGIN = 120


class Program(NamedTuple):
    """What a program needs to ask for an access token."""

    client_id: str
    secret_arn: str
    token_url: str
    scope: str
    region: str
    endpoint: str
    # This start of the stack, which may have other keys than the last one.
    started: str

    @classmethod
    def of(cls, outputs: dict[str, Any], server: str, started: str) -> Program:
        """The program that the first machine client of a server with a secret is for."""
        described = outputs["servers"][server]
        client = next(client for client in described["machineClients"].values() if "clientSecretArn" in client)
        return cls(client["clientId"], client["clientSecretArn"], described["tokenUrl"],
                   " ".join(client["oauthScopes"]), outputs["AwsRegion"], outputs["AwsEndpointUrl"], started)

    def meaning(self) -> str:
        """What a kept token is good for: this start of the stack, its client, scopes and token endpoint, and no other's."""
        return hashlib.sha256(repr(self).encode()).hexdigest()


def client_secret(program: Program) -> str:
    """The machine client's secret, from Secrets Manager."""
    secrets = botocore.session.get_session().create_client(
        "secretsmanager", region_name=program.region, endpoint_url=program.endpoint,
        aws_access_key_id="test", aws_secret_access_key="test")
    return secrets.get_secret_value(SecretId=program.secret_arn)["SecretString"]


def fresh_token(program: Program) -> tuple[str, float]:
    """An access token by the client credentials grant (RFC 6749 section 4.4), and when it expires."""
    asked = time.time()
    credentials = f"{quote(program.client_id)}:{quote(client_secret(program))}"
    request = urllib.request.Request(
        program.token_url,
        urlencode({"grant_type": "client_credentials", "scope": program.scope}).encode(),
        {"Authorization": "Basic " + base64.b64encode(credentials.encode()).decode()})
    with urllib.request.urlopen(request, timeout=10) as response:
        answer = json.load(response)
    return answer["access_token"], asked + answer.get("expires_in", 0)


def kept_token(file: Path, program: Program) -> str | None:
    """The token that was kept for this program, if it lives long enough; None if there is none or it cannot be read."""
    try:
        kept = json.loads(file.read_text())
        good = kept["meantFor"] == program.meaning() and kept["expires"] - MARGIN > time.time()
        return kept["accessToken"] if good else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def access_token(program: Program, file: Path) -> str:
    """The kept access token, or a fresh one, which is then kept."""
    kept = kept_token(file, program)
    if kept is not None:
        return kept
    token, expires = fresh_token(program)
    # A new file, so that its permissions are ours from the first byte on.
    file.unlink(missing_ok=True)
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as writer:
        json.dump({"meantFor": program.meaning(), "expires": expires, "accessToken": token}, writer)
    return token


def main() -> int:
    """Parse arguments, print the token."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--outputs", type=Path, required=True)
    parser.add_argument("--server", required=True)
    options = parser.parse_args()
    try:
        # Written at every start of the stack.
        started = str(options.outputs.stat().st_mtime_ns)
        program = Program.of(json.loads(options.outputs.read_text()), options.server, started)
        name = hashlib.sha256(options.server.encode()).hexdigest()[:8]
        print(access_token(program, options.outputs.with_suffix(f".{name}.token")))
    except urllib.error.HTTPError as refused:
        print(f"{refused.url} answered {refused.code}: {refused.read().decode()}", file=sys.stderr)
        return 1
    except (BotoCoreError, ClientError, OSError, KeyError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
