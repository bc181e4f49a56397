"""`make build IN_CONTAINER=1`, with a stand-in for Docker that writes down how it was called."""

import os
import subprocess
from pathlib import Path

import pytest

from earned.testing.cloudformation import ROOT

DOCKERFILE = (ROOT / "tools" / "package" / "container" / "Dockerfile").read_text("utf-8")


def make(path: Path, *variables: str) -> "subprocess.CompletedProcess[str]":
    environment = {"PATH": f"{path}:{os.defpath}", "HOME": str(path)}
    command = ["make", "build", "IN_CONTAINER=1", *variables]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def engine(tmp_path: Path) -> Path:
    stand_in = tmp_path / "docker"
    stand_in.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\n')
    stand_in.chmod(0o755)
    return tmp_path


def test_a_build_in_a_container_is_the_same_build_of_this_checkout(engine: Path) -> None:
    done = make(engine, "ARCH=arm64")
    assert done.returncode == 0, done.stderr
    built, run = (engine / "calls").read_text().splitlines()
    assert built.endswith("tools/package/container")
    assert f"--volume {ROOT}:/checkout" in run
    assert run.endswith("earned-build make build ARCH=arm64")


def test_the_files_belong_to_who_builds_and_the_environments_stay_in_the_container(engine: Path) -> None:
    make(engine)
    run = (engine / "calls").read_text().splitlines()[1]
    assert f"--user {os.getuid()}:{os.getgid()}" in run
    assert "earned-build-environments:/checkout/.venv" in run
    assert "chmod 1777 /checkout/.venv /cache" in DOCKERFILE  # a new volume has the permissions of the image's folder


def test_another_program_with_dockers_commands_can_be_named(engine: Path) -> None:
    (engine / "docker").rename(engine / "podman")
    assert make(engine, "CONTAINERS=podman").returncode == 0


def test_without_docker_the_message_says_what_to_do(tmp_path: Path) -> None:
    done = make(tmp_path, "CONTAINERS=no-such-docker")
    assert done.returncode != 0
    assert "no-such-docker not found: install Docker" in done.stderr


def test_the_container_has_the_python_of_the_functions() -> None:
    """Debian 13 has Python 3.13; sam needs the runtime's own version."""
    assert "FROM debian:trixie-slim" in DOCKERFILE
    assert "python3-venv" in DOCKERFILE
