"""What `mcp-lambda dev` needs of the emulator, seen from outside: the app is deployed by deploy_app.py, and its function runs a program
that a file names.

Run with the emulator's own Python: .local/venv/bin/python cli/emulator/tests
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request
from pathlib import Path
from typing import Any

import botocore.session

TESTS = Path(__file__).parent
EMULATOR = TESTS.parent
POOL = "us-east-1_Elsewhere"
# Answers each invocation with its own text, after a line of output.
PROGRAM = """#!/usr/bin/env python3
import http.client, os
print("program started", flush=True)
while True:
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    connection.request("GET", "/2018-06-01/runtime/invocation/next")
    event = connection.getresponse()
    event.read()
    request_id = event.headers["Lambda-Runtime-Aws-Request-Id"]
    connection.request("POST", f"/2018-06-01/runtime/invocation/{request_id}/response", '"VERSION"')
    connection.getresponse().read()
"""


def put_in_place(program: Path, version: str) -> None:
    """Replace the program in one step."""
    part = program.with_suffix(".part")
    part.write_text(PROGRAM.replace("VERSION", version))
    part.chmod(0o755)
    part.rename(program)


class Dev(unittest.TestCase):
    """An emulator with one app."""

    def setUp(self) -> None:
        """Start the emulator."""
        self.directory = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.directory)
        port_file = self.directory / "port"
        self.events = self.directory / "events.jsonl"
        log = (self.directory / "log").open("wb")
        self.addCleanup(log.close)
        self.process = subprocess.Popen(
            [sys.executable, str(EMULATOR / "launch.py"), "--port", "0", "--port-file", str(port_file), "--state",
             str(self.directory / "state"), "--events", str(self.events), "--region", "eu-west-1"],
            stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True)
        self.addCleanup(self.stop)
        while True:
            try:
                self.endpoint = f"http://127.0.0.1:{int(port_file.read_text())}"
                urllib.request.urlopen(f"{self.endpoint}/_ministack/health", timeout=60).close()
                break
            except (OSError, ValueError):
                self.assertIsNone(self.process.poll())
                time.sleep(0.05)

    def stop(self) -> None:
        """End the emulator and what it started."""
        self.process.stdin.close()
        self.process.wait(60)
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def aws(self, service: str) -> Any:
        """A signed SDK client."""
        return botocore.session.get_session().create_client(
            service, region_name="eu-west-1", endpoint_url=self.endpoint, aws_access_key_id="test",
            aws_secret_access_key="test")

    def deploy(self, template: dict) -> dict:
        """Deploy the stack App, whose one asset is the launcher of a program."""
        cdk_out = self.directory / "cdk.out"
        (cdk_out / "launcher").mkdir(parents=True, exist_ok=True)
        (cdk_out / "launcher" / "bootstrap").write_text('#!/bin/sh\nexec "$(cat "$(dirname "$0")/program")" "$@"\n')
        (cdk_out / "launcher" / "bootstrap").chmod(0o755)
        (cdk_out / "launcher" / "program").write_text(str(self.directory / "program"))
        (cdk_out / "App.template.json").write_text(json.dumps(template))
        (cdk_out / "App.assets.json").write_text(json.dumps({"files": {"launcher": {
            "source": {"path": "launcher", "packaging": "zip"},
            "destinations": {"here": {"bucketName": "assets", "objectKey": "launcher.zip"}}}}}))
        plan = {"userPools": [POOL], "stacks": [{"name": "App", "template": "App.template.json", "directory": str(cdk_out),
                                                  "assets": ["App.assets.json"]}]}
        done = subprocess.run([sys.executable, str(EMULATOR / "deploy_app.py"), "--endpoint", self.endpoint, "--region", "eu-west-1"],
                              input=json.dumps(plan), capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)["App"]

    def kinds(self, kind: str) -> list[dict]:
        """The events of a kind so far."""
        return [event for event in map(json.loads, self.events.read_text().splitlines()) if event["kind"] == kind]

    def test_an_app_runs_beside_what_the_emulator_does_not_have_and_its_function_starts_anew_with_its_program(self) -> None:
        """A new program answers the next request; the template is the same."""
        put_in_place(self.directory / "program", "first")
        role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}}}
        function = {"Type": "AWS::Lambda::Function", "Properties": {
            "Code": {"S3Bucket": "assets", "S3Key": "launcher.zip"}, "Handler": "bootstrap", "Runtime": "provided.al2023",
            "Role": {"Fn::GetAtt": ["Role", "Arn"]}}}
        client = {"Type": "AWS::Cognito::UserPoolClient", "Properties": {"UserPoolId": POOL}}
        resources = {"Role": role, "Function": function, "Client": client, "Odd": {"Type": "AWS::Nowhere::Thing"}}
        deployed = self.deploy({"Resources": resources, "Outputs": {"Name": {"Value": {"Ref": "Function"}}}})
        name = deployed["outputs"]["Name"]
        self.assertEqual(deployed["resources"]["Function"], name)

        def answer() -> str:
            return json.load(self.aws("lambda").invoke(FunctionName=name)["Payload"])

        self.assertEqual(answer(), "first")
        put_in_place(self.directory / "program", "second")
        self.assertEqual(answer(), "second")
        outputs = [event for event in self.kinds("output") if event["function"] == name]
        self.assertEqual([event["line"] for event in outputs], ["program started"] * 2)
        self.assertEqual(len(self.kinds("call")), 2)
        self.assertEqual([event["type"] for event in self.kinds("notEmulated")], ["AWS::Nowhere::Thing"])
        # A program that cannot start is a failure of the function, with what it wrote.
        (self.directory / "broken").write_text("#!/bin/sh\necho no setting >&2\nexit 1\n")
        (self.directory / "broken").chmod(0o755)
        (self.directory / "broken").rename(self.directory / "program")
        self.aws("lambda").invoke(FunctionName=name)
        self.assertIn("bootstrap exited during init with code 1", self.kinds("failure")[0]["message"])
        self.assertEqual(self.kinds("output")[-1]["line"], "no setting")
        # The user pool of another app has its id, and a password policy for the sign-in pages.
        pool = self.aws("cognito-idp").describe_user_pool(UserPoolId=POOL)["UserPool"]
        self.assertEqual(pool["UsernameAttributes"], ["email"])
        policy = f"{self.endpoint}/_mcp-lambda/password-policy?client_id={deployed['resources']['Client']}"
        with urllib.request.urlopen(policy, timeout=60) as response:
            self.assertEqual(json.load(response)["MinimumLength"], 8)
        # A second deployment without a change keeps everything.
        again = self.deploy({"Resources": resources, "Outputs": {"Name": {"Value": {"Ref": "Function"}}}})
        self.assertEqual(again, deployed)


if __name__ == "__main__":
    unittest.main()
