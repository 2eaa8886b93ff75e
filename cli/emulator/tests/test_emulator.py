"""The emulator as launch.py starts it, seen from outside: each test is a bug of the bare emulator that stays closed.

Run with the emulator's own Python: .local/venv/bin/python cli/emulator/tests
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import botocore.session

TESTS = Path(__file__).parent
EMULATOR = TESTS.parent
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
REDIRECT_URI = "http://localhost:8765/callback"


def claims(token: str) -> dict:
    """The payload of a JWT."""
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


class Emulator(unittest.TestCase):
    """One emulator with the stack of template.json for all tests."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.directory = Path(tempfile.mkdtemp())
        port_file = cls.directory / "port"
        cls.log = (cls.directory / "log").open("wb")
        cls.process = subprocess.Popen(
            [sys.executable, str(EMULATOR / "launch.py"), "--port", "0", "--port-file", str(port_file),
             "--state", str(cls.directory / "state")],
            stdin=subprocess.PIPE, stdout=cls.log, stderr=cls.log, start_new_session=True)
        cls.addClassCleanup(cls.stop)
        for _ in range(2400):
            try:
                cls.port = int(port_file.read_text())
                cls.endpoint = f"http://127.0.0.1:{cls.port}"
                urllib.request.urlopen(f"{cls.endpoint}/_ministack/health", timeout=60).close()
                break
            except OSError:
                time.sleep(0.05)
        cdk_out = cls.directory / "cdk.out"
        shutil.copytree(TESTS / "function", cdk_out / "function")
        (cdk_out / "Test.template.json").write_text(json.dumps(cls.template()))
        shutil.copy(TESTS / "assets.json", cdk_out / "Test.assets.json")
        cls.outputs = json.loads(cls.deploy())

    @classmethod
    def template(cls) -> dict:
        """The template that is deployed."""
        return json.loads((TESTS / "template.json").read_text())

    @classmethod
    def stop(cls) -> None:
        """Close its standard input, which must be enough to end it and the functions that it started."""
        cls.process.stdin.close()
        cls.process.wait(60)
        cls.log.close()
        for _ in range(1200):
            try:
                os.killpg(cls.process.pid, 0)
            except ProcessLookupError:
                break
            time.sleep(0.05)
        else:
            raise AssertionError("functions outlive the emulator")
        shutil.rmtree(cls.directory)

    @classmethod
    def deploy(cls, *arguments: str, check: bool = True) -> str:
        """Run deploy.py; its standard output, or with `check` off its standard error."""
        done = subprocess.run([sys.executable, str(EMULATOR / "deploy.py"), "--endpoint", cls.endpoint, "--cdk-out",
                               str(cls.directory / "cdk.out"), "--stack", "Test", *arguments],
                              capture_output=True, text=True, check=False)
        if check and done.returncode != 0:
            raise AssertionError(done.stderr)
        return done.stdout if check else done.stderr

    def aws(self, service: str) -> Any:
        """A signed SDK client."""
        return botocore.session.get_session().create_client(
            service, region_name="us-east-1", endpoint_url=self.endpoint, aws_access_key_id="test",
            aws_secret_access_key="test")

    def get(self, path: str, host: str | None = None, headers: dict[str, str] | None = None) -> http.client.HTTPResponse:
        """GET through API Gateway as the edge does: path form, with the gateway's own Host."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        self.addCleanup(connection.close)
        api = self.outputs["ApiId"]
        connection.request("GET", f"/_aws/execute-api/{api}/prod{path}",
                           headers={"Host": host or f"{api}.execute-api.us-east-1.amazonaws.com", **(headers or {})})
        return connection.getresponse()

    def form(self, path: str, fields: dict[str, str]) -> tuple[int, dict, dict]:
        """POST a form without following redirects: status, headers, JSON body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        self.addCleanup(connection.close)
        connection.request("POST", path, urlencode(fields), {"Content-Type": "application/x-www-form-urlencoded"})
        response = connection.getresponse()
        body = response.read()
        return response.status, dict(response.headers), json.loads(body) if body else {}

    def cognito(self, action: str, data: dict) -> None:
        """An unsigned Cognito call, as a browser page's server makes it; HTTPError when refused."""
        request = urllib.request.Request(self.endpoint, json.dumps(data).encode(), {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"AWSCognitoIdentityProviderService.{action}"})
        urllib.request.urlopen(request, timeout=60).close()

    def mailed_code(self, address: str) -> str:
        """The code in the newest mail to the address."""
        with urllib.request.urlopen(f"{self.endpoint}/_ministack/ses/messages", timeout=60) as response:
            mails = [m for messages in json.load(response)["messages"].values() for m in messages if address in m["To"]]
        words = mails[-1]["BodyText"].replace(".", " ").split()
        return next(word for word in words if word.isdigit() and len(word) == 6)

    def code_of_new_user(self, address: str, signs_in_as: str | None = None) -> str:
        """Sign up, confirm with the mailed code, sign in with PKCE and `resource`."""
        person = {"ClientId": self.outputs["People"], "Username": address}
        self.cognito("SignUp", {**person, "Password": "Correct-Horse-7",
                                "UserAttributes": [{"Name": "email", "Value": address}]})
        self.cognito("ConfirmSignUp", {**person, "ConfirmationCode": self.mailed_code(address)})
        status, headers, _ = self.form("/login", {
            "client_id": self.outputs["People"], "redirect_uri": REDIRECT_URI, "response_type": "code",
            "scope": "http://127.0.0.1/mcp/read", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
            "resource": "http://127.0.0.1/mcp", "username": signs_in_as or address,
            "password": "Correct-Horse-7"})
        self.assertEqual(status, 302)
        return parse_qs(urlsplit(headers["Location"]).query)["code"][0]

    def redeem(self, code: str, verifier: str) -> tuple[int, dict]:
        """Exchange a code."""
        status, _, body = self.form("/oauth2/token", {
            "grant_type": "authorization_code", "client_id": self.outputs["People"], "redirect_uri": REDIRECT_URI,
            "code": code, "code_verifier": verifier})
        return status, body

    def tokens_of_new_user(self, address: str, signs_in_as: str | None = None) -> dict:
        """Sign up, sign in, exchange the code."""
        status, tokens = self.redeem(self.code_of_new_user(address, signs_in_as), VERIFIER)
        self.assertEqual(status, 200)
        return tokens

    def refresh(self, refresh_token: str) -> tuple[int, dict]:
        """Use a refresh token."""
        status, _, body = self.form("/oauth2/token", {"grant_type": "refresh_token",
                                                      "client_id": self.outputs["People"],
                                                      "refresh_token": refresh_token})
        return status, body


