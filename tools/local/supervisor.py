"""The process that owns a stack: issuer, emulator, build and deployment live and die with it.

It reports on stdout, one JSON object a line, and ends with its stdin, so that it never outlives the process that
started it. The line `detach` on stdin makes it stay.
"""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from earned.testing.cloudformation import read_template, resources
from tools.local import issuer, outages, sam
from tools.local.stack import CREDENTIALS, KEYS, REGION, ROOT, LocalStack, StackFailed, isolate

LIBRARY_PATH = ":".join(f"../layer_{number}/lib" for number in range(3))


def main(
    directory: Annotated[Path, typer.Argument(help="holds the stack's keys, logs and temporary files")],
    publish: Annotated[Path | None, typer.Option(help="holds the stack's description while it is ready")] = None,
    allowed_origins: Annotated[str, typer.Option(help="origins of pages that may call the API, with commas")] = "",
) -> None:
    """Run a stack until SIGTERM or the end of stdin; exits with 1 when it does not start or its emulator ends."""
    isolate()
    directory.mkdir(parents=True, exist_ok=True)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _end)
    try:
        # Never closed: other processes wait for this lock to see that this process has ended.
        fcntl.flock(os.open(directory / "lock", os.O_CREAT | os.O_RDWR), fcntl.LOCK_EX | fcntl.LOCK_NB)
        with contextlib.ExitStack() as cleanup:
            (directory / "pid").write_text(str(os.getpid()))
            threading.Thread(target=_watch_stdin, daemon=True).start()
            origins = [origin for origin in allowed_origins.split(",") if origin]
            supervisor = _Supervisor(directory, cleanup, origins)
            stack = supervisor.start()
            if publish:
                cleanup.callback(publish.unlink, missing_ok=True)
                stack.write(publish)
            _report(ready=asdict(stack))
            supervisor.emulator.wait()
    except BlockingIOError:
        _report(failed=f"A stack is already running in {directory}.")
    except (StackFailed, OSError) as error:
        _report(failed=str(error))
    raise typer.Exit(1)


@dataclass
class _Supervisor:
    directory: Path
    cleanup: contextlib.ExitStack
    allowed_origins: Sequence[str]

    def start(self) -> LocalStack:
        temporary = self.directory / "tmp"
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        self.cleanup.callback(shutil.rmtree, temporary, ignore_errors=True)
        keys = self.directory / KEYS
        shutil.rmtree(keys, ignore_errors=True)
        keys.mkdir(mode=0o700)
        self.cleanup.callback(shutil.rmtree, keys, ignore_errors=True)
        issuer.add_key(keys)
        url = issuer.serve(keys, outages.down_file(self.directory, outages.ISSUER))
        port = _free_port()
        endpoint = f"http://127.0.0.1:{port}"
        command = [sam.EMULATOR_PYTHON, "-m", sam.EMULATOR]
        self.emulator = self._spawn("ministack", command, _emulator_environment(port, temporary))
        with sam.build_locked():
            _report(step="building (sam build)")
            sam.build(self._sam)
            self._wait_for_emulator(endpoint)
            _report(step="deploying (sam deploy)")
            os.environ["AWS_ENDPOINT_URL"] = endpoint
            _client("s3").create_bucket(Bucket=sam.PACKAGES, CreateBucketConfiguration={"LocationConstraint": REGION})
            sam.deploy(self._sam, sam.BUILD, url, self.allowed_origins)
        _allow_loops()
        _report(step="warming up")
        _warm_up()
        stack = _describe(endpoint, url)
        if self.allowed_origins:
            _allow_origins(_api_id(stack.outputs["ApiUrl"]), self.allowed_origins)
        issuer.redirect_verification_to(stack.api)
        return stack

    def _sam(self, verb: str, options: Sequence[str], parameters: dict[str, str]) -> None:
        command = sam.command(verb, options, parameters)
        if self._spawn(f"sam-{verb}", command, sam.environment(self.directory)).wait():
            log = self.directory / f"sam-{verb}.log"
            raise StackFailed(f"sam {verb} failed; the end of {log}:\n{_tail(log)}")

    def _spawn(self, name: str, command: Sequence[str], environment: dict[str, str]) -> "subprocess.Popen[bytes]":
        """Start a command in its own process group; the kernel kills it when this process dies."""
        with (self.directory / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *command],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
            )
        self.cleanup.callback(_kill_group, process)
        return process

    def _wait_for_emulator(self, endpoint: str) -> None:
        deadline = time.monotonic() + 60
        while not _answers(f"{endpoint}/_ministack/health"):
            if self.emulator.poll() is not None or time.monotonic() > deadline:
                log = self.directory / "ministack.log"
                raise StackFailed(f"The emulator did not start; the end of {log}:\n{_tail(log)}")
            time.sleep(0.1)


