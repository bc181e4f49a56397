"""The command behind `make contracts`."""

from pathlib import Path
from typing import Annotated

import typer

from tools.contracts import ASYNCAPI, EVENTS, OPENAPI, QUADS, ROOT, SERVED_OPENAPI
from tools.contracts.asyncapi import asyncapi
from tools.contracts.events import schemas
from tools.contracts.openapi import openapi
from tools.contracts.quads import quads
from tools.contracts.writing import compact, pretty, yaml


def documents() -> dict[Path, str]:
    """The content of every generated file, by its path from the root."""
    api = openapi()
    return {
        **{EVENTS / f"{type_}.schema.json": pretty(schema) for type_, schema in schemas().items()},
        ASYNCAPI: yaml(asyncapi()),
        OPENAPI: pretty(api),
        SERVED_OPENAPI: compact(api),
        **quads(),
    }


def stale(wanted: dict[Path, str]) -> list[Path]:
    """The files that are missing, differ from the models, or belong to something that no longer exists."""
    different = [path for path, text in wanted.items() if _text(ROOT / path) != text]
    return different + [path for path in _generated() if path not in wanted]


def write(wanted: dict[Path, str]) -> None:
    """Write the stale files and delete those of what no longer exists."""
    for path in stale(wanted):
        if path in wanted:
            (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / path).write_text(wanted[path], encoding="utf-8")
        else:
            (ROOT / path).unlink()


def _generated() -> list[Path]:
    paths = [*(ROOT / EVENTS).glob("*.schema.json"), *(ROOT / QUADS).iterdir()]
    return [path.relative_to(ROOT) for path in sorted(paths)]


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def main(
    check: Annotated[bool, typer.Option("--check", help="write nothing; exit with 1 if a file is stale")] = False,
) -> None:
    """Generate the event schemas, AsyncAPI, OpenAPI and the quads of credentials from the models."""
    wanted = documents()
    if not check:
        write(wanted)
    elif paths := stale(wanted):
        for path in paths:
            typer.echo(f"{path} is stale: run `make contracts` and commit what it changes.", err=True)
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
