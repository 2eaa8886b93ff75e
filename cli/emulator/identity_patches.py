"""What the emulator's IAM does differently from AWS, put right."""

from __future__ import annotations

import functools
import json

from ministack import app
from ministack.core import iam_actions


def loopback_is_secure() -> None:
    """Closes: the emulator speaks plain HTTP on loopback, and policies that ask for TLS refuse everybody: that of the
    bucket of `cdk bootstrap` refuses the role by which the CDK's command line uploads assets."""
    pin = app.pin_request_origin
    app.pin_request_origin = lambda source_ip, _: pin(source_ip, True)


def log_streams_have_names() -> None:
    """Closes: a policy names a log group with `:*` at its end, as its attribute Arn does, and AWS compares that with the log stream
    that is created or written. The emulator compares it with the log group, so that no role may write."""
    extract = iam_actions.extract_resource_arn

    @functools.wraps(extract)
    def extracted(service: str, method: str, path: str, headers: dict, body: bytes, *rest: object) -> str:
        resource = extract(service, method, path, headers, body, *rest)
        operation = headers.get("x-amz-target", "").rsplit(".", 1)[-1]
        if service != "logs" or operation not in {"CreateLogStream", "PutLogEvents"}:
            return resource
        return f"{resource}:log-stream:{json.loads(body).get('logStreamName', '')}"

    iam_actions.extract_resource_arn = extracted


def install() -> None:
    """Apply every patch of this module."""
    loopback_is_secure()
    log_streams_have_names()
