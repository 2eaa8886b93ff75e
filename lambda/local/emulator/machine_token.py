"""Print an access token of the machine client: what a CI job or another program sends as its bearer token.

Usage: machine_token.py --outputs FILE, where FILE is the stack's outputs as mcp-lambda-local writes them. Does
in Python what a program does on AWS: read the client secret from Secrets Manager, then ask for client credentials.
"""

from __future__ import annotations

import argparse
import base64
import json
import sys
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import quote, urlencode

import botocore.session
from botocore.exceptions import BotoCoreError, ClientError


def client_secret(outputs: dict[str, str]) -> str:
    """The machine client's secret, from Secrets Manager."""
    secrets = botocore.session.get_session().create_client(
        "secretsmanager", region_name=outputs["AwsRegion"], endpoint_url=outputs["AwsEndpointUrl"],
        aws_access_key_id="test", aws_secret_access_key="test")
    return secrets.get_secret_value(SecretId=outputs["AutomatedOAuthClientSecretArn"])["SecretString"]


def access_token(outputs: dict[str, str]) -> str:
    """A fresh access token by the client credentials grant (RFC 6749 section 4.4)."""
    credentials = f"{quote(outputs['AutomatedOAuthClientId'])}:{quote(client_secret(outputs))}"
    request = urllib.request.Request(
        outputs["McpOAuthTokenUrl"],
        urlencode({"grant_type": "client_credentials", "scope": outputs["McpOAuthScope"]}).encode(),
        {"Authorization": "Basic " + base64.b64encode(credentials.encode()).decode()})
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)["access_token"]


def main() -> int:
    """Parse arguments, print the token."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--outputs", type=Path, required=True)
    options = parser.parse_args()
    try:
        print(access_token(json.loads(options.outputs.read_text())))
    except urllib.error.HTTPError as refused:
        print(f"{refused.url} answered {refused.code}: {refused.read().decode()}", file=sys.stderr)
        return 1
    except (BotoCoreError, ClientError, OSError, KeyError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
