"""The canonical N-Quads (RDFC-1.0) of our own JSON-LD documents, without a JSON-LD processor at run time.

Canonicalisation only substitutes the values of a document and sorts its lines, because each of our documents has one
blank node at most. The lines in `quads/` are learnt from a JSON-LD processor (`make contracts`, decision 46).
"""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from string import Template
from typing import Any

_FOLDER = Path(__file__).with_name("quads")
_ESCAPED = re.compile(r'[\x00-\x1f"\\\x7f]')
_SHORT = {"\b": r"\b", "\t": r"\t", "\n": r"\n", "\f": r"\f", "\r": r"\r", '"': r"\"", "\\": r"\\"}


def filled(name: str, values: Mapping[str, str], parts: Sequence[str] = ()) -> str:
    """The quads of a document of the kind `name` with its optional `parts`."""
    escaped = {key: _ESCAPED.sub(_escape, value) for key, value in values.items()}
    lines = _template(name, *parts).substitute(escaped).split("\n")
    return "\n".join(sorted(lines)[1:]) + "\n"  # the first one is what follows the last line break


@cache
def _template(name: str, *parts: str) -> Template:
    files = [f"{name}.nq", *(f"{name}.{part}.nq" for part in parts)]
    return Template("".join((_FOLDER / file).read_text(encoding="utf-8") for file in files))


def credential_form() -> dict[str, Any]:
    """By which a verifier reads a credential and makes its canonical form: the page of the verification does."""
    pattern = json.loads((_FOLDER / "credential.json").read_text(encoding="utf-8"))
    parts = {"": "credential.nq"} | {part: f"credential.{part}.nq" for part in pattern["optional"].values()}
    return {
        "pattern": pattern["document"],
        "optional": pattern["optional"],
        "quads": {part: (_FOLDER / file).read_text(encoding="utf-8") for part, file in parts.items()},
        "proof": (_FOLDER / "proof.nq").read_text(encoding="utf-8"),
    }


def _escape(found: re.Match[str]) -> str:
    return _SHORT.get(found[0]) or f"\\u{ord(found[0]):04X}"
