"""The observers of requests: they report what happens, and never fail a request.

Run with the emulator's own Python: .local/venv/bin/python cli/emulator/tests
"""

from __future__ import annotations

import json
import sys
import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

sys.path.insert(0, str(Path(__file__).parent.parent))

import function_patches  # noqa: E402, found by the line above

EVENT = {"requestContext": {"authorizer": {"claims": {"client_id": "app", "username": "ada"}}}}


class Observers(unittest.TestCase):
    """The patched functions of the emulator, with originals that succeed."""

    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.file = Path(directory.name) / "events.jsonl"
        self.events = function_patches.Events(self.file)
        self.addCleanup(self.events._writer.close)
        self.worker = type("Worker", (), {
            "func_name": "shop",
            "invoke": lambda self, event, request_id: {"body": "invoked"},
            "_pump_output": lambda self, stream, lines: lines.append(stream.readline()),
        })
        self.service = SimpleNamespace(
            _execute_function_dispatch=lambda func, config: {"error": True, "body": {"errorMessage": "boom"}},
            _emit_lambda_logs=mock.Mock())
        self.emit = self.service._emit_lambda_logs
        runtime = SimpleNamespace(ProvidedWorker=self.worker)
        for name, value in (("lambda_runtime", runtime), ("lambda_svc", self.service)):
            patch = mock.patch.object(function_patches, name, value)
            patch.start()
            self.addCleanup(patch.stop)
        function_patches.report_output(self.events)

    def use_all(self) -> None:
        """Each patched function responds as the original does."""
        lines: list[bytes] = []
        worker: Any = self.worker()
        self.assertEqual(worker.invoke(EVENT, "r1"), {"body": "invoked"})
        worker._pump_output(SimpleNamespace(readline=lambda: b"started\n"), lines)
        self.assertEqual(lines, [b"started\n"])
        self.assertEqual(self.service._execute_function_dispatch({}, {})["body"], {"errorMessage": "boom"})
        self.service._emit_lambda_logs({"config": {"Runtime": "python3.12"}}, "r1", "a line")
        self.emit.assert_called_once()

    def kinds(self) -> list[str]:
        """What was reported."""
        return [json.loads(line)["kind"] for line in self.file.read_text().splitlines()]

    def test_report_calls_output_and_failures(self) -> None:
        self.use_all()
        self.assertEqual(self.kinds(), ["call", "output", "failure", "output"])

    def test_a_caller_that_cannot_be_looked_up_fails_no_request(self) -> None:
        failing = mock.patch.object(function_patches.cognito, "_find_pool_by_client_id", side_effect=KeyError("app"))
        with failing, self.assertLogs("function_patches", "ERROR") as log:
            self.use_all()
        self.assertIn("report_call failed", log.output[0])
        self.assertEqual(self.kinds(), ["output", "failure", "output"])

    def test_a_file_that_cannot_be_written_fails_no_request(self) -> None:
        self.events._writer.close()
        with self.assertLogs("function_patches", "ERROR") as log:
            self.use_all()
        self.assertEqual(len(log.output), 4)

    def test_members_that_are_no_json_fail_no_request(self) -> None:
        with self.assertLogs("function_patches", "ERROR"):
            self.worker().invoke(EVENT, object())
        self.assertEqual(self.kinds(), [])


if __name__ == "__main__":
    unittest.main()
