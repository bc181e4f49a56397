"""Lambda's side of a worker: the Runtime API (2018-06-01), and the process that asks it for events."""

import json
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, Queue
from typing import Any, NamedTuple

from tools.package.built import BARE_PYTHON, RIC, Function

API = "/2018-06-01/runtime"
(RIC_PACKAGES,) = (RIC / "lib").glob("python*/site-packages")


class Failed(Exception):
    """The function raised, could not be loaded, or its process ended."""


class Reported(NamedTuple):
    """The kind is the end of the path that a worker posted to: `response`, `error`, or `ended` for a dead process."""

    kind: str
    body: Any


class Worker:
    """A worker of a function under AWS's runtime client; a context manager that ends it."""

    def __init__(self, function: Function, environment: Mapping[str, str]) -> None:
        self.function = function
        self._events: Queue[tuple[str, bytes] | None] = Queue()
        self._reports: Queue[Reported] = Queue()
        self._log = tempfile.NamedTemporaryFile()  # noqa: SIM115 - as long as the worker
        self._server = _RuntimeApi(self._events, self._reports, function)
        threading.Thread(target=self._server.serve_forever, args=[0.02], daemon=True).start()
        self._process = subprocess.Popen(  # noqa: S603 - our own build
            [*BARE_PYTHON, "-m", "awslambdaric", function.handler],
            cwd=function.task_root,
            env={
                **environment,
                "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self._server.server_port}",
                "PYTHONPATH": f"{environment['PYTHONPATH']}:{RIC_PACKAGES}",
            },
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )
        threading.Thread(target=self._watch, daemon=True).start()

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        self._events.put(None)
        self._process.kill()
        self._process.wait()
        self._server.shutdown()
        self._server.server_close()
        self._log.close()

    def invoke(self, event: object) -> Any:
        """Send an event and return the answer; raises `Failed` with the function's error and log."""
        self._events.put((uuid.uuid4().hex, json.dumps(event).encode()))
        try:
            kind, body = self._reports.get(timeout=self.function.timeout)
        except Empty:
            kind, body = "timeout", None
        if kind != "response":
            raise Failed(f"{self.function.name}: {kind} {body}\n{self.log()}")
        return body

    def log(self) -> str:
        return Path(self._log.name).read_text()

    def mapped(self) -> set[Path]:
        """The files that the process has mapped: native libraries, fonts and more."""
        lines = Path(f"/proc/{self._process.pid}/maps").read_text().splitlines()
        return {Path(words[5]) for line in lines if len(words := line.split(maxsplit=5)) == 6 and "/" in words[5]}

    def _watch(self) -> None:
        self._reports.put(Reported("ended", self._process.wait()))


class _RuntimeApi(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, events: "Queue[tuple[str, bytes] | None]", reports: Queue[Reported], function: Function) -> None:
        super().__init__(("127.0.0.1", 0), _Exchange)
        self.events = events
        self.reports = reports
        self.function = function


class _Exchange(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _RuntimeApi

    def do_GET(self) -> None:
        event = self.server.events.get() if self.path == f"{API}/invocation/next" else None
        if event is None:
            self.close_connection = True
            return
        request, payload = event
        deadline = time.time() + self.server.function.timeout
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": request,
            "Lambda-Runtime-Deadline-Ms": str(int(deadline * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": f"arn:aws:lambda:::function:{self.server.function.logical_id}",
            "Lambda-Runtime-Trace-Id": "Root=1-00000000-000000000000000000000000;Sampled=0",
        }
        self._answer(200, payload, headers)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(202, b'{"status": "OK"}', {})
        self.server.reports.put(Reported(self.path.rpartition("/")[2], json.loads(body)))

    def log_message(self, *_: object) -> None:
        """Log no requests."""

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
