"""The generated border of the certificate."""

import re
import tomllib
from pathlib import Path

import pytest

from tools.design.guilloche import PAPERS, border

FOLDER = Path(__file__).parents[3] / "layers/core/earned/document/designs/default"


@pytest.mark.parametrize("paper", PAPERS)
def test_the_border_in_the_design_folder_is_up_to_date(paper: str):
    colours = tomllib.loads((FOLDER / "brand.toml").read_text("utf-8"))["colours"]
    assert (FOLDER / f"border-{paper}.svg").read_text("utf-8") == border(paper, colours)


@pytest.mark.parametrize("paper", PAPERS)
def test_a_border_is_small_and_has_only_paths_in_the_given_colours(paper: str):
    svg = border(paper, {"brand": "#010203", "accent": "#040506", "paper": "#070809"})
    assert len(svg) < 30_000
    assert set(re.findall(r"<(\w+)", svg)) == {"svg", "defs", "g", "path", "use"}
    assert set(re.findall(r"#[0-9a-f]{6}\b", svg)) == {"#010203", "#040506", "#070809"}


@pytest.mark.parametrize(("paper", "row", "column"), [("a4", 26700, 18000), ("letter", 24940, 18590)])
def test_every_line_of_the_band_ends_at_the_next_corner(paper: str, row: int, column: int):
    svg = border(paper, dict.fromkeys(["brand", "accent", "paper"], "#000000"))
    for side, length in (("row", row), ("column", column)):
        (lines,) = re.findall(rf'id="{side}"><path[^>]* d="([^"]*)"', svg)
        ends = [end_of(line) for line in lines.split("M")[1:]]
        assert ends == [(length, 0)] * 7


def end_of(line: str) -> tuple[int, int]:
    """The end of a line of relative pieces, from its start: the sum of the last two numbers of every piece."""
    pieces = [[int(number) for number in re.findall(r"-?\d+", piece)] for piece in re.split("[cs]", line)[1:]]
    first = pieces[0]
    rest = [first[:6], first[6:], *pieces[1:]] if len(first) > 6 else pieces
    return sum(piece[-2] for piece in rest if piece), sum(piece[-1] for piece in rest if piece)
