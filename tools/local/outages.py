"""What of a local stack is down: a file for each, which the emulator and the issuer look for at every request."""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

ISSUER = "issuer"
ANSWERS = "answers"  # all of AWS does what it is asked, and nobody hears of it


def switch(directory: Path, service: str) -> Path:
    """The file that is there while `service` is down; `directory` is the stack's."""
    return directory / "tmp" / "down" / service


@contextlib.contextmanager
def outage(directory: Path, *services: str) -> Iterator[None]:
    """Keep services down for the duration of the block: names as AWS's endpoints have them, ISSUER or ANSWERS."""
    switches = [switch(directory, service) for service in services]
    for one in switches:
        one.parent.mkdir(exist_ok=True)
        one.touch()
    try:
        yield
    finally:
        for one in switches:
            one.unlink()


def kill_functions(directory: Path) -> int:
    """Kill all that runs as a function of this stack, amid its work; the answer is how many that were."""
    ours = f"TMPDIR={directory / 'tmp'}".encode()
    killed = 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            environment = (process / "environ").read_bytes().split(b"\0")
            if ours in environment and any(one.startswith(b"AWS_LAMBDA_FUNCTION_NAME=") for one in environment):
                os.kill(int(process.name), signal.SIGKILL)
                killed += 1
    return killed
