"""What stands in for the PDF: the same bytes for the same record, saying what would be printed; 30 ms faster."""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict
from typing import Any
from unittest.mock import patch

from tests.simulation.runtime import APPS
from tests.simulation.stories import UNPRINTABLE

REAL_ONE_IN = 50
_pdf = APPS["generate_certificate"].pdf


def is_real(seed: int) -> bool:
    """Whether this seed draws its documents with WeasyPrint."""
    return seed % REAL_ONE_IN == 0


def paper(seed: int) -> AbstractContextManager[None]:
    """Replace the renderer, except in a few seeds."""
    return nullcontext() if is_real(seed) else _replaced()


@contextmanager
def _replaced() -> Iterator[None]:
    with patch.object(_pdf, "render", render), patch.object(_pdf, "prove", lambda _: None):
        yield


def render(printed: Any, logo: Any = None) -> bytes:
    """The stand-in for `pdf.render`, refusals included."""
    if printed.logo != (logo.sha256 if logo else None):
        raise ValueError("the logo is not the one that the record names")
    if UNPRINTABLE in printed.holder:
        raise _pdf.MissingGlyph("U+E000", "the name")
    return b"%PDF-1.7\n" + json.dumps(asdict(printed), default=str, sort_keys=True).encode()


def printed_on(document: bytes) -> dict[str, Any] | None:
    """What a stand-in says; None for a real PDF."""
    head, _, body = document.partition(b"\n")
    return json.loads(body) if head == b"%PDF-1.7" and body.startswith(b"{") else None
