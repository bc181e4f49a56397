"""Start, describe and stop a local stack."""

import contextlib
import fcntl
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import boto3

from tools.local import issuer

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / ".local"
SERVE = STATE / "serve"
SERVE_FILE = ROOT / "out" / "serve.json"
SHELL_FILE = SERVE_FILE.with_suffix(".sh")
KEYS = "keys"
REGION = "eu-central-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


class StackFailed(Exception):
    """The stack did not start; the message names the step and its log."""


@dataclass(frozen=True)
class LocalStack:
    """The content of `out/serve.json`: `api` is the base URL, `public` the address that certificates print.

    `queues` are URLs, `outputs` are the template's.
    """

    aws_endpoint: str
    region: str
    api: str
    console: str
    public: str
    queues: dict[str, str]
    bus: str
    issuer: str
    audience: str
    outputs: dict[str, str]

    @classmethod
    def read(cls, path: Path) -> Self:
        return cls(**json.loads(path.read_text()))

    def write(self, path: Path) -> None:
        """Write the description atomically."""
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(asdict(self), indent=2) + "\n")
        partial.rename(path)

    def shell(self) -> str:
        """Shell variables that point `aws` to this stack, and its queues and API."""
        names = {name.upper(): url for name, url in self.queues.items()} | {"API": self.api, "BUS": self.bus}
        variables = CREDENTIALS | {"AWS_DEFAULT_REGION": self.region, "AWS_ENDPOINT_URL": self.aws_endpoint} | names
        return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())

    def session(self) -> boto3.Session:
        """A boto3 session with the stack's dummy credentials; clients need `endpoint_url=aws_endpoint` as well."""
        return boto3.Session("test", "test", region_name=self.region)


def isolate() -> None:
    """Remove the user's AWS settings from this process and the processes that it starts."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "SAM_CLI_", "MINISTACK_"))]:
        del os.environ[name]
    os.environ |= CREDENTIALS | {
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }


def is_running(directory: Path) -> bool:
    try:
        with (directory / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def stop(directory: Path, timeout_seconds: float = 15) -> bool:
    """Stop the stack of this directory and wait until its processes have ended; False when none was running."""
    if not is_running(directory):
        return False
    supervisor = int((directory / "pid").read_text())
    os.kill(supervisor, signal.SIGTERM)
    deadline = time.monotonic() + timeout_seconds
    while is_running(directory):
        if time.monotonic() > deadline:
            os.kill(supervisor, signal.SIGKILL)  # the kernel then kills the emulator (PR_SET_PDEATHSIG)
        time.sleep(0.05)
    return True


@contextlib.contextmanager
def started(directory: Path, publish: Path | None = None, allowed_origins: str = "") -> Iterator["Supervisor"]:
    """Start a stack for the duration of the block, or longer after `detach`."""
    options = [*(["--publish", str(publish)] if publish else []), "--allowed-origins", allowed_origins]
    command = [sys.executable, "-m", "tools.local.supervisor", str(directory), *options]
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "supervisor.log").open("w") as log:  # a detached supervisor must not hold our streams open
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT / "layers" / "core")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )
    supervisor = Supervisor(process)
    try:
        yield supervisor
    finally:
        supervisor.close()


class Supervisor:
    """The supervisor process, at the other end of two pipes; `stack` is set after `steps`."""

    stack: LocalStack

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._detached = False

    def steps(self) -> Iterator[str]:
        """Yield each step as it begins, until the stack is ready. Raises StackFailed."""
        assert self._process.stdout
        for line in self._process.stdout:
            match json.loads(line):
                case {"step": str(step)}:
                    yield step
                case {"failed": str(reason)}:
                    raise StackFailed(reason)
                case {"ready": dict(description)}:
                    self.stack = LocalStack(**description)
                    return
        raise StackFailed(f"The stack's supervisor was killed (exit code {self._process.wait()}).")

    def detach(self) -> None:
        assert self._process.stdin
        self._process.stdin.write("detach\n")
        self._process.stdin.flush()
        self._detached = True

    def close(self) -> None:
        """Close the pipe, which ends the supervisor unless it is detached, and wait for its end."""
        assert self._process.stdin
        self._process.stdin.close()
        if not self._detached:
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()


def token(
    directory: Path, stack: LocalStack, *, sub: str, role: str, company: str | None, expires_in: int = 3600
) -> str:
    """Sign an access token that the stack of `directory` accepts, with its issuer's newest key."""
    key = issuer.keys(directory / KEYS)[-1]
    return issuer.access_token(key, stack.issuer, sub=sub, role=role, company=company, expires_in=expires_in)
