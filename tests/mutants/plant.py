"""Plants a bug in a copy of the tree, never in the tree itself."""

import shutil
from pathlib import Path

from tests.mutants.bugs import Bug

ROOT = Path(__file__).resolve().parents[2]
NEEDED = ("layers/core", "functions", "infra", "operations", "tests", "template.yaml")


class DoesNotFit(Exception):
    """The code has moved on: the bug has to be written anew."""


def planted(bug: Bug) -> str:
    """The text of the bug's file with the bug in it; raises `DoesNotFit` unless what it replaces is there once."""
    text = (ROOT / bug.file).read_text()
    if text.count(bug.old) != 1:
        raise DoesNotFit(f"{bug.name}: {bug.file} has this {text.count(bug.old)} times:\n{bug.old}")
    return text.replace(bug.old, bug.new)


def plant(bug: Bug, folder: Path) -> None:
    """Copy to an empty folder what the simulator needs, with the bug in it."""
    for name in NEEDED:
        source, target = ROOT / name, folder / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    (folder / bug.file).write_text(planted(bug))
