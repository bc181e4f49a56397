"""A file of events, a row each: JSON lines of CloudEvents, or CSV with a column for each field."""

import csv
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from earned.messages import events

ENVELOPE = ("type", "time", "id", "source")
SOURCE = "import"
LINES = {".jsonl", ".ndjson"}
_MODELS = {type_: model for kinds in events.QUEUES.values() for type_, model in kinds.items()}


class NotAFile(Exception):
    """The file cannot be read as a file of events; the message says why and what to do."""


class Row(NamedTuple):
    """An event's body, and the line on which it begins, from 1."""

    line: int
    body: str
    type: str


def read_rows(path: Path) -> Iterator[Row]:
    """The rows in the file's order; raises `NotAFile`."""
    if path.suffix not in LINES | {".csv"}:
        raise NotAFile(f"{path}: must end in .csv, .jsonl or .ndjson")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from _csv(path, file) if path.suffix == ".csv" else _lines(file)
    except OSError as error:
        raise NotAFile(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise NotAFile(f"{path}: must be UTF-8") from None
    except csv.Error as error:
        raise NotAFile(f"{path}: {error}") from None


def columns() -> dict[str, str]:
    """Each column of a CSV file, with the kind of its cells: text, or JSON for numbers, true, false and lists."""
    found = dict.fromkeys(ENVELOPE, "text")
    for type_ in _MODELS:
        for name, is_text in _fields(type_).items():
            found[name] = "text" if is_text else "JSON"
    return found


def _lines(file: Iterable[str]) -> Iterator[Row]:
    for number, line in enumerate(file, 1):
        if line.strip():
            yield Row(number, line.strip(), _type(line))


def _type(line: str) -> str:
    """The type of an event, if the line is one."""
    try:
        return str(json.loads(line)["type"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def _csv(path: Path, file: Iterable[str]) -> Iterator[Row]:
    reader = csv.reader(file, strict=True)
    names = next(reader, [])
    if missing := {"type", "time"} - set(names):
        lacking = ", ".join(sorted(missing))
        raise NotAFile(f"{path}: the first line must name the columns, with commas between; missing: {lacking}")
    if unknown := set(names) - columns().keys():
        raise NotAFile(
            f"{path}: no event has the columns {', '.join(sorted(unknown))} (docs/integrate.md has the list)"
        )
    if repeated := sorted(name for name, count in Counter(names).items() if count > 1):
        raise NotAFile(f"{path}: the first line names the columns {', '.join(repeated)} more than once")
    line = reader.line_num + 1
    try:
        for cells in reader:
            if cells and len(cells) != len(names):
                raise NotAFile(f"{path}: line {line} has another number of cells than the first line")
            if cells:
                row = dict(zip(names, cells, strict=True))
                yield Row(line, _body(row), row["type"])
            line = reader.line_num + 1
    except csv.Error as error:
        raise NotAFile(f"{path}: line {line}: {error}") from None


def _body(cells: Mapping[str, str]) -> str:
    """Empty, and thus no JSON, if a cell of JSON is nested too deep or has half a character."""
    try:
        body = json.dumps(_event(cells), ensure_ascii=False)
        body.encode()
    except (RecursionError, UnicodeEncodeError):
        return ""
    return body


def _event(cells: Mapping[str, str]) -> dict[str, Any]:
    """The CloudEvent of a row; without `id`, the id is a hash of the row, so that the same row is the same event."""
    filled = {name: cell for name, cell in cells.items() if cell != ""}
    row = json.dumps(filled, sort_keys=True, ensure_ascii=False)
    envelope = {"specversion": "1.0", "id": hashlib.sha256(row.encode()).hexdigest()[:32], "source": SOURCE}
    texts = _fields(filled["type"]) if filled.get("type") in _MODELS else {}
    data: dict[str, Any] = {}
    for name, cell in filled.items():
        if name in ENVELOPE:
            envelope[name] = cell
            continue
        *parents, last = name.split(".")
        place = data
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = cell if texts.get(name, True) else _value(cell)
    return envelope | {"data": data}


def _value(cell: str) -> Any:
    """A cell that is no JSON stays text, which the event's model then refuses with the field's name."""
    try:
        return json.loads(cell)
    except ValueError:
        return cell


@cache
def _fields(type_: str) -> dict[str, bool]:
    """The columns of an event type, and whether a cell is text. Lists, such as `steps`, are one cell of JSON."""
    return dict(_columns_of(_MODELS[type_].model_fields["data"].annotation.model_json_schema(), ""))


def _columns_of(
    schema: Mapping[str, Any], prefix: str, defined: Mapping[str, Any] | None = None
) -> Iterator[tuple[str, bool]]:
    defined = schema.get("$defs", {}) if defined is None else defined
    for name, field in schema.get("properties", {}).items():
        options = [
            defined[one["$ref"].rpartition("/")[2]] if "$ref" in one else one for one in field.get("anyOf", [field])
        ]
        nested = [one for one in options if "properties" in one]
        if nested:
            yield from _columns_of(nested[0], f"{prefix}{name}.", defined)
        else:
            yield prefix + name, any(one.get("type") == "string" for one in options)
