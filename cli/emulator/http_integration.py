"""HTTP proxy integrations of the emulator's API Gateway (REST), which pass a request on to an HTTP server elsewhere.

Closes: ministack 1.5.33 sends the client's method instead of the integration's, drops every response header but
Content-Type, holds a streamed response back until it ends, ignores TimeoutInMillis, and answers 500 where AWS answers 504.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit

import h11
from ministack.core.responses import StreamingResponse
from ministack.services import apigateway_v1
from ministack.services.cloudformation import provisioners

# Headers of a request that API Gateway does not pass on ("Important notes for REST APIs" of its developer guide): the
# connection's own, and Host, which becomes the endpoint's.
NOT_PASSED_ON = {"connection", "content-length", "content-md5", "expect", "host", "keep-alive", "max-forwards",
                 "proxy-authenticate", "server", "te", "trailer", "transfer-encoding", "upgrade", "www-authenticate"}
READ_BYTES = 64 * 1024


class Exchange:
    """One request to the endpoint of an integration and its response, on a connection of its own.

    Every wait ends at `deadline`, in the time of the event loop, with `asyncio.TimeoutError`.
    """

    def __init__(self, deadline: float) -> None:
        """An exchange that has not begun."""
        self._deadline = deadline
        self._protocol = h11.Connection(h11.CLIENT)
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def begin(self, url: SplitResult, method: str, headers: dict[str, str], body: bytes) -> h11.Response:
        """Connect, send the request, and wait for the head of the response."""
        tls = ssl.create_default_context() if url.scheme == "https" else None
        port = url.port or (443 if tls else 80)
        self._reader, self._writer = await self._in_time(asyncio.open_connection(url.hostname, port, ssl=tls))
        request = h11.Request(
            method=method, target=(url.path or "/") + (f"?{url.query}" if url.query else ""),
            headers=[("host", url.netloc), ("content-length", str(len(body))),
                     *((name, value.encode("latin-1")) for name, value in headers.items())])
        for event in (request, h11.Data(data=body), h11.EndOfMessage()):
            self._writer.write(self._protocol.send(event))
        await self._in_time(self._writer.drain())
        while not isinstance(event := await self._next_event(), h11.Response):
            pass  # an informational response
        return event

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body of the response as it arrives; `h11.RemoteProtocolError` when the endpoint breaks off."""
        while isinstance(event := await self._next_event(), h11.Data):
            yield bytes(event.data)

    def close(self) -> None:
        """Close the connection."""
        if self._writer:
            self._writer.close()

    async def _next_event(self) -> Any:
        while (event := self._protocol.next_event()) is h11.NEED_DATA:
            self._protocol.receive_data(await self._in_time(self._reader.read(READ_BYTES)))
        return event

    async def _in_time(self, awaitable: Any) -> Any:
        return await asyncio.wait_for(awaitable, self._deadline - asyncio.get_running_loop().time())

    async def run(self, send: Any, receive: Any) -> None:
        """Send the body as ASGI frames; a broken-off response stays without its last frame, so the client can tell."""
        try:
            async for chunk in self.chunks():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        except (asyncio.TimeoutError, OSError, h11.RemoteProtocolError):
            return
        finally:
            self.close()
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _response_headers(response: h11.Response) -> dict[str, str | list[str]]:
    headers: dict[str, str | list[str]] = {}
    for raw_name, raw_value in response.headers:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        if name in headers:
            known = headers[name]
            headers[name] = [*(known if isinstance(known, list) else [known]), value]
        else:
            headers[name] = value
    return headers


async def _pass_on(integration: dict, method: str, headers: dict, body: bytes | None, query_params: dict) -> Any:
    url = urlsplit(integration["uri"])
    query = "&".join(filter(None, (url.query, urlencode(query_params or {}, doseq=True))))
    own_method = integration.get("httpMethod") or "ANY"
    timeout = int(integration.get("timeoutInMillis") or 29000) / 1000
    exchange = Exchange(asyncio.get_running_loop().time() + timeout)
    streams = integration.get("responseTransferMode") == "STREAM"
    passed_on = {name: value for name, value in headers.items() if name.lower() not in NOT_PASSED_ON}
    try:
        response = await exchange.begin(
            url._replace(query=query), method if own_method == "ANY" else own_method, passed_on, body or b"")
        whole = None if streams else b"".join([chunk async for chunk in exchange.chunks()])
    except asyncio.TimeoutError:
        exchange.close()
        return apigateway_v1._gw_error("INTEGRATION_TIMEOUT", "Endpoint request timed out")
    except (ssl.SSLError, socket.gaierror):
        # A certificate that is not trusted and a name that does not exist are errors of the configuration.
        exchange.close()
        return apigateway_v1._gw_error("API_CONFIGURATION_ERROR", "Internal server error")
    except (OSError, h11.RemoteProtocolError):
        exchange.close()
        return apigateway_v1._gw_error("INTEGRATION_FAILURE", "Network error communicating with endpoint")
    if whole is None:
        return response.status_code, _response_headers(response), StreamingResponse(exchange.run)
    exchange.close()
    return response.status_code, _response_headers(response), whole


def _keep_transfer_mode() -> None:
    """Closes: CloudFormation drops the integration's ResponseTransferMode."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::ApiGateway::Method"]
    create, update = handlers["create"], handlers["update"]

    def note(props: dict) -> None:
        integration = props.get("Integration")
        if integration:
            resource = apigateway_v1._resources[props["RestApiId"]][props["ResourceId"]]
            stored = resource["resourceMethods"][props["HttpMethod"]]["methodIntegration"]
            stored["responseTransferMode"] = integration.get("ResponseTransferMode", "BUFFERED")

    def create_and_note(logical_id: str, props: dict, stack_name: str) -> Any:
        created = create(logical_id, props, stack_name)
        note(props)
        return created

    def update_and_note(physical_id: str, old_props: dict, new_props: dict, stack_name: str) -> Any:
        updated = update(physical_id, old_props, new_props, stack_name)
        note(new_props)
        return updated

    handlers.update(create=create_and_note, update=update_and_note)


def install(shape_headers: Any) -> None:
    """Pass requests of HTTP_PROXY integrations on as AWS does; `shape_headers` makes a response's headers API Gateway's.

    Integrations that map parameters, and those of type HTTP, stay the emulator's own.
    """
    _keep_transfer_mode()
    other = apigateway_v1._invoke_http_proxy_v1

    async def invoke(integration: dict, path: str, method: str, headers: dict, body: bytes, query_params: dict,
                     path_params: dict | None = None) -> Any:
        if integration.get("type") != "HTTP_PROXY" or integration.get("requestParameters"):
            return await other(integration, path, method, headers, body, query_params, path_params)
        response = await _pass_on(integration, method, headers, body, query_params)
        if not isinstance(response, tuple):
            return response
        status, response_headers, response_body = response
        return status, shape_headers(response_headers), response_body

    apigateway_v1._invoke_http_proxy_v1 = invoke
