"""Counts how often messages lead through the same function, as Lambda's recursive loop detection does.

The trace header of an invocation carries the counts to the messages that it sends, and from them to their receivers.
"""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

LIMIT = 16  # docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
Hops = Mapping[str, int]  # by function
_LINEAGE = re.compile(r"\bLineage=([^;]*)")


def hops_file(directory: Path) -> Path:
    """The greatest count of each function so far, as JSON; `directory` is the stack's."""
    return directory / "tmp" / "hops.json"


def counted(directory: Path) -> Hops:
    """What that file says; empty before the first message."""
    file = hops_file(directory)
    found: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
    return found


def through(function: str, headers: Iterable[str]) -> Hops:
    """The counts of an invocation that got messages with these trace headers."""
    counts: dict[str, int] = {}
    for header in headers:
        for name, count in _read(header):
            counts[name] = max(count, counts.get(name, 0))
    return counts | {function: counts.get(function, 0) + 1}


def trace_header(hops: Hops) -> str:
    return "Root=1-00000000-000000000000000000000000;Lineage=" + ",".join(f"{name}:{n}" for name, n in hops.items())


def _read(header: str) -> Iterable[tuple[str, int]]:
    found = _LINEAGE.search(header)
    for entry in found[1].split(",") if found else ():
        name, _, count = entry.partition(":")
        if count.isdecimal():  # AWS has a form of its own
            yield name, int(count)
