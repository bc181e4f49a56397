"""Applies a planted bug to a copy of the tree, never to the tree itself."""

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUGS = {path.stem: path for path in sorted(Path(__file__).with_name("bugs").glob("*.diff"))}
BUGS_OF_TESTS = {path.stem: path for path in sorted(Path(__file__).with_name("bugs_of_tests").glob("*.diff"))}
NEEDED = ("layers/core", "functions", "infra", "tools", "tests", "docs/examples", "template.yaml")


class DoesNotApply(Exception):
    """The code that the patch changes has moved: write the patch again."""


def rationale(bug: str) -> str:
    """The mistaken reasoning of a developer who would write this bug."""
    return patch(bug).read_text().partition("\n")[0]


def finder(bug: str) -> str:
    """The test that finds a bug of `bugs_of_tests`; the patch's second line names it."""
    return patch(bug).read_text().splitlines()[1].removeprefix("Found by ")


def patch(bug: str) -> Path:
    return (BUGS | BUGS_OF_TESTS)[bug]


def copy_tree(folder: Path) -> None:
    """Copy what the simulator needs to a folder."""
    for name in NEEDED:
        source, target = ROOT / name, folder / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)


def copy_tracked(folder: Path) -> None:
    """Copy every file that git knows, as it is now."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)


def patched_file(bug: str, folder: Path) -> Path:
    return folder / patch(bug).read_text().partition("+++ b/")[2].partition("\n")[0]


def apply_bug(bug: str, folder: Path) -> None:
    """Apply a bug to a copy of the tree; raises `DoesNotApply`."""
    env = os.environ | {"GIT_CEILING_DIRECTORIES": str(folder.parent)}  # else git looks for a repository
    command = ["git", "apply", str(patch(bug))]
    applied = subprocess.run(command, cwd=folder, env=env, check=False, capture_output=True, text=True)
    if applied.returncode:
        raise DoesNotApply(f"{bug}: {applied.stderr.strip()}")
