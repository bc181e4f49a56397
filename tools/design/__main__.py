"""Draw the borders of a design folder, one per paper, in the colours of its brand.toml."""

import argparse
import tomllib
from pathlib import Path

from tools.design.guilloche import PAPERS, border


def main() -> None:
    """Write border-a4.svg and border-letter.svg."""
    parser = argparse.ArgumentParser(prog="python -m tools.design", description=__doc__)
    parser.add_argument("folder", type=Path, help="with brand.toml; the borders are written into it")
    folder = parser.parse_args().folder
    colours = tomllib.loads((folder / "brand.toml").read_text("utf-8"))["colours"]
    for paper in PAPERS:
        (folder / f"border-{paper}.svg").write_text(border(paper, colours), "utf-8")


if __name__ == "__main__":
    main()