def _end(number: int, _: object) -> None:
    """Unwind once: a second signal must not interrupt the cleanup."""
    signal.signal(number, signal.SIG_IGN)
    sys.exit(0)


def _watch_stdin() -> None:
    if "detach\n" not in sys.stdin:
        os.kill(os.getpid(), signal.SIGTERM)


def _report(**message: object) -> None:
    with contextlib.suppress(BrokenPipeError):
        print(json.dumps(message), flush=True)


def _kill_group(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)  # no process here has state worth saving
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _emulator_environment(port: int, temporary: Path) -> dict[str, str]:
    return CREDENTIALS | {
        "AUTH": "true",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "HOME": str(temporary),
        "IOT_MTLS_ENABLED": "0",
        "LAMBDA_EXECUTOR": "local",
        "LANG": "C.UTF-8",
        "LD_LIBRARY_PATH": LIBRARY_PATH,
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        "PATH": os.defpath,
        "SFTP_ENABLED": "0",
        "STATE_DIR": str(temporary / "state"),
        "TMPDIR": str(temporary),
        "TZ": "UTC",
    }


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - our own loopback address
            return True
    except OSError:
        return False


def _client(service: str) -> Any:
    import boto3  # noqa: PLC0415 - 0.3 s that the start of the emulator hides

    return boto3.client(service)  # type: ignore[call-overload] # the name is not a literal


def _warm_up() -> None:
    """Start a worker of each function behind a queue, so that the demo does not time cold starts of a slow machine."""
    functions = _client("lambda")
    mappings = functions.list_event_source_mappings()["EventSourceMappings"]
    with ThreadPoolExecutor() as pool:
        for mapping in mappings:
            pool.submit(functions.invoke, FunctionName=mapping["FunctionArn"], Payload=b'{"Records": []}')


def _allow_origins(api_id: str, origins: Sequence[str]) -> None:
    """Set the API's CORS as the template does: the emulator loses the property."""
    _, configured, _ = read_template()["Resources"]["Api"]["Properties"]["CorsConfiguration"]["Fn::If"]
    cors = {**configured, "AllowOrigins": list(origins)}
    _client("apigatewayv2").update_api(ApiId=api_id, CorsConfiguration=cors)


def _allow_loops() -> None:
    """Set the template's `RecursiveLoop`, which the emulator loses."""
    lambdas = _client("lambda")
    deployed = [name["FunctionName"] for name in lambdas.list_functions(MaxItems=100)["Functions"]]
    for logical_id, function in resources("AWS::Serverless::Function").items():
        if "RecursiveLoop" in function:
            [name] = [name for name in deployed if f"-{logical_id}-" in name]
            lambdas.put_function_recursion_config(FunctionName=name, RecursiveLoop=function["RecursiveLoop"])


def _describe(endpoint: str, url: str) -> LocalStack:
    stacks = _client("cloudformation").describe_stacks(StackName=sam.STACK_NAME)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stacks[0].get("Outputs", [])}
    api = f"{endpoint}/_aws/execute-api/{_api_id(outputs['ApiUrl'])}"
    return LocalStack(
        aws_endpoint=endpoint,
        region=REGION,
        api=api,
        console=f"{api}/console/",
        public=url,
        queues={name: outputs[f"{name.title()}QueueUrl"] for name in ("directory", "progress", "attendance")},
        bus=outputs["BusName"],
        issuer=url,
        audience=issuer.AUDIENCE,
        outputs=outputs,
    )


def _api_id(url: str) -> str:
    """The API's id: its own host name needs a name server for *.localhost."""
    return (urlsplit(url).hostname or "").split(".")[0]


def _tail(log: Path, lines: int = 25) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


if __name__ == "__main__":
    typer.run(main)
