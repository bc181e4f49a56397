"""What a function does before its first event, counted; `make package` measures how long it takes."""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from earned.cold_start import require_architecture
from earned.testing.cloudformation import Invented, environment, functions, parameters

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS = [one.name for one in functions().values()]
# Modules that take long to import, and who uses them at once; the others use them for some events, or never.
USERS = {
    "aws_lambda_powertools.event_handler": {"serve_api"},
    "boto3": set(),
    "cryptography": set(),
    "fontTools.subset": set(),
    "pycparser": set(),
    "regex": {"record_directory", "record_progress", "record_attendance"},
    "weasyprint": {"generate_certificate"},
    "xlsxwriter": {"export_certificates"},
}
LOOK = """
import gc, importlib, json, sys

collections = []
gc.callbacks.append(lambda phase, _info: collections.append(phase))
import earned.cold_start
collections.clear()
importlib.import_module(sys.argv[1])
collected, modules = len(collections), sorted(sys.modules)

from botocore.session import Session
collects, frozen = gc.isenabled(), gc.get_freeze_count()
gc.unfreeze()
sessions = sum(isinstance(one, Session) for one in gc.get_objects())
print(json.dumps([modules, collected, collects, frozen, sessions]))
"""


class Start(NamedTuple):
    """A function after its import: collections of garbage until then, and objects that later ones leave out."""

    modules: list[str]
    collected: int
    collects: bool
    frozen: int
    sessions: int


@cache
def start(function: str) -> Start:
    """In a process of its own."""
    [one] = (one for one in functions().values() if one.name == function)
    keys = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "eu-west-1"}
    given = {name: value for name, value in os.environ.items() if name in {"PATH", "LD_LIBRARY_PATH"}}
    done = subprocess.run(
        [sys.executable, "-c", LOOK, f"functions.{function}.app"],
        cwd=ROOT,
        env=given
        | keys
        | environment(one.variables, Invented(parameters()))
        | {"PYTHONPATH": f"layers/core{os.pathsep}."},
        check=True,
        stdout=subprocess.PIPE,
    )
    return Start(*json.loads(done.stdout))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_imports_at_once_what_it_always_uses(function: str) -> None:
    imported = {module for module in USERS if module in start(function).modules}
    assert imported == {module for module, users in USERS.items() if function in users}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_starts_without_collecting_garbage_and_collects_it_afterwards(function: str) -> None:
    started = start(function)
    assert (started.collected, started.collects) == (0, True)
    assert started.frozen > 100_000


@pytest.mark.parametrize("function", FUNCTIONS)
def test_all_clients_of_a_function_have_one_session(function: str) -> None:
    assert start(function).sessions == 1


def layer(folder: Path, name: str, machine: str) -> None:
    (folder / "architecture").mkdir(exist_ok=True)
    (folder / "architecture" / name).write_text(f"{machine}\n")


def test_a_layer_for_another_processor_ends_the_start_with_what_to_do(tmp_path: Path) -> None:
    layer(tmp_path, "dependencies", "x86_64")
    layer(tmp_path, "weasyprint", "aarch64")
    told = "the layer weasyprint is built for aarch64, and this function runs on x86_64: deploy what make build"
    with pytest.raises(RuntimeError, match=told):
        require_architecture(tmp_path, "x86_64")


def test_layers_for_this_processor_and_a_checkout_without_layers_start(tmp_path: Path) -> None:
    require_architecture(tmp_path, "aarch64")
    layer(tmp_path, "dependencies", "aarch64")
    require_architecture(tmp_path, "aarch64")