class ResponseStreaming(Emulator):
    """REST integrations, streamed and buffered."""

    def test_a_transaction_that_is_sent_again_is_the_same_one(self) -> None:
        """After a broken connection an SDK sends it again with its token; another one with the token is refused."""
        table = "transactions"
        tables = self.aws("dynamodb")
        key = [{"AttributeName": "pk", "KeyType": "HASH"}]
        types = [{"AttributeName": "pk", "AttributeType": "S"}]
        tables.create_table(TableName=table, KeySchema=key, AttributeDefinitions=types, BillingMode="PAY_PER_REQUEST")
        self.addCleanup(tables.delete_table, TableName=table)

        def order(total: str) -> dict:
            item = {"pk": {"S": "order"}, "total": {"N": total}}
            update = {"TableName": table, "Key": {"pk": {"S": "stock"}}, "UpdateExpression": "ADD pieces :less",
                      "ExpressionAttributeValues": {":less": {"N": "-1"}}}
            return {"TransactItems": [{"Put": {"TableName": table, "Item": item}}, {"Update": update}],
                    "ClientRequestToken": "token-of-the-test"}

        for _ in range(2):
            tables.transact_write_items(**order("2699.950"))
        stock = tables.get_item(TableName=table, Key={"pk": {"S": "stock"}})["Item"]
        self.assertEqual(stock["pieces"], {"N": "-1"})
        with self.assertRaises(tables.exceptions.IdempotentParameterMismatchException):
            tables.transact_write_items(**order("1"))

    def test_hands_on_each_chunk_while_the_function_waits_for_us_to_have_it(self) -> None:
        gate = self.directory / "gate"
        gate.mkdir()
        response = self.get(f"/stream?gate={gate}")
        for piece, following in (("one", "two"), ("two", "three"), ("three", "")):
            self.assertEqual(response.read1(), piece.encode())
            if following:
                (gate / following).touch()
        self.assertEqual(response.read1(), b"")

    def test_takes_status_headers_and_cookies_from_the_prelude(self) -> None:
        response = self.get("/stream")
        self.assertEqual((response.status, response.headers["x-own"]), (201, "1"))
        self.assertEqual(response.headers.get_all("set-cookie"), ["a=1", "b=2"])

    def test_renames_www_authenticate_of_a_function(self) -> None:
        for path in ("/stream", "/buffered?mode=buffered"):
            headers = self.get(path).headers
            self.assertIsNone(headers["www-authenticate"])
            self.assertEqual(headers["x-amzn-remapped-www-authenticate"], "Bearer")

    def test_answers_502_without_detail_when_the_prelude_is_missing_or_malformed_or_the_function_fails(self) -> None:
        for path in ("/stream?mode=no-prelude", "/stream?mode=bad-prelude", "/stream?mode=buffered",
                     "/stream?mode=error", "/buffered?mode=error", "/buffered?mode=stream"):
            response = self.get(path)
            self.assertEqual((path, response.status, response.read()),
                             (path, 502, b'{"message": "Internal server error"}'))

    def test_breaks_off_the_response_when_the_function_breaks_off(self) -> None:
        response = self.get("/stream?mode=broken")
        self.assertEqual(response.status, 201)
        with self.assertRaises(http.client.IncompleteRead):
            response.read()

    def test_shows_the_function_the_host_and_domain_it_sees_on_aws(self) -> None:
        api = self.outputs["ApiId"]
        domain = f"{api}.execute-api.us-east-1.amazonaws.com"
        self.assertEqual(json.load(self.get("/buffered?mode=buffered")),
                         {"domainName": domain, "domainPrefix": api, "host": domain})

    def test_responds_with_the_template_of_another_media_type_where_there_is_none_of_json(self) -> None:
        page = self.get("/")
        self.assertEqual((page.status, page.headers["content-type"], page.read()), (200, "text/html", b"<p>A page</p>"))

    def test_throttles_a_single_method_as_the_template_writes_it(self) -> None:
        self.assertEqual([self.get("/rare").status for _ in range(3)], [200, 200, 429])
        self.assertEqual(self.get("/buffered?mode=buffered").status, 200)

    def test_counts_requests_against_the_key_that_the_authorizer_names_whatever_the_caller_sends(self) -> None:
        key = f"{self.outputs['ApiId']}everybodyelse"
        self.assertEqual(self.get("/counted", headers={"x-api-key": key}).status, 403)
        self.assertEqual([self.get(f"/counted?key={key}").status for _ in range(3)], [200, 200, 429])

    def test_refuses_a_host_name_of_somebody_else(self) -> None:
        self.assertEqual(self.get("/buffered?mode=buffered", host="evil.example").status, 403)

    def test_refuses_a_web_page_everything_but_the_api_and_the_oauth_endpoints(self) -> None:
        for path, status in (("/_ministack/reset", 403), ("/", 403), ("/oauth2/token", 400)):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            self.addCleanup(connection.close)
            connection.request("POST", path, b"", {"Origin": "https://evil.example"})
            self.assertEqual((path, connection.getresponse().status), (path, status))


