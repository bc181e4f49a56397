"""The command behind `make draw-border`."""

import tomllib
from pathlib import Path
from typing import Annotated

import typer

from tools.design.guilloche import PAPERS, border


def main(folder: Annotated[Path, typer.Argument(help="holds brand.toml; the borders are written to it")]) -> None:
    """Draw border-a4.svg and border-letter.svg in the colours of a design's brand.toml."""
    try:
        colours = tomllib.loads((folder / "brand.toml").read_text("utf-8"))["colours"]
        for paper in PAPERS:
            (folder / f"border-{paper}.svg").write_text(border(paper, colours), "utf-8")
    except (OSError, ValueError) as error:
        typer.echo(f"No border was drawn: {error}", err=True)
        raise typer.Exit(1) from error
    except KeyError as error:
        typer.echo(f"No border was drawn: {folder / 'brand.toml'} lacks {error}", err=True)
        raise typer.Exit(1) from error


if __name__ == "__main__":
    typer.run(main)
