"""`make contracts`: write the generated documents; with --check, name those that are stale and exit with 1."""

import sys
from pathlib import Path

from tools.contracts import ASYNCAPI, EVENTS, OPENAPI, ROOT, SERVED_OPENAPI
from tools.contracts.asyncapi import asyncapi
from tools.contracts.events import schemas
from tools.contracts.openapi import openapi
from tools.contracts.writing import compact, pretty, yaml


def documents() -> dict[Path, str]:
    """The content of each generated file, by path."""
    api = openapi()
    return {
        **{EVENTS / f"{type_}.schema.json": pretty(schema) for type_, schema in schemas().items()},
        ASYNCAPI: yaml(asyncapi()),
        OPENAPI: pretty(api),
        SERVED_OPENAPI: compact(api),
    }


def stale(wanted: dict[Path, str]) -> list[Path]:
    """The files that are missing or differ, and schema files of types that no longer exist."""
    different = [path for path, text in wanted.items() if _text(ROOT / path) != text]
    return different + [path for path in _generated() if path not in wanted]


def write(wanted: dict[Path, str]) -> None:
    for path in stale(wanted):
        if path in wanted:
            (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / path).write_text(wanted[path], encoding="utf-8")
        else:
            (ROOT / path).unlink()


def _generated() -> list[Path]:
    return [path.relative_to(ROOT) for path in sorted((ROOT / EVENTS).glob("*.schema.json"))]


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def main(arguments: list[str]) -> str | None:
    """Returns the error message for `sys.exit`, or None."""
    wanted = documents()
    if arguments == ["--check"]:
        error = "{} does not match the models: run `make contracts` and commit the changes."
        return "\n".join(error.format(path) for path in stale(wanted)) or None
    write(wanted)
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
