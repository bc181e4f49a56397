"""A small token issuer: OIDC discovery, signing keys, and the redirect behind the links on certificates."""

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import RSAKey

AUDIENCE = "earned"


def add_key(folder: Path) -> RSAKey:
    """Create a signing key in `folder`, readable by its owner only; `serve` publishes every key of the folder."""
    key = RSAKey.generate_key(2048, {"kid": f"{time.time_ns()}", "use": "sig", "alg": "RS256"})
    path = folder / f"{key.kid}.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps(key.as_dict(private=True)))
    return key


def keys(folder: Path) -> list[RSAKey]:
    return [RSAKey.import_key(json.loads(path.read_text())) for path in sorted(folder.glob("*.json"))]


def remove_key(folder: Path, key: RSAKey) -> None:
    (folder / f"{key.kid}.json").unlink()


def access_token(
    key: RSAKey, issuer: str, *, sub: str, role: str, company: str | None = None, expires_in: int = 3600
) -> str:
    """Sign an access token of the account `sub`; `expires_in` is in seconds, negative for an expired token."""
    now = int(time.time())
    claims = {"iss": issuer, "aud": AUDIENCE, "sub": sub, "role": role, "token_use": "access", "client_id": "portal"}
    claims |= {"company_id": company} if company else {}
    times = {"iat": now + min(expires_in, 0), "exp": now + expires_in}
    return jwt.encode({"alg": "RS256", "kid": key.kid}, {**claims, **times}, key)


def serve(folder: Path, down: Path) -> str:
    """Serve discovery and the keys of `folder` on a free loopback port in a daemon thread; returns the URL.

    While the file `down` exists, requests get no answer.
    """
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    issuer = f"http://127.0.0.1:{server.server_port}"
    discovery = {
        "issuer": issuer,
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["token"],
        "subject_types_supported": ["public"],
    }
    _Handler.down = down
    _Handler.documents = {
        "/.well-known/openid-configuration": lambda: discovery,
        "/.well-known/jwks.json": lambda: {"keys": [key.as_dict(private=False) for key in keys(folder)]},
    }
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return issuer


def redirect_verification_to(api: str) -> None:
    """Redirect /verify to this API: certificates print a lasting address, and the API's changes with each start."""
    _Handler.api = api


class _Handler(BaseHTTPRequestHandler):
    documents: dict[str, Callable[[], object]] = {}  # noqa: RUF012 - set once, before the first request
    down = Path()
    api = ""

    def do_GET(self) -> None:
        if self.down.exists():
            self.close_connection = True
            return
        if self.api and self.path.startswith("/verify/"):
            self.send_response(302)
            self.send_header("Location", self.api + self.path)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        document = self.documents.get(self.path)
        body = json.dumps(document() if document else None).encode()
        self.send_response(200 if document else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: requests are the emulator's own."""
