"""AWS on loopback: moto in this process answers what other processes send."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import requests

SCOPE = re.compile(r"Credential=[^/]+/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/")
OF_THE_CONNECTION = {"connection", "content-encoding", "content-length", "transfer-encoding"}


@contextmanager
def listening() -> Iterator[str]:
    """The address of AWS for AWS_ENDPOINT_URL while moto is active in this process.

    It serves one request at a time, because moto is not thread-safe.
    """
    with HTTPServer(("127.0.0.1", 0), _Exchange) as server:
        threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class _Exchange(BaseHTTPRequestHandler):
    def _pass_on(self) -> None:
        """Send the request to the service that it was signed for, where moto intercepts it."""
        scope = SCOPE.search(self.headers["Authorization"])
        assert scope
        host = f"{scope['service']}.{scope['region']}.amazonaws.com"
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {**self.headers, "Host": host}
        answer = requests.request(self.command, f"https://{host}{self.path}", headers=headers, data=body, timeout=60)
        self.send_response(answer.status_code)
        for name, value in answer.headers.items():
            if name.lower() not in OF_THE_CONNECTION:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.content)

    do_DELETE = do_GET = do_HEAD = do_POST = do_PUT = _pass_on  # noqa: N815  # http.server calls them by these names

    def log_message(self, *_: object) -> None:
        """Log no requests."""
