"""A second release to deploy over the running one: the same build with another version in its API."""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tools.local import sam
from tools.local.portal import Reader
from tools.local.stack import ROOT, LocalStack, StackFailed

OPENAPI = Path("CoreLayer/python/earned/api/openapi.json")


def version_of(stack: LocalStack) -> str:
    contract = Reader(stack, None).get("/v1/openapi.json").raise_for_status().json()
    version: str = contract["info"]["version"]
    return version


def next_release(directory: Path) -> tuple[Path, str]:
    """Copy the build to `directory` with another API version; returns the copy and its version."""
    built = directory / "next"
    shutil.rmtree(built, ignore_errors=True)
    shutil.copytree(sam.BUILD, built, copy_function=os.link)
    contract = json.loads((built / OPENAPI).read_text())
    version = contract["info"]["version"] = f"{contract['info']['version']}+next"
    (built / OPENAPI).unlink()  # a hard link to the build
    (built / OPENAPI).write_text(json.dumps(contract))
    return built, version


def deploy(directory: Path, stack: LocalStack, built: Path, name: str = sam.STACK_NAME, **more: str) -> None:
    """Deploy a build as the stack with this name, with more parameters of the template."""
    sam.deploy(partial(_run, directory, stack), built, stack.issuer, name=name, more=more)


def _run(directory: Path, stack: LocalStack, verb: str, options: Sequence[str], parameters: dict[str, str]) -> None:
    environment = sam.environment(directory) | {"AWS_ENDPOINT_URL": stack.aws_endpoint}
    command = sam.command(verb, options, parameters)
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)
    if done.returncode:
        raise StackFailed(f"sam {verb} failed:\n{done.stdout}{done.stderr}")
