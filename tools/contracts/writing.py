"""Serialization of the documents: the same bytes for the same content."""

import json
import re
from typing import Any

from yaml import safe_dump

Json = dict[str, Any]
_TAGS = re.compile("[\U000e0000-\U000e0fff]")  # invisible in an editor


def pretty(document: Json) -> str:
    """JSON for people."""
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    return _TAGS.sub(lambda found: json.dumps(found[0])[1:-1], text)


def compact(document: Json) -> str:
    """JSON for the wire."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False) + "\n"


def yaml(document: Json) -> str:
    return safe_dump(document, sort_keys=False, allow_unicode=True, width=120)
