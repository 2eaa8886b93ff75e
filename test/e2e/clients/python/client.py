"""The official Python MCP client on an errand of the tests.

Reads the errand, one line of JSON, from standard input, and writes one line of JSON for each thing that happens; the query
of the redirect comes back on standard input.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any
from urllib.parse import parse_qs

import httpx2
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.auth.extensions.client_credentials import ClientCredentialsOAuthProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientInformationFull, OAuthClientMetadata, OAuthToken


def say(event: str, what: Any) -> None:
    """Tell the test what happened, at once."""
    print(json.dumps({event: what}), flush=True)


async def heard() -> str:
    """The next line from the test."""
    return await asyncio.to_thread(sys.stdin.readline)


class Memory:
    """Keeps what one installation of a client knows."""

    def __init__(self, client: OAuthClientInformationFull | None) -> None:
        """What it knows at first."""
        self._client = client
        self._tokens: OAuthToken | None = None

    async def get_tokens(self) -> OAuthToken | None:
        """The tokens, if there are any."""
        return self._tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        """Keep these."""
        self._tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        """What the client is known by."""
        return self._client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        """Keep this."""
        self._client = client_info


async def go_to(authorization_url: str) -> None:
    """Send the person there."""
    say("authorize", authorization_url)


async def come_back() -> AuthorizationCodeResult:
    """What the person's browser brought back."""
    query = parse_qs((await heard()).strip())
    first = {name: values[0] for name, values in query.items()}
    return AuthorizationCodeResult(code=first["code"], state=first.get("state"), iss=first.get("iss"))


def provider(errand: dict[str, Any]) -> httpx2.Auth:
    """The way to an access token that the errand names."""
    identity, url = errand["identity"], errand["url"]
    if identity["kind"] == "program":
        return ClientCredentialsOAuthProvider(
            url, Memory(None), identity["clientId"], identity["clientSecret"], scope=identity["scope"],
            issuer=identity["issuer"])
    metadata = OAuthClientMetadata(
        redirect_uris=[errand["redirectUri"]], client_name="Test client", token_endpoint_auth_method="none",
        grant_types=["authorization_code", "refresh_token"])
    known = None
    if identity["kind"] == "preRegistered":
        known = OAuthClientInformationFull(
            client_id=identity["clientId"], issuer=identity["issuer"], redirect_uris=metadata.redirect_uris,
            token_endpoint_auth_method="none")
    document = identity["clientId"] if identity["kind"] == "metadataDocument" else None
    return OAuthClientProvider(url, metadata, Memory(known), go_to, come_back, client_metadata_url=document)


async def show(progress: float, total: float | None, message: str | None) -> None:
    """Show a progress notification."""
    say("progress", {"progress": progress, "total": total, "message": message})


async def main() -> None:
    """Run the errand."""
    errand = json.loads(await heard())
    mode = "auto" if errand["revision"] == "2026-07-28" else "legacy"
    async with httpx2.AsyncClient(auth=provider(errand), timeout=300) as http_client:
        async with Client(streamable_http_client(errand["url"], http_client=http_client), mode=mode) as client:
            say("connected", client.protocol_version)
            say("tools", [tool.name for tool in (await client.list_tools()).tools])
            result = await client.call_tool("getDogFacts", {"limit": errand["limit"]}, progress_callback=show)
            if result.is_error:
                sys.exit(f"the tool failed: {result.content}")
            say("result", result.structured_content)


asyncio.run(main())
