"""Runs sam for the local stack; it builds for this machine's processor and the emulator's Python."""

import contextlib
import fcntl
import hashlib
import os
import platform
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from tools.local.issuer import AUDIENCE
from tools.local.stack import REGION, ROOT, STATE

SAM = str(ROOT / ".venv" / "sam" / "bin" / "sam")
EMULATOR_PYTHON = str(ROOT / ".venv" / "ministack" / "bin" / "python")
EMULATOR = "tools.local.emulator"  # the module, in its command line
BUILD = STATE / "build"
BUILT_FROM = ("functions", "infra", "layers")

STACK_NAME = "earned-local"
PACKAGES = "packages"  # the bucket that sam uploads to
# The emulator unpacks a function's layers beside its code, in the order of the template; WeasyPrint is the third.
LAYER_ROOT = "../layer_2"

Run = Callable[[str, Sequence[str], dict[str, str]], None]


@contextlib.contextmanager
def build_locked() -> Iterator[None]:
    with (STATE / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def build(run: Run) -> None:
    """Build, unless the sources are those of the last build: sam takes seconds to find that out.

    `run` takes a verb, its options and the template's parameters, and raises when sam fails.
    """
    stamp, sources = BUILD.with_suffix(".sources"), _sources()
    if BUILD.exists() and stamp.exists() and stamp.read_text() == sources:
        return
    stamp.unlink(missing_ok=True)
    run("build", ["--cached", "--parallel", "--build-dir", str(BUILD), "--cache-dir", str(STATE / "cache")], {})
    stamp.write_text(sources)


def deploy(
    run: Run,
    built: Path,
    issued_by: str,
    allowed_origins: Sequence[str] = (),
    name: str = STACK_NAME,
    more: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Deploy a build to the emulator that AWS_ENDPOINT_URL names; `issued_by` is the issuer's URL."""
    parameters = {
        "Issuer": issued_by,
        "Audience": AUDIENCE,
        "LayerRoot": LAYER_ROOT,
        "OnAws": "false",
        "ErasureRequiresMfa": "false",
        "VerifyBaseUrl": issued_by,
        **more,
    }
    if allowed_origins:
        parameters["AllowedOrigins"] = ",".join(allowed_origins)
    options = ["--stack-name", name, "--s3-bucket", PACKAGES, "--region", REGION, "--no-confirm-changeset"]
    capabilities = ["--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
    run("deploy", ["--template-file", str(built / "template.yaml"), *options, *capabilities], parameters)


def command(verb: str, options: Sequence[str], parameters: dict[str, str]) -> list[str]:
    """The sam command line, without the project's samconfig.toml, which is about AWS accounts."""
    runtime, architecture = runtime_and_architecture()
    parameters = {"Stage": "dev", "Architecture": architecture, "PythonRuntime": runtime, **parameters}
    overrides = ["--parameter-overrides", *(f"{name}={value}" for name, value in parameters.items())]
    return [SAM, verb, "--config-env", "local", *options, *overrides]


def environment(directory: Path) -> dict[str, str]:
    """The environment variables of sam; it keeps its state in `directory`."""
    runtime, architecture = runtime_and_architecture()
    interpreter = Path(os.path.realpath(EMULATOR_PYTHON)).parent
    return dict(os.environ) | {
        "LAYER_ARCH": architecture,
        "LAYER_OR_NEWEST": "yes",
        "LAYER_PYTHON": runtime.removeprefix("python"),
        "PATH": f"{interpreter}:{os.environ['PATH']}",
        "SAM_CLI_POLL_DELAY": "0.5",
        "SAM_CLI_TELEMETRY": "0",
        "__SAM_CLI_APP_DIR": str(directory / "sam"),
    }


def runtime_and_architecture() -> tuple[str, str]:
    """The runtime and architecture of the local functions: the emulator's Python on this machine's processor."""
    code = "import sys; print('python%d.%d' % sys.version_info[:2])"
    runtime = subprocess.run([EMULATOR_PYTHON, "-c", code], check=True, capture_output=True, text=True).stdout.strip()
    return runtime, "arm64" if platform.machine() in {"aarch64", "arm64"} else "x86_64"


def _sources() -> str:
    """Hash everything that a build is made of, and the runtime."""
    total = hashlib.sha256(repr(runtime_and_architecture()).encode())
    files = [ROOT / "template.yaml", *(path for top in BUILT_FROM for path in (ROOT / top).rglob("*"))]
    for path in sorted(path for path in files if path.is_file() and "__pycache__" not in path.parts):
        total.update(f"{path.relative_to(ROOT)}\0{path.stat().st_mode}\0".encode() + path.read_bytes())
    return total.hexdigest()
