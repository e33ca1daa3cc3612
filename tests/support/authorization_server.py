"""An OAuth authorization server: publishes its keys and signs access tokens with them (RFC 7517, 8414, 9068).

`token` makes any token one asks for, good or bad; a client gets one by its credentials (RFC 6749 section 4.4).
"""

import base64
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import get_default_algorithms

SECRET = "the secret of every client here"


def new_key(algorithm: str, bits: int = 2048) -> Any:
    """A private key to sign with."""
    if algorithm.startswith(("RS", "PS")):
        return rsa.generate_private_key(65537, bits)
    if algorithm.startswith("ES"):
        return ec.generate_private_key({"256": ec.SECP256R1, "384": ec.SECP384R1, "512": ec.SECP521R1}[algorithm[2:]]())
    return ed25519.Ed25519PrivateKey.generate()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "AuthorizationServer"

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        status, body = self.server.answers.get(self.path, (404, {}))
        self._answer(self.server.status or status, body() if callable(body) else body)

    def do_POST(self) -> None:
        self.server.asked.append(self.path)
        form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
        scheme, _, credentials = self.headers.get("authorization", "").partition(" ")
        client, _, secret = base64.b64decode(credentials).decode().partition(":")
        if self.path != "/token" or scheme != "Basic" or secret.replace("%20", " ").replace("+", " ") != SECRET:
            self._answer(401, {"error": "invalid_client"})
            return
        scope = form.get("scope", [""])[0]
        token = self.server.token(sub=client, client_id=client, scope=scope, aud=form["resource"][0])
        self._answer(200, {"access_token": token, "token_type": "Bearer", "expires_in": 300, "scope": scope})

    def _answer(self, status: int, body: Any) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        if status in {301, 302, 307}:
            self.send_header("Location", self.server.url + "/elsewhere")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the tests look at `asked`."""


class AuthorizationServer(ThreadingHTTPServer):
    """`answers` by path: a status and a body. `status` replaces all of theirs. `asked` has the path of each request."""

    daemon_threads = True

    def __init__(self, path: str = "") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.issuer = self.url + path
        self.keys: dict[str, tuple[str, Any]] = {}
        self.published: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.status = 0
        self.answers: dict[str, tuple[int, Any]] = {
            f"/.well-known/oauth-authorization-server{path}": (200, self.metadata),
            "/jwks": (200, lambda: {"keys": self.published}),
        }
        self.add_key("first", "RS256")
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)

    def metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "response_types_supported": ["code"],
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        }

    def add_key(self, name: str, algorithm: str, **more: Any) -> Any:
        """A key that is published from now on."""
        key = new_key(algorithm, more.pop("bits", 2048))
        self.keys[name] = algorithm, key
        public = get_default_algorithms()[algorithm].to_jwk(key.public_key(), as_dict=True)
        self.published.append({**public, "kid": name, "use": "sig", "alg": algorithm, **more})
        return key

    def claims(self, **changes: Any) -> dict[str, Any]:
        """The claims of a good token but for `changes`, of which None takes one out."""
        now = int(time.time())
        usual = {
            "iss": self.issuer, "sub": "ana", "aud": "https://drift.example/mcp", "client_id": "a-client",
            "iat": now, "exp": now + 300, "scope": "drift",
        }  # fmt: skip
        return {name: value for name, value in {**usual, **changes}.items() if value is not None}

    def token(self, key: str = "first", headers: dict[str, Any] | None = None, **changes: Any) -> str:
        """A token signed with the key of that name."""
        algorithm, private = self.keys[key]
        named = {"kid": key, "typ": "at+jwt", **(headers or {})}
        return jwt.encode(self.claims(**changes), private, algorithm, headers=named)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join()
