"""`make help` describes every command of the Makefile, and commands get the values of variables as they were given."""

import re
import subprocess
from pathlib import Path

import pytest

from earned.testing.cloudformation import ROOT

MAKEFILE = (ROOT / "Makefile").read_text("utf-8")


def test_make_help_describes_every_command() -> None:
    [phony] = re.findall(r"^\.PHONY: ((?:.*\\\n)*.*)$", MAKEFILE, re.MULTILINE)
    targets = set(phony.replace("\\\n", " ").split())
    told = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert set(re.findall(r"^  make ([a-z-]+) ", told, re.MULTILINE)) == targets - {"help"}


def test_every_command_is_declared_phony() -> None:
    targets = set(re.findall(r"^([a-z-]+):(?!=)", MAKEFILE, re.MULTILINE))
    [phony] = re.findall(r"^\.PHONY: ((?:.*\\\n)*.*)$", MAKEFILE, re.MULTILINE)
    assert targets == set(phony.replace("\\\n", " ").split())


ANYTHING = """O'Neill's "own" file, $HOME $(x) `y` \\ ; # & *.csv"""
# A variable of each kind of command: of a tool, of a stack, with a default, as an argument without a name.
WORDS = [
    ("import", "FILE", "--file={}"),
    ("import", "STACK", "--stack={}"),
    ("erase", "ALSO", "--also={}"),
    ("redrive", "REASON", "--reason={}"),
    ("quarantine", "QUEUE", "--queue={}"),
    ("restore-documents", "FROM", "--from={}"),
    ("preview", "OUT", "--out={}"),
    ("draw-border", "DESIGN", "{}"),
]


@pytest.mark.parametrize(("target", "variable", "word"), WORDS)
def test_the_value_of_a_variable_reaches_the_command_as_it_was_given(target: str, variable: str, word: str) -> None:
    words = "NATIVE=printf '%s\\n'" if target == "preview" else "EARNED=printf '%s\\n'"
    built = [f"--assume-old={one}" for one in (".venv/dev/ready", ".layers/weasyprint/ready")]
    command = ["make", "--silent", *built, target, words, f"{variable}={ANYTHING}"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert word.format(ANYTHING) in told.splitlines()


def test_a_history_in_a_folder_with_spaces_and_an_apostrophe_is_checked(tmp_path: Path) -> None:
    folder = tmp_path / "Ada's files"
    folder.mkdir()
    history = folder / "the history.csv"
    history.write_text("type,time,company_id,name\nportal.company.saved.v1,2026-01-01T00:00:00Z,co-1,Sample Lanterns\n")
    command = ["make", "--silent", "--assume-old=.venv/dev/ready", "import", f"FILE={history}", "DRY_RUN=1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "1 valid events: 1 directory" in done.stdout
