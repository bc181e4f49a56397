"""`python -m tests.simulation.replay [FILE …]`: replay saved cases, by default the whole bug base."""

from pathlib import Path
from typing import Annotated

import typer

from tests.simulation.cases import BUG_BASE, load

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(files: Annotated[list[Path] | None, typer.Argument()] = None) -> None:
    """Exit 1 and print the log when a case violates an invariant."""
    failed = False
    for file in files or sorted(BUG_BASE.glob("*.json")):
        outcome = load(file).run()
        failed = failed or bool(outcome.violations)
        typer.echo(f"{file.stem}: {outcome.violations[0] if outcome.violations else 'no violation'}")
        if outcome.violations:
            typer.echo("\n".join(outcome.log))
    raise typer.Exit(failed)


if __name__ == "__main__":
    app()
