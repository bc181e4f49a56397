"""WeasyPrint is imported with its declarations compiled ahead, and draws the same documents."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tools.design.weasyprint_types import WRITTEN, compiled, declarations

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "layers" / "core"
COSTLY = {"pycparser", "fontTools.subset", "fontTools.varLib", "fontTools.ttLib.woff2"}
START = "import earned.document.render"
MODULES = "import json, sys; print(json.dumps(sorted(sys.modules)))"
# Emoji are drawn with a variable font, which WeasyPrint subsets by fontTools.
DRAW = """
import hashlib, json, sys
from tools.bench.contenders.ours import NORTHLIGHT, printed
from tools.bench.page import Page
holders = "Ada Sample", "Ada Sample 🧯", "नमिता उदाहरण", "نور مثال", "林 花子"
pages = [printed(Page("a" * 26, holder, "Leading Well", "Example Ltd")) for holder in holders]
print(json.dumps([[hashlib.sha256(NORTHLIGHT.render(page)).hexdigest() for page in pages], sorted(sys.modules)]))
"""
AUTHORITIES = """
import json, os, ssl
read, seen = ssl.SSLContext.set_default_verify_paths, []
def note(context):
    seen.append(os.environ.get("SSL_CERT_FILE"))
    read(context)
ssl.SSLContext.set_default_verify_paths = note
import earned.document.render
print(json.dumps([seen, os.environ.get("SSL_CERT_FILE")]))
"""


def run(code: str, package: Path = PACKAGE, **variables: str) -> Any:
    """What a new process prints, as JSON."""
    given = {name: value for name, value in os.environ.items() if name != "SSL_CERT_FILE"}
    path = {"PYTHONPATH": f"{package}{os.pathsep}{ROOT}"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=given | path | variables, cwd=package, check=True, capture_output=True
    )
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def drawn_in_full() -> list[str]:
    """Hashes of the documents of an ordinary WeasyPrint."""
    hashes, modules = run("import weasyprint\n" + DRAW)
    assert set(modules) >= COSTLY
    return hashes


def test_the_renderer_starts_without_a_c_parser_and_without_what_few_fonts_need() -> None:
    assert not COSTLY & set(run(f"{START}\n{MODULES}"))


def test_documents_have_the_bytes_of_an_ordinary_weasyprint(drawn_in_full: list[str]) -> None:
    hashes, modules = run(DRAW)
    assert hashes == drawn_in_full
    assert "pycparser" not in modules


def test_the_declarations_of_another_weasyprint_are_compiled_at_the_start(
    tmp_path: Path, drawn_in_full: list[str]
) -> None:
    shutil.copytree(PACKAGE / "earned", tmp_path / "earned", ignore=lambda _, names: {"__pycache__"} & set(names))
    types = tmp_path / WRITTEN.relative_to(PACKAGE)
    types.write_text(types.read_text("ascii").replace('OF = "', 'OF = "other', 1), "ascii")
    hashes, modules = run(DRAW, tmp_path)
    assert hashes == drawn_in_full
    assert "pycparser" in modules


def test_the_compiled_declarations_are_those_of_the_installed_weasyprint() -> None:
    assert WRITTEN.read_text("ascii") == compiled(declarations()), "run `make weasyprint-types`"


@pytest.mark.parametrize("given", [{}, {"SSL_CERT_FILE": "/authorities"}])
def test_no_authorities_are_read_at_the_start(given: dict[str, str]) -> None:
    """Until Python 3.12, urllib made no context before the first request."""
    seen, after = run(AUTHORITIES, **given)
    assert set(seen) == ({os.devnull} if sys.version_info >= (3, 12) else set())
    assert after == given.get("SSL_CERT_FILE")
