"""A stand-in for the certificate design: the same bytes for the same content, in JSON; 30 ms faster."""

import json
from dataclasses import asdict
from typing import Any

from earned.document.missing_glyph import MissingGlyph
from earned.document.render import DESIGNS
from tests.simulation.stories.steps import UNPRINTABLE

REAL_ONE_IN = 50


class FakeDesign:
    """Refuses what the real design refuses in these stories."""

    def render(self, content: Any, logo: Any = None, credential: Any = None) -> bytes:
        if content.logo != (logo.sha256 if logo else None):
            raise ValueError("the logo is not the one that the record names")
        if UNPRINTABLE in content.holder:
            raise MissingGlyph("U+E000", "the name")
        printed = json.dumps(asdict(content), default=str, sort_keys=True)
        return b"\n".join([b"%PDF-1.7", printed.encode(), credential.data if credential is not None else b""])

    def take_faults(self, _name: str) -> list[str]:
        return []

    def check_drawable(self, logo: Any) -> None:
        """Accept any logo: the stories' logos are drawable."""


def is_real(seed: int) -> bool:
    return seed % REAL_ONE_IN == 0


def design(seed: int) -> Any:
    return DESIGNS if is_real(seed) else FakeDesign()


def printed_on(document: bytes) -> dict[str, Any] | None:
    """The content of a stand-in document; None for a real PDF."""
    head, _, body = document.partition(b"\n")
    return json.loads(body.partition(b"\n")[0]) if head == b"%PDF-1.7" and body.startswith(b"{") else None
