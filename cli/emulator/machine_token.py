"""Print an access token of the machine client: what a CI job or another program sends as its bearer token.

Usage: machine_token.py --outputs FILE, where FILE is the stack's outputs as mcp-lambda writes them. Does
in Python what a program should do on AWS: read the client secret from Secrets Manager, ask for client credentials, and
keep the access token until shortly before it expires, because Cognito charges for every one. It is kept beside FILE,
readable by its owner only, and asked for again when the stack, its client or its scopes are others.
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
from urllib.parse import quote, urlencode

import botocore.session
from botocore.exceptions import BotoCoreError, ClientError

# Seconds before its end at which an access token counts as over: whoever gets it wants to use it.
MARGIN = 120


def client_secret(outputs: dict[str, str]) -> str:
    """The machine client's secret, from Secrets Manager."""
    secrets = botocore.session.get_session().create_client(
        "secretsmanager", region_name=outputs["AwsRegion"], endpoint_url=outputs["AwsEndpointUrl"],
        aws_access_key_id="test", aws_secret_access_key="test")
    return secrets.get_secret_value(SecretId=outputs["AutomatedOAuthClientSecretArn"])["SecretString"]


def fresh_token(outputs: dict[str, str]) -> tuple[str, float]:
    """An access token by the client credentials grant (RFC 6749 section 4.4), and when it expires."""
    asked = time.time()
    credentials = f"{quote(outputs['AutomatedOAuthClientId'])}:{quote(client_secret(outputs))}"
    request = urllib.request.Request(
        outputs["McpOAuthTokenUrl"],
        urlencode({"grant_type": "client_credentials", "scope": outputs["McpOAuthScope"]}).encode(),
        {"Authorization": "Basic " + base64.b64encode(credentials.encode()).decode()})
    with urllib.request.urlopen(request, timeout=10) as response:
        answer = json.load(response)
    return answer["access_token"], asked + answer.get("expires_in", 0)


def meant_for(outputs: dict[str, str]) -> str:
    """What a kept token is good for: this start of the stack, its client, scopes and token endpoint, and no other's."""
    names = ("Started", "McpOAuthTokenUrl", "UserPoolId", "AutomatedOAuthClientId", "McpOAuthScope")
    return hashlib.sha256("\n".join(outputs[name] for name in names).encode()).hexdigest()


def kept_token(file: Path, outputs: dict[str, str]) -> str | None:
    """The token that was kept for this stack, if it lives long enough; None if there is none or it cannot be read."""
    try:
        kept = json.loads(file.read_text())
        good = kept["meantFor"] == meant_for(outputs) and kept["expires"] - MARGIN > time.time()
        return kept["accessToken"] if good else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def access_token(outputs: dict[str, str], file: Path) -> str:
    """The kept access token, or a fresh one, which is then kept."""
    kept = kept_token(file, outputs)
    if kept is not None:
        return kept
    token, expires = fresh_token(outputs)
    # A new file, so that its permissions are ours from the first byte on.
    file.unlink(missing_ok=True)
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as writer:
        json.dump({"meantFor": meant_for(outputs), "expires": expires, "accessToken": token}, writer)
    return token


def main() -> int:
    """Parse arguments, print the token."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--outputs", type=Path, required=True)
    options = parser.parse_args()
    try:
        outputs = json.loads(options.outputs.read_text())
        # Written at every start of the stack, which may come with other keys.
        outputs["Started"] = str(options.outputs.stat().st_mtime_ns)
        print(access_token(outputs, options.outputs.with_suffix(".token")))
    except urllib.error.HTTPError as refused:
        print(f"{refused.url} answered {refused.code}: {refused.read().decode()}", file=sys.stderr)
        return 1
    except (BotoCoreError, ClientError, OSError, KeyError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
