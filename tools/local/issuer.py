"""A small token issuer: OIDC discovery, sign-in, signing keys, and the redirect behind the links on certificates."""

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

from tools.local.sign_in import Person, Refused, SignIn

AUDIENCE = "earned"
PUBLIC = ("/verify", "/.well-known/did.json", "/status")  # what the address that certificates print serves


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
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "subject_types_supported": ["public"],
    }
    _Handler.down = down
    _Handler.issuer = issuer
    _Handler.sign = lambda person: access_token(
        keys(folder)[-1], issuer, sub=person.account, role=person.role, company=person.company or None
    )
    _Handler.documents = {
        "/.well-known/openid-configuration": lambda: discovery,
        "/.well-known/jwks.json": lambda: {"keys": [key.as_dict(private=False) for key in keys(folder)]},
    }
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return issuer


def redirect_verification_to(api: str) -> None:
    """Redirect the public address to this API: certificates print a lasting one, the API's changes with each start."""
    _Handler.api = api


class _Handler(BaseHTTPRequestHandler):
    """Open to pages of every origin: the console's is another one."""

    documents: dict[str, Callable[[], object]] = {}  # noqa: RUF012 - set once, before the first request
    sign: Callable[[Person], str]
    sign_in = SignIn()
    issuer = ""
    down = Path()
    api = ""

    def do_GET(self) -> None:
        if self._is_down():
            return
        url = urlsplit(self.path)
        if self.api and self.path.startswith(PUBLIC):
            self._redirect(302, self.api + self.path)
        elif url.path == "/authorize":
            self._answer_or_refuse(lambda: self._send(200, "text/html", self.sign_in.page(dict(parse_qsl(url.query)))))
        else:
            document = self.documents.get(self.path)
            self._send_json(200 if document else 404, document() if document else None)

    def do_POST(self) -> None:
        if self._is_down():
            return
        url = urlsplit(self.path)
        form = dict(parse_qsl(self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()))
        if url.path == "/authorize":
            person = Person(form.get("account", ""), form.get("role", ""), form.get("company", ""))
            asked = dict(parse_qsl(url.query))
            self._answer_or_refuse(lambda: self._redirect(303, self.sign_in.authorize(asked, person, self.issuer)))
        elif url.path == "/token":
            self._answer_or_refuse(lambda: self._send_json(200, self._token(form)))
        else:
            self._send_json(404, None)

    def _token(self, form: dict[str, str]) -> object:
        token = type(self).sign(self.sign_in.redeem(form))
        return {"access_token": token, "token_type": "Bearer", "expires_in": 3600}

    def _is_down(self) -> bool:
        if self.down.exists():
            self.close_connection = True
        return self.down.exists()

    def _answer_or_refuse(self, answer: Callable[[], None]) -> None:
        try:
            answer()
        except Refused as refused:
            self._send_json(400, {"error": str(refused)})

    def _redirect(self, status: int, address: str) -> None:
        self._send(status, "text/plain", "", Location=address)

    def _send_json(self, status: int, document: object) -> None:
        self._send(status, "application/json", json.dumps(document))

    def _send(self, status: int, media_type: str, text: str, **headers: str) -> None:
        body = text.encode()
        self.send_response(status)
        sent = {"Content-Type": f"{media_type}; charset=utf-8", "Content-Length": str(len(body))}
        for name, value in {**sent, "Access-Control-Allow-Origin": "*", "Cache-Control": "no-store", **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: requests are the emulator's own."""
