"""NOTICE names every distribution and every font that the layers ship."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTICE = (ROOT / "NOTICE").read_text()
PINS = sorted((ROOT / "layers").glob("*/requirements.txt"))
FONTS = (ROOT / "layers" / "weasyprint" / "fonts.txt").read_text()
SAMPLE = "Some prose.\n\npydantic        MIT\nNoto Serif Lao  Copyright 2017 Google Inc\n                noto-serif\n"


def named(notice: str) -> set[str]:
    """The names in the first column of its tables, without spaces."""
    return {name.replace(" ", "") for name in re.findall(r"^(\S+(?: \S+)*) {2,}\S", notice, re.MULTILINE)}


def distributions(requirements: str) -> set[str]:
    return set(re.findall(r"^([\w.-]+)==", requirements, re.MULTILINE))


def families(fonts: str) -> set[str]:
    """The families of the files in fonts.txt: `NotoSerifLao-Regular.ttf` belongs to `NotoSerifLao`."""
    return set(re.findall(r"^[^#\s]\S*\s+(\w+)(?:-\w+|\[\w+\])\.\w+$", fonts, re.MULTILINE))


def test_the_lists_are_read() -> None:
    assert {path.parent.name for path in PINS} == {"dependencies", "weasyprint"}
    assert "weasyprint" in distributions(PINS[-1].read_text())
    fonts = [line for line in FONTS.splitlines() if line and not line.startswith("#")]
    assert len(families(FONTS)) == len({line.split()[1].partition("-")[0] for line in fonts})


@pytest.mark.parametrize("pins", PINS, ids=lambda path: path.parent.name)
def test_every_pinned_distribution_is_named(pins: Path) -> None:
    assert not distributions(pins.read_text()) - named(NOTICE)


def test_every_font_family_is_named() -> None:
    assert not families(FONTS) - named(NOTICE)


def test_a_distribution_that_is_not_named_is_found() -> None:
    assert distributions("pydantic==2.0 \\\n    --hash=sha256:0\npydantic-core==2.0\n") - named(SAMPLE) == {
        "pydantic-core"
    }


def test_a_font_whose_name_begins_another_is_found() -> None:
    fonts = "# package file\nfonts-noto-core  NotoSerif-Italic.ttf\nfonts-noto-core  NotoSerifLao-Regular.ttf\n"
    assert families(fonts) - named(SAMPLE) == {"NotoSerif"}
