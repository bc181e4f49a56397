"""The site that the browser tests visit: the whole service in one process, a gateway before it, and the local issuer.

`python -m tests.browser.site` prints one line of JSON when it is ready, and ends with its standard input.
"""

import base64
import json
import sys
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import boto3
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from earned.testing.service import Service, aws_in_process
from tests.browser.world import build
from tools.local import issuer

OBJECTS = "/objects/"  # a bucket's objects: the tests answer presigned links with them


class Site:
    """The service, called from one thread only: moto is not sound under several."""

    def __init__(self, service: Service, keys: KeySet, work: ThreadPoolExecutor) -> None:
        self._service, self._keys, self._work = service, keys, work

    def answer(
        self, method: str, address: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        return self._work.submit(self._answer, method, urlsplit(address), headers, body).result()

    def _answer(self, method: str, url: Any, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        if url.path.startswith(OBJECTS):
            bucket, _, key = unquote(url.path.removeprefix(OBJECTS)).partition("/")
            found = boto3.client("s3").get_object(Bucket=bucket, Key=key)
            kept = {"Content-Type": found["ContentType"], "Content-Disposition": found["ContentDisposition"]}
            return 200, kept, found["Body"].read()
        claims = self._claims(headers.get("authorization", ""))
        if claims is None and url.path.startswith("/v1/"):
            return 401, {"Content-Type": "application/json"}, b'{"message": "Unauthorized"}'
        query, sent = dict(parse_qsl(url.query)), json.loads(body) if body else None
        answer = self._service.ask(method, unquote(url.path), claims, query=query, body=sent, headers=headers)
        if method == "POST":
            self._service.settle()
        text: str = answer["body"]
        content = base64.b64decode(text) if answer["isBase64Encoded"] else text.encode()
        return answer["statusCode"], answer["headers"], content

    def _claims(self, authorization: str) -> dict[str, str] | None:
        """The token's claims, if this issuer signed it and it has not expired."""
        try:
            claims = jwt.decode(authorization.removeprefix("Bearer "), self._keys).claims
            jwt.JWTClaimsRegistry(exp={"essential": True}).validate(claims)
        except (JoseError, ValueError):
            return None
        return {name: str(value) for name, value in claims.items()}


def handler(answer: Callable[..., tuple[int, dict[str, str], bytes]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, sent, content = answer(self.command, self.path, headers, body)
            self.send_response(status)
            for name, value in (sent | {"Content-Length": str(len(content))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


def main() -> None:
    ready, sys.stdout = sys.stdout, sys.stderr  # the service prints metrics
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(max_workers=1) as work:
        keys = Path(folder)
        key = issuer.add_key(keys)
        url = issuer.serve(keys, keys / "down")
        with aws_in_process():
            service = work.submit(Service.start, {"Issuer": url, "Audience": issuer.AUDIENCE}).result()
            world = work.submit(build, service).result()
            site = Site(service, KeySet([key]), work)
            server = ThreadingHTTPServer(("127.0.0.1", 0), handler(site.answer))
            threading.Thread(target=server.serve_forever, daemon=True).start()
            address = f"http://127.0.0.1:{server.server_port}"
            print(json.dumps({"address": address, "issuer": url, "world": world}), file=ready, flush=True)
            sys.stdin.read()
            server.shutdown()


if __name__ == "__main__":
    main()
