"""What the emulator's IAM does differently from AWS, put right."""

from __future__ import annotations

from ministack import app


def loopback_is_secure() -> None:
    """Closes: the emulator speaks plain HTTP on loopback, and policies that ask for TLS refuse everybody: that of the
    bucket of `cdk bootstrap` refuses the role by which the CDK's command line uploads assets."""
    pin = app.pin_request_origin
    app.pin_request_origin = lambda source_ip, _: pin(source_ip, True)


def install() -> None:
    """Apply every patch of this module."""
    loopback_is_secure()
