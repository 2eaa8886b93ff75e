"""Response streaming in the emulator's Lambda Runtime API.

Closes: ministack 1.5.33 reads a streamed response to its end before anybody sees a byte of it, and loses trailers.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ministack.core import lambda_runtime

DELIMITER = b"\0" * 8
# API Gateway looks for the delimiter in the first 16 KB of the stream.
PRELUDE_LIMIT = 16 * 1024
ENDING_SECONDS = 2


@dataclass(frozen=True)
class Prelude:
    """Status and headers that a function sends before the first byte of the body."""

    status: int
    headers: dict[str, str | list[str]]

    @classmethod
    def parse(cls, raw: bytes) -> Prelude | None:
        """The prelude in `raw` (JSON without the delimiter), or None when API Gateway would call it malformed."""
        try:
            document = json.loads(raw)
            status = int(document.get("statusCode", 200))
        except (AttributeError, TypeError, ValueError):
            return None
        headers: dict[str, str | list[str]] = {str(k): str(v) for k, v in (document.get("headers") or {}).items()}
        for name, values in (document.get("multiValueHeaders") or {}).items():
            for existing in [known for known in headers if known.lower() == name.lower()]:
                del headers[existing]
            headers[str(name)] = [str(value) for value in values]
        if document.get("cookies"):
            headers["Set-Cookie"] = [str(cookie) for cookie in document["cookies"]]
        return cls(status, headers)


class ResponseStream:
    """One streamed response on its way from a function to an HTTP client.

    `feed` and `end` are called by the Runtime API's thread, everything else by the event loop.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """A stream whose client is served by `loop`."""
        self._loop = loop
        self._head: bytes | None = b""
        self._chunks: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._complete = False
        self.prelude: asyncio.Future[Prelude | None] = loop.create_future()

    def feed(self, data: bytes) -> None:
        """Take the next bytes from the function."""
        if self._head is None:
            self._post(self._chunks.put_nowait, data)
            return
        self._head += data
        raw, delimiter, rest = self._head.partition(DELIMITER)
        if delimiter:
            self._head = None
            self._post(self._settle, Prelude.parse(raw))
            if rest:
                self._post(self._chunks.put_nowait, rest)
        elif len(self._head) > PRELUDE_LIMIT:
            self._head = None
            self._post(self._settle, None)

    def end(self, complete: bool) -> None:
        """No more bytes follow; `complete` is False when the function broke off."""
        self._post(self._end, complete)

    def _end(self, complete: bool) -> None:
        self._complete = complete
        self._settle(None)
        self._chunks.put_nowait(None)

    def _settle(self, prelude: Prelude | None) -> None:
        if not self.prelude.done():
            self.prelude.set_result(prelude)

    def _post(self, callback: Any, value: Any) -> None:
        self._loop.call_soon_threadsafe(callback, value)

    async def run(self, send: Any, receive: Any) -> None:
        """Send the body as ASGI frames; a broken-off stream stays without its last frame, so the client can tell."""
        while (chunk := await self._chunks.get()) is not None:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        if self._complete:
            await send({"type": "http.response.body", "body": b"", "more_body": False})


# Waiting streams by requestContext.requestId: the one value that both the gateway and the function's event know.
_streams: dict[str, ResponseStream] = {}


def open_stream(request_id: str) -> ResponseStream:
    """Expect a streamed answer to the API Gateway request `request_id`."""
    stream = ResponseStream(asyncio.get_running_loop())
    _streams[request_id] = stream
    return stream


def close_stream(request_id: str) -> None:
    """Forget the stream: the invocation is over. Ends it as broken off if the function did not end it."""
    _streams.pop(request_id).end(complete=False)


def _chunks(reader: Any) -> Iterator[bytes]:
    """The chunks of an HTTP/1.1 chunked body; EOFError when the peer breaks off, ValueError on an error trailer."""
    while size := int(reader.readline().split(b";")[0].strip() or b"-1", 16):
        data = reader.read(size) if size > 0 else b""
        if len(data) != size:
            raise EOFError
        reader.readline()
        yield data
    while trailer := reader.readline().strip():
        if trailer.lower().startswith(b"lambda-runtime-function-error-"):
            raise ValueError(trailer.decode("latin-1"))


def _await_end(process: Any) -> None:
    """Give a runtime that broke off the time to end: the next event must not go to one that is about to."""
    try:
        process.wait(ENDING_SECONDS)
    except (AttributeError, subprocess.TimeoutExpired):
        pass  # already collected, or it goes on, as a runtime does that only reported an error


def install() -> None:
    """Make every `provided.*` environment forward streamed responses."""
    worker_class = lambda_runtime.ProvidedWorker
    build_handler_class, invoke = worker_class._build_handler_class, worker_class.invoke

    def streaming_invoke(self: Any, event: Any, request_id: str, **options: Any) -> dict:
        context = (event.get("requestContext") or {}) if isinstance(event, dict) else {}
        self._response_stream = _streams.get(context.get("requestId") or "")
        return invoke(self, event, request_id, **options)

    def streaming_handler_class(self: Any, generation: int, pending: Any) -> type:
        worker, base = self, build_handler_class(self, generation, pending)

        class StreamingHandler(base):  # type: ignore[misc, valid-type]
            def do_POST(self) -> None:
                match = lambda_runtime._INVOCATION_RESULT_RE.search(self.path)
                mode = self.headers.get("Lambda-Runtime-Function-Response-Mode", "")
                chunked = "chunked" in self.headers.get("Transfer-Encoding", "").lower()
                if not (match and match[2] == "response" and mode.lower() == "streaming" and chunked):
                    super().do_POST()
                    return
                current = generation == worker._generation and match[1] == worker._current_request_id
                stream = worker._response_stream if current else None
                payload, kind = bytearray(), "response"
                try:
                    for chunk in _chunks(self.rfile):
                        if stream:
                            stream.feed(chunk)
                        else:  # a buffered integration or the Invoke API: the whole stream is the payload
                            payload += chunk
                except (EOFError, OSError, ValueError) as broken:
                    kind, payload = "error", bytearray(str(broken).encode() or b"response stream broken off")
                if stream:
                    stream.end(complete=kind == "response")
                if kind == "error":
                    _await_end(worker._proc)
                accepted = worker._record_result(generation, match[1], kind, payload.decode("utf-8", "replace"))
                self._respond(202 if accepted else 400)

        return StreamingHandler

    worker_class._response_stream = None
    worker_class.invoke = streaming_invoke
    worker_class._build_handler_class = streaming_handler_class
