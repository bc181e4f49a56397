"""Serialization of the documents: the same bytes for the same content."""

import json
from typing import Any

from yaml import safe_dump

Json = dict[str, Any]


def pretty(document: Json) -> str:
    """JSON for people."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def compact(document: Json) -> str:
    """JSON for the wire."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False) + "\n"


def yaml(document: Json) -> str:
    return safe_dump(document, sort_keys=False, allow_unicode=True, width=120)
