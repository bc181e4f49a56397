"""The portal's web address in miniature: its OIDC issuer, and where the links on certificates lead."""

import json
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import RSAKey

AUDIENCE = "earned"


def new_key(path: Path) -> RSAKey:
    """Make the stack's signing key and keep it in `path`, readable by its owner only."""
    key = RSAKey.generate_key(2048, {"kid": uuid.uuid4().hex, "use": "sig", "alg": "RS256"})
    path.touch(mode=0o600)
    path.write_text(json.dumps(key.as_dict(private=True)))
    return key


def load_key(path: Path) -> RSAKey:
    """Read back what `new_key` kept."""
    return RSAKey.import_key(json.loads(path.read_text()))


def access_token(
    key: RSAKey, issuer: str, *, sub: str, role: str, company: str | None = None, expires_in: int = 3600
) -> str:
    """Sign an access token of the account `sub`; `expires_in` is in seconds, negative for one that has expired."""
    now = int(time.time())
    claims = {"iss": issuer, "aud": AUDIENCE, "sub": sub, "role": role, "token_use": "access", "client_id": "portal"}
    claims |= {"company_id": company} if company else {}
    times = {"iat": now + min(expires_in, 0), "exp": now + expires_in}
    return jwt.encode({"alg": "RS256", "kid": key.kid}, {**claims, **times}, key)


def serve(key: RSAKey) -> str:
    """Serve discovery and keys on a free loopback port in a daemon thread; the answer is the issuer's URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    issuer = f"http://127.0.0.1:{server.server_port}"
    _Handler.documents = {
        "/.well-known/openid-configuration": {
            "issuer": issuer,
            "jwks_uri": f"{issuer}/.well-known/jwks.json",
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["token"],
            "subject_types_supported": ["public"],
        },
        "/.well-known/jwks.json": {"keys": [key.as_dict(private=False)]},
    }
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return issuer


def lead_verification_to(api: str) -> None:
    """Redirect /verify from now on: certificates print a lasting address, and this API's is of today."""
    _Handler.api = api


class _Handler(BaseHTTPRequestHandler):
    documents: dict[str, object] = {}  # noqa: RUF012 - set once, before the first request
    api = ""

    def do_GET(self) -> None:
        if self.api and self.path.startswith("/verify/"):
            self.send_response(302)
            self.send_header("Location", self.api + self.path)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        document = self.documents.get(self.path)
        body = json.dumps(document).encode()
        self.send_response(200 if document else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: requests are the emulator's own."""
