"""Which services of a local stack are down or hang: at every request, the emulator and the issuer look for a file."""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

ISSUER = "issuer"
ANSWERS = "answers"  # AWS processes every request and every answer is lost


def hanging(service: str) -> str:
    """The name under which a service hangs: it takes requests and answers none."""
    return f"{service}.hangs"


def down_file(directory: Path, service: str) -> Path:
    """The file that exists while `service` is down; `directory` is the stack's."""
    return directory / "tmp" / "down" / service


@contextlib.contextmanager
def outage(directory: Path, *services: str) -> Iterator[None]:
    """Stop services for the duration of the block: names as in AWS endpoints, of `hanging`, ISSUER or ANSWERS."""
    files = [down_file(directory, service) for service in services]
    for one in files:
        one.parent.mkdir(exist_ok=True)
        one.touch()
    try:
        yield
    finally:
        for one in files:
            one.unlink()


def kill_functions(directory: Path) -> int:
    """Kill the running functions of this stack; returns the number of processes."""
    ours = f"TMPDIR={directory / 'tmp'}".encode()
    killed = 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            environment = (process / "environ").read_bytes().split(b"\0")
            if ours in environment and any(one.startswith(b"AWS_LAMBDA_FUNCTION_NAME=") for one in environment):
                os.kill(int(process.name), signal.SIGKILL)
                killed += 1
    return killed
