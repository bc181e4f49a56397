"""Plants a bug in a copy of the tree, never in the tree itself."""

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUGS = {path.stem: path for path in sorted(Path(__file__).with_name("bugs").glob("*.diff"))}
NEEDED = ("layers/core", "functions", "infra", "tools", "tests", "template.yaml")


class DoesNotFit(Exception):
    """The code has moved on: the bug has to be written anew."""


def thought(bug: str) -> str:
    """What somebody was thinking who would write this."""
    return BUGS[bug].read_text().partition("\n")[0]


def copy(folder: Path) -> None:
    """Copy to a folder what the simulator needs."""
    for name in NEEDED:
        source, target = ROOT / name, folder / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)


def plant(bug: str, folder: Path) -> None:
    """Plant a bug in a copy; raises `DoesNotFit` when what it changes is no longer there."""
    alone = os.environ | {"GIT_CEILING_DIRECTORIES": str(folder.parent)}  # else git looks for a repository
    command = ["git", "apply", str(BUGS[bug])]
    applied = subprocess.run(command, cwd=folder, env=alone, check=False, capture_output=True, text=True)
    if applied.returncode:
        raise DoesNotFit(f"{bug}: {applied.stderr.strip()}")
