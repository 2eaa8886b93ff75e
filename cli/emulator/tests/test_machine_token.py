"""What `npm run token` does with access tokens: Cognito charges for every one, so a good one is kept."""

from __future__ import annotations

import base64
import importlib.util
import json
import stat
import tempfile
import threading
import unittest
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote

_spec = importlib.util.spec_from_file_location("machine_token", Path(__file__).parent.parent / "machine_token.py")
machine_token = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(machine_token)


class TokenEndpoint(BaseHTTPRequestHandler):
    """Secrets Manager and the token endpoint on one port; each token has its number."""

    issued = 0
    expires_in = 3600
    # The client id and the scope of the last request for a token.
    asked = ("", "")

    def do_POST(self) -> None:  # noqa: N802, the name that the server calls
        """Answer either."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/token":
            TokenEndpoint.issued += 1
            credentials = base64.b64decode(self.headers["Authorization"].removeprefix("Basic ")).decode()
            client_id = unquote(credentials.split(":")[0])
            TokenEndpoint.asked = (client_id, parse_qs(body.decode())["scope"][0])
            answer = {"access_token": f"token-{TokenEndpoint.issued}", "expires_in": TokenEndpoint.expires_in}
        else:
            answer = {"SecretString": "secret"}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class KeptToken(unittest.TestCase):
    """One token endpoint for each test."""

    def setUp(self) -> None:
        server = HTTPServer(("127.0.0.1", 0), TokenEndpoint)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        TokenEndpoint.issued, TokenEndpoint.expires_in = 0, 3600
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.file = Path(directory.name) / "outputs.token"
        url = f"http://127.0.0.1:{server.server_port}"
        def server(name: str) -> dict[str, object]:
            client = {"clientId": f"client of {name}", "clientSecretArn": "arn:x", "oauthScopes": [f"{name}/read"]}
            scopes = [f"{name}/read", f"{name}/write"]
            return {"tokenUrl": f"{url}/token", "oauthScopes": scopes, "machineClients": {"Job": {"clientId": "without a secret"}, "MachineClient": client}}
        self.outputs = {"AwsRegion": "us-east-1", "AwsEndpointUrl": url,
                        "servers": {"Shop/Orders": server("orders"), "Shop/Stock": server("stock")}}

    def token(self, server: str = "Shop/Orders", started: str = "1", **changes: object) -> str:
        """What the program would print."""
        described = self.outputs["servers"][server]
        outputs = {**self.outputs, "servers": {server: {**described, **changes}}}
        return machine_token.access_token(machine_token.Program.of(outputs, server, started), self.file)

    def test_asks_once_while_the_token_is_good(self) -> None:
        self.assertEqual([self.token() for _ in range(3)], ["token-1"] * 3)

    def test_asks_again_shortly_before_the_end(self) -> None:
        TokenEndpoint.expires_in = machine_token.MARGIN - 1
        self.assertEqual([self.token(), self.token()], ["token-1", "token-2"])

    def test_gives_no_token_of_another_start_server_client_or_scope(self) -> None:
        self.token()
        described = self.outputs["servers"]["Shop/Orders"]["machineClients"]["MachineClient"]
        client, scopes = ({"Client": {**described, **changed}} for changed in ({"clientId": "x"}, {"oauthScopes": ["x"]}))
        others = ({"started": "2"}, {"server": "Shop/Stock"}, {"machineClients": client}, {"machineClients": scopes})
        for number, changed in enumerate(others, start=2):
            self.assertEqual(self.token(**changed), f"token-{number}")

    def test_asks_as_the_client_of_the_server_for_the_scopes_of_the_client(self) -> None:
        self.token("Shop/Stock")
        self.assertEqual(TokenEndpoint.asked, ("client of stock", "stock/read"))

    def test_keeps_it_where_only_its_owner_reads_it(self) -> None:
        self.file.write_text("left behind")
        self.file.chmod(0o644)
        self.token()
        self.assertEqual(stat.S_IMODE(self.file.stat().st_mode), 0o600)

    def test_asks_again_when_what_was_kept_cannot_be_read(self) -> None:
        for left_behind in ("", "[]", "{}", '{"meantFor": 1, "expires": "x", "accessToken": null}'):
            self.file.write_text(left_behind)
            self.assertRegex(self.token(), "^token-")


if __name__ == "__main__":
    unittest.main()
