"""An OpenID Connect provider on loopback: discovery, keys, codes that work once, PKCE, signed id_tokens."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "forgeward", "the client's secret"


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class OpenIdProvider:
    """What it knows of one sign-in is what the desk asked for; ``claims`` and ``lies`` go into the id_token."""

    base: str = ""
    key: rsa.RSAPrivateKey = field(default_factory=new_key)
    signs_with: Any = None  # another key, or a secret for HS256
    algorithm: str = "RS256"
    configuration: dict[str, object] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    _codes: dict[str, tuple[dict[str, str], dict[str, Any]]] = field(default_factory=dict)

    def authorize(self, location: str, **claims: Any) -> tuple[str, str]:
        """Somebody signs in here: the code and the state that the browser takes back. None removes a claim."""
        wanted = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
        assert location.startswith(f"{self.base}/authorize?")
        assert (wanted["response_type"], wanted["code_challenge_method"]) == ("code", "S256")
        now = int(time.time())
        token = {"iss": self.base, "sub": "7", "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": wanted["nonce"],
                 "email": "ines@example.com", "email_verified": True, **claims}  # fmt: skip
        code = secrets.token_urlsafe()
        self._codes[code] = wanted, {name: value for name, value in token.items() if value is not None}
        return code, wanted["state"]

    def exchange(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """A code works once, for whom it was made, with the verifier (RFC 7636)."""
        wanted, token = self._codes.pop(form.get("code", ""), ({}, {}))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        good = (
            wanted.get("code_challenge") == challenge.decode().rstrip("=")
            and wanted.get("redirect_uri") == form.get("redirect_uri")
            and (form.get("client_id"), form.get("client_secret")) == (CLIENT, SECRET)
        )
        if not good:
            return 400, {"error": "invalid_grant"}
        signed = jwt.encode(token, self.signs_with or self.key, self.algorithm, headers={"kid": "one"})
        return 200, {"access_token": "x", "token_type": "Bearer", "id_token": signed}

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        self.asked.append(path)
        if path == "/.well-known/openid-configuration":
            return 200, {
                "issuer": self.base,
                "authorization_endpoint": f"{self.base}/authorize",
                "token_endpoint": f"{self.base}/token",
                "jwks_uri": f"{self.base}/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
                **self.configuration,
            }
        if path == "/keys":
            public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
            return 200, {"keys": [{**public, "kid": "one", "use": "sig", "alg": "RS256"}]}
        return self.exchange(form) if path == "/token" else (404, {})


@contextmanager
def running() -> Iterator[OpenIdProvider]:
    found = OpenIdProvider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(*found.answer(urlsplit(self.path).path, {}))

        def do_POST(self) -> None:
            sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self._send(*found.answer(self.path, {name: values[0] for name, values in sent.items()}))

        def _send(self, status: int, answer: dict[str, Any]) -> None:
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.base = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
