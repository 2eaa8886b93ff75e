"""What `mcp-lambda dev` needs of the emulator's Lambda: events as they happen, and functions that start anew when the program that
they run has changed.

An event is one JSON object in a line of the file of `--events`: `{"kind": "output", "function": …, "line": …}` for each line that a
function writes, `call` with the caller of a request before it, `failure` when a function failed without a response, and
`notEmulated` for a type of resource that the emulator accepts without effect.
"""

from __future__ import annotations

import functools
import json
import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import cognito, lambda_svc

logger = logging.getLogger(__name__)


def observer(report: Callable[..., None]) -> Callable[..., None]:
    """A function that only looks at requests: what it raises goes to the emulator's log and never fails a request."""

    @functools.wraps(report)
    def observe(*arguments: Any, **members: Any) -> None:
        try:
            report(*arguments, **members)
        except Exception:
            logger.exception("%s failed", report.__name__)

    return observe


class Events:
    """The file of events. Without a file, nothing is written."""

    def __init__(self, file: Path | None) -> None:
        """Begin a new file."""
        self._writer = file.open("w", encoding="utf-8") if file else None
        self._lock = threading.Lock()

    @observer
    def write(self, kind: str, **members: Any) -> None:
        """Append one event in one write, so that a reader never sees half of a line for long."""
        if self._writer:
            line = json.dumps({"kind": kind, "time": round(time.time() * 1000), **members})
            with self._lock:
                self._writer.write(f"{line}\n")
                self._writer.flush()


def claims_of(authorizer: dict) -> dict:
    """The claims of a Cognito authorizer, or of a Lambda authorizer, whose context has them as a JSON string or as members."""
    claims = authorizer.get("claims")
    if isinstance(claims, str):
        try:
            claims = json.loads(claims)
        except ValueError:
            claims = None
    return claims if isinstance(claims, dict) else authorizer


def caller_of(event: Any) -> str | None:
    """The person's e-mail address, or the id of the app client, as the gateway's authorizer knows them."""
    context = (event.get("requestContext") or {}) if isinstance(event, dict) else {}
    authorizer = context.get("authorizer") or {}
    claims = claims_of(authorizer)
    client_id, username = claims.get("client_id"), claims.get("username")
    _, pool, _ = cognito._find_pool_by_client_id(client_id or "")
    if username and pool:
        user, _ = cognito._resolve_user(pool, username)
        return cognito._attr_list_to_dict((user or {}).get("Attributes", [])).get("email") or username
    return client_id or claims.get("sub") or authorizer.get("principalId")


def report_output(events: Events) -> None:
    """Report each line of a function's output when it is written, and each call with its caller."""
    worker_class = lambda_runtime.ProvidedWorker
    pump, invoke = worker_class._pump_output, worker_class.invoke
    execute, emit = lambda_svc._execute_function_dispatch, lambda_svc._emit_lambda_logs

    @observer
    def report_line(function: str, raw: bytes) -> None:
        line = raw.decode("utf-8", "replace").rstrip("\r\n")
        if line:
            events.write("output", function=function, line=line)

    @observer
    def report_call(function: str, event: Any, request_id: str) -> None:
        events.write("call", function=function, requestId=request_id, caller=caller_of(event))

    @observer
    def report_failure(config: dict, result: Any) -> None:
        if isinstance(result, dict) and result.get("error"):
            body = result.get("body")
            message = body.get("errorMessage") if isinstance(body, dict) else None
            events.write("failure", function=config.get("FunctionName"), message=message or str(body))

    @observer
    def report_log(func: dict, log_text: str) -> None:
        config = func.get("config") or func
        # The output of a program of one's own is reported while it is written.
        if not str(config.get("Runtime", "")).startswith("provided"):
            for line in (log_text or "").splitlines():
                events.write("output", function=config.get("FunctionName"), line=line)

    class Tee:
        """The function's output: every line that is read is reported as well."""

        def __init__(self, function: str, stream: Any) -> None:
            self._function, self._stream = function, stream

        def readline(self) -> bytes:
            raw = self._stream.readline()
            report_line(self._function, raw)
            return raw

        def close(self) -> None:
            self._stream.close()

    def invoke_and_report(self: Any, event: Any, request_id: str, **options: Any) -> dict:
        report_call(self.func_name, event, request_id)
        return invoke(self, event, request_id, **options)

    def execute_and_report(func: dict, config: dict, *arguments: Any) -> dict:
        result = execute(func, config, *arguments)
        report_failure(config, result)
        return result

    def emit_and_report(func: dict, request_id: str, log_text: str, *arguments: Any, **options: Any) -> None:
        report_log(func, log_text)
        emit(func, request_id, log_text, *arguments, **options)

    worker_class._pump_output = lambda self, stream, lines: pump(self, Tee(self.func_name, stream), lines)
    worker_class.invoke = invoke_and_report
    lambda_svc._execute_function_dispatch = execute_and_report
    lambda_svc._emit_lambda_logs = emit_and_report


def identity_of(program: str | None) -> tuple[int, int] | None:
    """What changes when a program is replaced; None while there is none."""
    try:
        status = os.stat(program or "")
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns


def replace_changed_programs() -> None:
    """Start a function anew when the program that its code names (`program` beside `bootstrap`) has been replaced. A request that
    runs ends in the old one."""
    worker_class = lambda_runtime.ProvidedWorker
    spawn, acquire = worker_class._spawn, lambda_runtime.acquire_worker

    def spawn_and_note(self: Any, *arguments: Any, **options: Any) -> None:
        file = Path(lambda_svc._provided_runtime_code_dir(self.code_zip), "program")
        self._program = file.read_text() if file.exists() else None
        self._identity = identity_of(self._program)
        spawn(self, *arguments, **options)

    def is_outdated(worker: Any) -> bool:
        program = getattr(worker, "_program", None)
        current = identity_of(program)
        return current is not None and current != worker._identity

    def acquire_current(func_name: str, config: dict, *arguments: Any, **options: Any) -> Any:
        with lambda_runtime._lock:
            outdated = []
            for workers in lambda_runtime._workers.values():
                idle = [worker for worker in workers if not worker.in_use and is_outdated(worker)]
                workers[:] = [worker for worker in workers if worker not in idle]
                outdated += idle
        if outdated:
            # Their end takes a moment, which the request must not wait for.
            threading.Thread(target=lambda_runtime.kill_workers, args=(outdated,), daemon=True).start()
        return acquire(func_name, config, *arguments, **options)

    worker_class._program = None
    worker_class._spawn = spawn_and_note
    lambda_runtime.acquire_worker = acquire_current
    lambda_svc.acquire_worker = acquire_current


def install(events: Events) -> None:
    """Apply every patch of this module."""
    report_output(events)
    replace_changed_programs()
