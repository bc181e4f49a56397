"""The first certificate of README.md: its commands, as they stand there, on the running stack."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.e2e.portal import Portal
from tools.local.stack import ROOT

pytestmark = pytest.mark.stack

TOKEN = re.compile(r"\$\(make -s token ROLE=(?P<role>\S+) SUB=(?P<sub>\S+) COMPANY=(?P<company>\S+)\)")


def commands() -> list[str]:
    """The commands between `make serve` and `make stop`."""
    [block] = re.findall(r"(?sm)^```\nmake serve\n(.+?)^make stop\n```$", (ROOT / "README.md").read_text())
    lines: list[str] = block.splitlines()
    return lines


def test_the_commands_of_the_readme_save_a_certificate(portal: Portal, tmp_path: Path) -> None:
    described = tmp_path / "serve.json"
    portal.stack.write(described)
    [asked] = TOKEN.finditer("\n".join(commands()))
    token = portal.token(asked["role"], asked["sub"], asked["company"])  # `make token` knows the stack of `make serve`
    script = "\n".join(["set -eu", f"make() {{ echo '{token}'; }}", *commands()])

    shell = subprocess.run(
        ["bash", "-c", script],
        cwd=ROOT,
        env=os.environ | {"EARNED_STACK": str(described)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert shell.returncode == 0, shell.stderr
    saved = re.fullmatch(r"Saved (out/.+\.pdf)\n", shell.stdout)
    assert saved, shell.stdout
    document = ROOT / saved[1]
    assert document.read_bytes().startswith(b"%PDF-")
    document.unlink()
