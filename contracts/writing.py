"""How documents are written: the same bytes for the same content."""

import json
from typing import Any

from yaml import SafeDumper, dump

Json = dict[str, Any]


def pretty(document: Json) -> str:
    """JSON for people."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def compact(document: Json) -> str:
    """JSON for the wire."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False) + "\n"


def yaml(document: Json) -> str:
    """YAML, every alias written out."""
    return dump(document, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=120)


class _Plain(SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  # the base class asks with each value
        return True
