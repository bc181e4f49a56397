"""The issuer's name is that of the certificate's design, in the certificate's language, wherever it is shown."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "layers" / "core" / "earned"
PROVIDER = "Northlight Leadership Academy"
ENGLISH, GERMAN = "Lantern House", "Haus der Laterne"
EXPECTED = {
    ("plain", "de"): GERMAN,
    ("plain", "de-AT"): GERMAN,
    ("plain", "DE"): GERMAN,
    ("plain", "en"): ENGLISH,
    ("plain", "ja"): ENGLISH,
    ("default", "de"): PROVIDER,
    ("no-longer-deployed", "de"): PROVIDER,
}
SHOW = """
import dataclasses, json, sys
from earned.api.responses import enrollment_view
from earned.api.verification_page import Result, result_page
from earned.api.wording import wording
from earned.domain.access import Viewer
from earned.domain.enrollment import EnrollmentContext
from earned.domain.people import Role
from earned.domain.rules import TOLERANCE
from tests.unit.builders import LATER, account, completion, issue

def shown(design, language):
    first = issue()
    printed = dataclasses.replace(first.printed, design=design, language=language)
    record = completion(issue=dataclasses.replace(first, printed=printed))
    viewer = Viewer("account-1", Role.INDIVIDUAL)
    view = enrollment_view(EnrollmentContext(record, None, account(), None), viewer, LATER, TOLERANCE, wording("en"))
    page = result_page(Result({"status": "withdrawn"}, None, language, design, LATER), language[:2].lower(), "?")
    return view["certificate"]["issuer"], page

print(json.dumps([shown(*one) for one in json.loads(sys.argv[1])]))
"""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Any]:
    """What the list and the page show, by design and language, where the issuer of `plain` has other names."""
    layer = tmp_path_factory.mktemp("layer")
    shutil.copytree(PACKAGE, layer / "earned", ignore=shutil.ignore_patterns("__pycache__"))
    brand = layer / "earned/document/designs/plain/brand.toml"
    named = brand.read_text("utf-8").replace(f'"{PROVIDER}"', f'{{en = "{ENGLISH}", de = "{GERMAN}"}}')
    brand.write_text(named, "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", SHOW, json.dumps(list(EXPECTED))],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(layer), str(ROOT)])},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return dict(zip(EXPECTED, json.loads(done.stdout), strict=True))


@pytest.mark.parametrize(("design", "language"), EXPECTED)
def test_the_issuer_is_named_by_the_design_in_the_language(
    shown: dict[tuple[str, str], Any], design: str, language: str
) -> None:
    in_list, page = shown[design, language]
    assert in_list == EXPECTED[design, language]
    assert in_list in page
