"""The issuer's name, mark and colours, from the design that the certificates are drawn in."""

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

_DESIGN = files("earned.document").joinpath("certificate")


def issuer(language: str) -> str:
    """The name of the certifying organisation, in a certificate's language where it differs by language."""
    provider = _brand()["provider"]
    if isinstance(provider, str):
        return provider
    return str(provider.get(language.partition("-")[0].lower(), provider["en"]))


def colours() -> dict[str, str]:
    found: dict[str, str] = _brand()["colours"]
    return found


@cache
def mark() -> str:
    """The mark as an element of an HTML page, hidden from screen readers: the issuer's name is beside it."""
    drawing = _DESIGN.joinpath("mark.svg").read_text(encoding="utf-8")
    return re.sub(r'\s(width|height)="[^"]*"', "", drawing, count=2).replace("<svg ", '<svg aria-hidden="true" ', 1)


@cache
def _brand() -> dict[str, Any]:
    return tomllib.loads(_DESIGN.joinpath("brand.toml").read_text(encoding="utf-8"))