class Endpoint(BaseHTTPRequestHandler):
    """An HTTP server that an integration passes requests on to; the path says how it responds."""

    protocol_version = "HTTP/1.1"
    # What the pieces of a streamed response wait for, each for its own.
    pieces = {piece: threading.Event() for piece in ("two", "three")}
    released = threading.Event()

    def respond(self) -> None:
        """Respond to any method."""
        body = self.rfile.read(int(self.headers["content-length"] or 0)).decode()
        path = urlsplit(self.path).path
        if path == "/silent":
            self.released.wait()
            self.close_connection = True
            return
        if path in ("/stream", "/broken"):
            self.stream(broken=path == "/broken")
            return
        said = json.dumps({"method": self.command, "path": self.path, "body": body, "headers": {k.lower(): v for k, v in self.headers.items()}})
        self.send_response(418)
        for name, value in (("WWW-Authenticate", "Bearer"), ("Mcp-Session-Id", "one"), ("Set-Cookie", "a=1"),
                            ("Set-Cookie", "b=2"), ("Content-Length", str(len(said)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(said.encode())

    do_GET = do_POST = do_DELETE = respond

    def stream(self, broken: bool) -> None:
        """Respond in pieces."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in ("one", "two", "three"):
            if piece in self.pieces:
                self.pieces[piece].wait()
            self.wfile.write(f"{len(piece):x}\r\n{piece}\r\n".encode())
            if broken:
                self.close_connection = True
                return
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""


class HttpIntegrations(Emulator):
    """REST integrations of type HTTP_PROXY."""

    @classmethod
    def template(cls) -> dict:
        """One path of the API for each kind of integration."""
        cls.server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        cls.addClassCleanup(cls.server.server_close)
        cls.addClassCleanup(cls.server.shutdown)
        cls.addClassCleanup(Endpoint.released.set)
        cls.origin = f"127.0.0.1:{cls.server.server_port}"
        # Bound and not listening: no other process gets this port, and every connection is refused.
        cls.closed = socket.socket()
        cls.closed.bind(("127.0.0.1", 0))
        cls.addClassCleanup(cls.closed.close)
        template = super().template()
        resources = template["Resources"]

        def path(name: str, uri: str, **integration: Any) -> None:
            api = {"RestApiId": {"Ref": "Api"}}
            resources[f"{name}Path"] = {"Type": "AWS::ApiGateway::Resource", "Properties": {
                **api, "ParentId": {"Fn::GetAtt": ["Api", "RootResourceId"]}, "PathPart": name}}
            resources[f"{name}Method"] = {"Type": "AWS::ApiGateway::Method", "Properties": {
                **api, "ResourceId": {"Ref": f"{name}Path"}, "HttpMethod": "ANY", "AuthorizationType": "NONE",
                "Integration": {"Type": "HTTP_PROXY", "Uri": uri, **integration}}}
            resources["Deployment"]["DependsOn"].append(f"{name}Method")

        path("posting", f"http://{cls.origin}/echo?own=1", IntegrationHttpMethod="POST")
        path("any", f"http://{cls.origin}/echo", IntegrationHttpMethod="ANY")
        path("streaming", f"http://{cls.origin}/stream", IntegrationHttpMethod="POST", ResponseTransferMode="STREAM")
        path("breaking", f"http://{cls.origin}/broken", IntegrationHttpMethod="POST", ResponseTransferMode="STREAM")
        path("silent", f"http://{cls.origin}/silent", IntegrationHttpMethod="POST", TimeoutInMillis=100)
        path("down", f"http://127.0.0.1:{cls.closed.getsockname()[1]}/", IntegrationHttpMethod="POST")
        path("unknown", "http://nothing.invalid/", IntegrationHttpMethod="POST")
        return template

    def request(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> http.client.HTTPResponse:
        """A request through API Gateway."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        self.addCleanup(connection.close)
        api = self.outputs["ApiId"]
        connection.request(method, f"/_aws/execute-api/{api}/prod{path}", body, {
            "Host": f"{api}.execute-api.us-east-1.amazonaws.com", **(headers or {})})
        return connection.getresponse()

    def test_passes_a_request_on_whole_with_its_headers_and_under_the_name_of_the_endpoint(self) -> None:
        response = self.request("POST", "/posting?more=a+b", b"a body", {"Authorization": "Bearer x", "Mcp-Method": "ping", "Content-MD5": "x"})
        said = json.load(response)
        self.assertEqual((response.status, said["method"], said["path"], said["body"]), (418, "POST", "/echo?own=1&more=a+b", "a body"))
        passed_on = {name: said["headers"].get(name) for name in ("authorization", "mcp-method", "content-md5", "host")}
        self.assertEqual(passed_on, {"authorization": "Bearer x", "mcp-method": "ping", "content-md5": None, "host": self.origin})

    def test_sends_the_method_of_the_integration_and_for_any_that_of_the_client(self) -> None:
        for path, method in (("/posting", "POST"), ("/any", "DELETE")):
            self.assertEqual(json.load(self.request("DELETE", path))["method"], method)

    def test_hands_back_every_header_and_renames_those_that_aws_renames(self) -> None:
        headers = self.request("POST", "/posting").headers
        self.assertEqual((headers["mcp-session-id"], headers.get_all("set-cookie")), ("one", ["a=1", "b=2"]))
        self.assertEqual((headers["www-authenticate"], headers["x-amzn-remapped-www-authenticate"]), (None, "Bearer"))
        self.assertIn("BaseHTTP", headers["x-amzn-remapped-server"])
        self.assertEqual(len(headers.get_all("date")), 1)

    def test_hands_on_each_chunk_while_the_endpoint_waits_for_us_to_have_it(self) -> None:
        response = self.request("POST", "/streaming")
        self.assertEqual((response.status, response.headers["content-type"]), (200, "text/event-stream"))
        for piece, following in (("one", "two"), ("two", "three"), ("three", "")):
            self.assertEqual(response.read1(), piece.encode())
            if following:
                Endpoint.pieces[following].set()
        self.assertEqual(response.read1(), b"")

    def test_breaks_off_the_response_when_the_endpoint_breaks_off(self) -> None:
        response = self.request("POST", "/breaking")
        self.assertEqual(response.status, 200)
        with self.assertRaises(http.client.IncompleteRead):
            response.read()

    def test_answers_504_for_an_endpoint_that_is_silent_or_down_and_500_for_a_name_that_does_not_exist(self) -> None:
        for path, status, message in (("/silent", 504, "Endpoint request timed out"),
                                      ("/down", 504, "Network error communicating with endpoint"),
                                      ("/unknown", 500, "Internal server error")):
            response = self.request("POST", path)
            self.assertEqual((path, response.status, json.load(response)), (path, status, {"message": message}))


class Deployment(Emulator):
    """CloudFormation."""

    def test_secret_is_referred_to_by_arn_and_keeps_to_its_character_rules(self) -> None:
        self.assertRegex(self.outputs["SecretArn"], r"^arn:aws:secretsmanager:us-east-1:\d{12}:secret:")
        value = self.aws("secretsmanager").get_secret_value(SecretId=self.outputs["SecretArn"])["SecretString"]
        self.assertRegex(value, r"^[a-z0-9]{40}$")

    def test_user_pool_states_its_issuer(self) -> None:
        self.assertEqual(self.outputs["Issuer"],
                         f"https://cognito-idp.us-east-1.amazonaws.com/{self.outputs['Pool']}")

    def test_table_expires_items_by_the_attribute_of_the_template(self) -> None:
        for table, attribute in (("Table", "expiresAt"), ("GlobalTable", "expires")):
            described = self.aws("dynamodb").describe_time_to_live(TableName=self.outputs[table])
            self.assertEqual(described["TimeToLiveDescription"],
                             {"TimeToLiveStatus": "ENABLED", "AttributeName": attribute})

    def test_web_acl_is_associated_with_the_stage(self) -> None:
        found = self.aws("wafv2").list_resources_for_web_acl(WebACLArn=self.outputs["WebAcl"], ResourceType="API_GATEWAY")
        self.assertEqual(found["ResourceArns"],
                         [f"arn:aws:apigateway:us-east-1::/restapis/{self.outputs['ApiId']}/stages/prod"])

    def test_accepts_what_it_has_no_service_for(self) -> None:
        self.assertEqual(self.outputs["Application"], "Test-Application")
        alarm = self.aws("cloudwatch").describe_alarms(AlarmNames=[self.outputs["Alarm"]])["MetricAlarms"][0]
        self.assertEqual((alarm["Namespace"], alarm["StateValue"]), ("not evaluated", "INSUFFICIENT_DATA"))

    def test_lets_a_role_into_a_bucket_that_asks_for_tls(self) -> None:
        credentials = self.aws("sts").assume_role(RoleArn=self.outputs["Writer"], RoleSessionName="test")["Credentials"]
        bucket = botocore.session.get_session().create_client(
            "s3", region_name="us-east-1", endpoint_url=self.endpoint, aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"], aws_session_token=credentials["SessionToken"])
        bucket.put_object(Bucket=self.outputs["Bucket"], Key="key", Body=b"")

    def test_a_role_appends_to_the_log_group_of_its_policy_alone(self) -> None:
        credentials = self.aws("sts").assume_role(RoleArn=self.outputs["Writer"], RoleSessionName="test")["Credentials"]
        logs = botocore.session.get_session().create_client(
            "logs", region_name="us-east-1", endpoint_url=self.endpoint, aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"], aws_session_token=credentials["SessionToken"])
        events = [{"timestamp": int(time.time() * 1000), "message": "written"}]
        logs.create_log_stream(logGroupName="trail", logStreamName="chain")
        logs.put_log_events(logGroupName="trail", logStreamName="chain", logEvents=events)
        for refused in (lambda: logs.create_log_stream(logGroupName="trail-of-others", logStreamName="chain"),
                        lambda: logs.delete_log_stream(logGroupName="trail", logStreamName="chain")):
            with self.assertRaises(logs.exceptions.ClientError) as caught:
                refused()
            self.assertEqual(caught.exception.response["Error"]["Code"], "AccessDeniedException")

    def test_deploying_the_same_template_again_changes_nothing(self) -> None:
        self.assertEqual(json.loads(self.deploy()), self.outputs)

    def test_failed_deployment_names_the_first_failed_resource_and_is_replaced_by_the_next(self) -> None:
        client = {"Type": "AWS::Cognito::UserPoolClient", "Properties": {"UserPoolId": "none"}}
        template = {"Resources": {"Bad": client}}
        file = self.directory / "bad.json"
        shutil.copy(TESTS / "assets.json", self.directory / "cdk.out" / "Bad.assets.json")
        file.write_text(json.dumps(template))
        self.assertIn("Bad (AWS::Cognito::UserPoolClient)",
                      self.deploy("--stack", "Bad", "--template", str(file), check=False))
        file.write_text(json.dumps({"Resources": {"Topic": {"Type": "AWS::SSM::Parameter",
                                                            "Properties": {"Type": "String", "Value": "x"}}}}))
        self.assertEqual(json.loads(self.deploy("--stack", "Bad", "--template", str(file))), {})


class UserPool(Emulator):
    """Cognito's OAuth endpoints."""

    def test_binds_the_access_token_of_a_person_to_the_resource_and_keeps_it_on_refresh(self) -> None:
        tokens = self.tokens_of_new_user("bound@example.com")
        self.assertEqual(claims(tokens["access_token"])["aud"], "http://127.0.0.1/mcp")
        status, refreshed = self.refresh(tokens["refresh_token"])
        self.assertEqual((status, claims(refreshed["access_token"])["aud"]), (200, "http://127.0.0.1/mcp"))

    def test_code_is_consumed_by_an_attempt_with_a_wrong_verifier(self) -> None:
        code = self.code_of_new_user("wrong@example.com")
        self.assertEqual(self.redeem(code, "x" * 43)[0], 400)
        status, body = self.redeem(code, VERIFIER)
        self.assertEqual((status, body["error"]), (400, "invalid_grant"))

    def test_machine_token_has_no_audience(self) -> None:
        _, _, token = self.form("/oauth2/token", {
            "grant_type": "client_credentials", "client_id": self.outputs["Machines"],
            "client_secret": self.outputs["MachineSecret"], "resource": "http://127.0.0.1/mcp"})
        self.assertNotIn("aud", claims(token["access_token"]))

    def test_an_app_client_has_up_to_two_secrets_of_which_either_is_accepted(self) -> None:
        cognito, pool = self.aws("cognito-idp"), {"UserPoolId": self.outputs["Pool"]}
        client = cognito.create_user_pool_client(
            **pool, ClientName="rotating", GenerateSecret=True, AllowedOAuthFlowsUserPoolClient=True,
            AllowedOAuthFlows=["client_credentials"], AllowedOAuthScopes=["http://127.0.0.1/mcp/read"])["UserPoolClient"]
        of_client = {**pool, "ClientId": client["ClientId"]}

        def status(secret: str) -> int:
            return self.form("/oauth2/token", {"grant_type": "client_credentials", "client_id": client["ClientId"],
                                               "client_secret": secret})[0]

        first = client["ClientSecret"]
        [only] = cognito.list_user_pool_client_secrets(**of_client)["ClientSecrets"]
        second = cognito.add_user_pool_client_secret(**of_client)["ClientSecretDescriptor"]["ClientSecretValue"]
        self.assertEqual([status(first), status(second), status("wrong")], [200, 200, 400])
        with self.assertRaises(cognito.exceptions.LimitExceededException):
            cognito.add_user_pool_client_secret(**of_client)
        cognito.delete_user_pool_client_secret(**of_client, ClientSecretId=only["ClientSecretId"])
        self.assertEqual([status(first), status(second)], [400, 200])
        [newer] = cognito.list_user_pool_client_secrets(**of_client)["ClientSecrets"]
        with self.assertRaises(cognito.exceptions.InvalidParameterException):
            cognito.delete_user_pool_client_secret(**of_client, ClientSecretId=newer["ClientSecretId"])

    def test_managed_login_signs_up_at_a_confidential_client_and_programs_still_need_its_secret(self) -> None:
        person = {"ClientId": self.outputs["Machines"], "Username": "confident@example.com",
                  "Password": "Correct-Horse-7",
                  "UserAttributes": [{"Name": "email", "Value": "confident@example.com"}]}
        for mark in ({}, {"ManagedLogin": False}, {"ManagedLogin": "true"}):
            with self.assertRaises(urllib.error.HTTPError) as refused:
                self.cognito("SignUp", {**person, **mark})
            self.assertIn("NotAuthorizedException", refused.exception.read().decode())
            refused.exception.close()
        self.cognito("SignUp", {**person, "ManagedLogin": True})
        confirmation = {"ClientId": self.outputs["Machines"], "Username": "confident@example.com",
                        "ConfirmationCode": self.mailed_code("confident@example.com")}
        with self.assertRaises(urllib.error.HTTPError) as refused:
            self.cognito("ConfirmSignUp", confirmation)
        refused.exception.close()
        self.cognito("ConfirmSignUp", {**confirmation, "ManagedLogin": True})

    def test_managed_login_does_not_open_the_token_endpoint_to_a_confidential_client_without_its_secret(self) -> None:
        status, _, body = self.form("/oauth2/token", {
            "grant_type": "client_credentials", "client_id": self.outputs["Machines"], "ManagedLogin": "true"})
        self.assertEqual((status, body["error"]), (400, "invalid_client"))

    def test_refresh_token_is_good_once_when_the_client_rotates_without_grace(self) -> None:
        first = self.tokens_of_new_user("rotating@example.com")["refresh_token"]
        _, refreshed = self.refresh(first)
        self.assertNotEqual(refreshed["refresh_token"], first)
        self.assertEqual(self.refresh(first), (400, {"error": "invalid_grant",
                                                     "error_description": "Invalid Refresh Token"}))
        self.assertEqual(self.refresh(refreshed["refresh_token"])[0], 200)

    def test_describes_the_rotation_of_the_clients_that_have_one(self) -> None:
        client = lambda name: self.aws("cognito-idp").describe_user_pool_client(
            UserPoolId=self.outputs["Pool"], ClientId=self.outputs[name])["UserPoolClient"]
        self.assertEqual(client("People")["RefreshTokenRotation"]["Feature"], "ENABLED")
        self.assertNotIn("RefreshTokenRotation", client("Machines"))

    def test_refresh_token_of_one_client_is_refused_from_another(self) -> None:
        token = self.tokens_of_new_user("stolen@example.com")["refresh_token"]
        status, _, body = self.form("/oauth2/token", {
            "grant_type": "refresh_token", "refresh_token": token, "client_id": self.outputs["Machines"],
            "client_secret": self.outputs["MachineSecret"]})
        self.assertEqual((status, body["error"]), (400, "invalid_grant"))

    def test_revocation_needs_a_refresh_token_of_the_asking_client(self) -> None:
        tokens = self.tokens_of_new_user("leaving@example.com")
        for client, token in (("unknown", tokens["refresh_token"]), (self.outputs["People"], tokens["access_token"]),
                              (self.outputs["Machines"], tokens["refresh_token"])):
            with self.assertRaises(urllib.error.HTTPError) as refused:
                self.cognito("RevokeToken", {"ClientId": client, "Token": token})
            refused.exception.close()
        self.assertEqual(self.refresh(tokens["refresh_token"])[0], 200)
        self.cognito("RevokeToken", {"ClientId": self.outputs["People"], "Token": tokens["refresh_token"]})
        self.assertEqual(self.refresh(tokens["refresh_token"])[0], 400)

    def test_confirmation_needs_the_mailed_code(self) -> None:
        person = {"ClientId": self.outputs["People"], "Username": "careful@example.com"}
        self.cognito("SignUp", {**person, "Password": "Correct-Horse-7",
                                "UserAttributes": [{"Name": "email", "Value": "careful@example.com"}]})
        code = self.mailed_code("careful@example.com")
        for wrong in {"123456", "654321"} - {code}:
            with self.assertRaises(urllib.error.HTTPError) as refused:
                self.cognito("ConfirmSignUp", {**person, "ConfirmationCode": wrong})
            refused.exception.close()
        self.cognito("ConfirmSignUp", {**person, "ConfirmationCode": code})

    def new_pool(self, **settings: Any) -> str:
        """The app client of a user pool of its own, whose users sign in by their e-mail address."""
        cognito = self.aws("cognito-idp")
        pool = cognito.create_user_pool(PoolName="own", UsernameAttributes=["email"], **settings)["UserPool"]["Id"]
        return cognito.create_user_pool_client(UserPoolId=pool, ClientName="own")["UserPoolClient"]["ClientId"]

    def sign_up(self, client: str, address: str, password: str = "Correct-Horse-7") -> str:
        """Sign up; the name of the refusal, or nothing."""
        return self.refusal("SignUp", {"ClientId": client, "Username": address, "Password": password,
                                       "UserAttributes": [{"Name": "email", "Value": address}]})

    def refusal(self, action: str, data: dict) -> str:
        """The name of the error with which an operation is refused, or nothing."""
        try:
            self.cognito(action, data)
        except urllib.error.HTTPError as refused:
            with refused:
                return json.load(refused)["__type"].rsplit("#")[-1]
        return ""

    def test_finds_an_account_in_any_case_and_takes_no_second_one_that_differs_in_case_alone(self) -> None:
        client = self.new_pool(UsernameConfiguration={"CaseSensitive": False}, AutoVerifiedAttributes=["email"])
        self.assertEqual(self.sign_up(client, "Case1@Example.com"), "")
        self.assertEqual(self.sign_up(client, "case1@example.com"), "UsernameExistsException")
        code = self.mailed_code("Case1@Example.com")
        self.assertEqual(self.refusal("ConfirmSignUp", {"ClientId": client, "Username": "CASE1@example.com",
                                                        "ConfirmationCode": code}), "")
        self.assertEqual(self.refusal("ForgotPassword", {"ClientId": client, "Username": "case1@EXAMPLE.com"}), "")

    def test_signs_in_in_another_case(self) -> None:
        tokens = self.tokens_of_new_user("Mixed.Case@Example.com", signs_in_as="mixed.case@example.com")
        self.assertEqual(claims(tokens["access_token"])["token_use"], "access")

    def test_case_counts_where_the_pool_says_so(self) -> None:
        client = self.new_pool(UsernameConfiguration={"CaseSensitive": True})
        self.assertEqual(self.sign_up(client, "Case2@Example.com"), "")
        self.assertEqual(self.sign_up(client, "case2@example.com"), "")

    def test_a_space_inside_a_password_is_a_symbol_and_none_may_be_at_its_ends(self) -> None:
        client = self.new_pool()
        self.assertEqual(self.sign_up(client, "inside@example.com", "Correct Horse 7"), "")
        self.assertEqual(self.sign_up(client, "none@example.com", "CorrectHorse7"), "InvalidPasswordException")
        for password in (" Correct-Horse-7", "Correct-Horse-7 ", "Correct-Horse-7\t"):
            self.assertEqual(self.sign_up(client, "ends@example.com", password), "InvalidParameterException", password)

    def test_a_password_has_at_most_256_characters(self) -> None:
        client = self.new_pool()
        self.assertEqual(self.sign_up(client, "long@example.com", "Aa1-" * 64), "")
        self.assertEqual(self.sign_up(client, "longer@example.com", "Aa1-" * 64 + "x"), "InvalidParameterException")

    def test_letters_and_digits_of_other_scripts_do_not_satisfy_the_policy(self) -> None:
        client = self.new_pool()
        for password in ("\u00c9\u00c9aa-1234", "AA\u00e9\u00e9-1234", "AAaa-\u00b2\u00b3\u0664\u0665"):
            self.assertEqual(self.sign_up(client, "script@example.com", password), "InvalidPasswordException", password)

    def test_nobody_signs_up_where_administrators_create_the_accounts(self) -> None:
        client = self.new_pool(AdminCreateUserConfig={"AllowAdminCreateUserOnly": True})
        self.assertEqual(self.sign_up(client, "uninvited@example.com"), "NotAuthorizedException")

    def test_a_password_is_recovered_by_a_verified_address_alone_and_confirmation_verifies_it(self) -> None:
        client = self.new_pool(AutoVerifiedAttributes=["email"])
        self.assertEqual(self.sign_up(client, "forgetful@example.com"), "")
        person = {"ClientId": client, "Username": "forgetful@example.com"}
        self.assertEqual(self.refusal("ForgotPassword", person), "InvalidParameterException")
        code = self.mailed_code("forgetful@example.com")
        self.assertEqual(self.refusal("ConfirmSignUp", {**person, "ConfirmationCode": code}), "")
        self.assertEqual(self.refusal("ForgotPassword", person), "")


def load_tests(loader: unittest.TestLoader, tests: unittest.TestSuite, pattern: str | None) -> unittest.TestSuite:
    """Every class but the shared base."""
    return unittest.TestSuite(loader.loadTestsFromTestCase(case) for case in (ResponseStreaming, HttpIntegrations, Deployment, UserPool))


if __name__ == "__main__":
    unittest.main()
