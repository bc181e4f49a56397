"""`make help` describes every command of the Makefile."""

import re
import subprocess

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
