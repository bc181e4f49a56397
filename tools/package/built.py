"""The functions of the built template: their files, size and environment."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from earned.testing import cloudformation
from tools.local import sam
from tools.local.stack import ROOT, STATE

RIC = ROOT / ".venv" / "package"
PYTHON = os.path.realpath(RIC / "bin" / "python")
# Without site-packages: only the standard library and PYTHONPATH can be imported.
BARE_PYTHON = (PYTHON, "-S")
LIMIT = 250 * 10**6  # bytes, function and layers; Lambda's limit


class BuildFailed(Exception):
    """sam build failed; the message is the end of its output."""


@dataclass(frozen=True)
class Function:
    """A function of the built template; `memory` in MB, `timeout` in seconds."""

    logical_id: str
    name: str
    handler: str
    memory: int
    timeout: int
    task_root: Path
    layers: tuple[Path, ...]
    variables: Mapping[str, Any]

    @property
    def size(self) -> int:
        tops = (self.task_root, *self.layers)
        return sum(path.stat().st_size for top in tops for path in top.rglob("*") if path.is_file())


def build() -> Path:
    """Build what is not built yet; returns the built template."""
    directory = STATE / "package"
    directory.mkdir(parents=True, exist_ok=True)

    def run(*order: Any) -> None:
        command, environment = sam.command(*order), sam.environment(directory)
        done = subprocess.run(  # noqa: S603  # sam, with arguments of our own
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise BuildFailed(done.stderr[-4000:])

    with sam.build_locked():
        sam.build(run)
    return sam.BUILD / "template.yaml"


def functions(built: Path) -> dict[str, Function]:
    layers = cloudformation.resources("AWS::Serverless::LayerVersion", built)
    names = {logical_id: function.name for logical_id, function in cloudformation.functions().items()}
    return {
        names[logical_id]: Function(
            logical_id=logical_id,
            name=names[logical_id],
            handler=function.handler,
            memory=function.memory,
            timeout=function.timeout,
            task_root=built.parent / function.code_uri,
            layers=tuple(built.parent / layers[layer]["ContentUri"] for layer in function.layers),
            variables=function.variables,
        )
        for logical_id, function in cloudformation.functions(built).items()
    }


def _link(source: str, target: str) -> None:
    """As `os.link`; cffi, which cryptography and WeasyPrint need, is in two layers.

    pip's RECORD is a list of the files and is not compared.
    """
    if not Path(target).exists():
        os.link(source, target)
    elif Path(source).name != "RECORD" and Path(source).read_bytes() != Path(target).read_bytes():
        raise FileExistsError(target)


@contextmanager
def unpacked(layers: Iterable[Path]) -> Iterator[Path]:
    """Merge layers into one folder for the duration of the block, as Lambda does under /opt.

    Raises `FileExistsError` when two layers have different files of one name.
    """
    with tempfile.TemporaryDirectory(dir=STATE / "package", prefix="opt-") as opt:
        for layer in layers:
            shutil.copytree(layer, opt, copy_function=_link, dirs_exist_ok=True)
        yield Path(opt)


def environment(function: Function, opt: Path, region: str, values: Mapping[str, str]) -> dict[str, str]:
    """The environment that Lambda gives a function.

    `values` are what its variables refer to; a reference to anything else resolves to its own name.
    """
    system = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "AWS_LAMBDA_FUNCTION_NAME": function.logical_id,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "LAMBDA_TASK_ROOT": str(function.task_root),
        "LANG": "en_US.UTF-8",
        "LD_LIBRARY_PATH": f"/lib64:/usr/lib64:{function.task_root}:{function.task_root}/lib:{opt}/lib",
        "PATH": f"{opt}/bin",  # Lambda has no compiler; with this machine's, ctypes would find other libraries
        "PYTHONDONTWRITEBYTECODE": "1",  # both folders are read-only on Lambda
        "PYTHONPATH": f"{function.task_root}:{opt}/python",
        "TZ": ":UTC",
        "_HANDLER": function.handler,
    }
    return system | cloudformation.environment(function.variables, cloudformation.Invented(values, LayerRoot=str(opt)))
