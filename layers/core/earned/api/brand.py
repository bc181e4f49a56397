"""The issuer's name, mark and colours, from the design folder that a certificate is drawn in."""

import re
import tomllib
from functools import cache
from typing import Any

from earned.document.deployed_designs import DEPLOYED_DESIGNS, FOLDER, DesignFolder
from earned.domain.training import DEFAULT_DESIGN


class Brand:
    """The brand of a deployed design."""

    def __init__(self, design: str) -> None:
        folder = DesignFolder(FOLDER / design)
        brand: dict[str, Any] = tomllib.loads(folder.path("brand.toml").read_text(encoding="utf-8"))
        self._provider: str | dict[str, str] = brand["provider"]
        self.colours: dict[str, str] = brand["colours"]
        self.drawing = folder.path("mark.svg").read_text(encoding="utf-8")
        self.mark = _as_element(self.drawing)

    def issuer(self, language: str) -> str:
        if isinstance(self._provider, str):
            return self._provider
        return self._provider.get(language.partition("-")[0].lower(), self._provider["en"])


@cache
def brand(design: str = DEFAULT_DESIGN) -> Brand:
    """The default design's for one that is no longer deployed."""
    return Brand(design) if design in DEPLOYED_DESIGNS else brand()


def _as_element(drawing: str) -> str:
    """A drawing as an element of an HTML page, hidden from screen readers: the issuer's name is beside it."""
    return re.sub(r'\s(width|height)="[^"]*"', "", drawing, count=2).replace("<svg ", '<svg aria-hidden="true" ', 1)
