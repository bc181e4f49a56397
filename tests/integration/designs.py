"""Designs to hand to the generator: the deployed one, with something that happens before it draws."""

from collections.abc import Callable
from typing import Any

from earned.document.credential import Attachment
from earned.document.render import NORTHLIGHT
from earned.domain.certificate import CertificateContent
from earned.domain.people import Logo


class DesignAfter:
    """Draws as deployed, after `first`, which may raise what a drawing raises."""

    def __init__(self, first: Callable[[CertificateContent], object]) -> None:
        self._first = first

    def render(self, content: CertificateContent, logo: Logo | None, credential: Attachment | None) -> bytes:
        self._first(content)
        return NORTHLIGHT.render(content, logo, credential)

    def take_faults(self, _name: str) -> list[str]:
        return []

    def check_drawable(self, logo: Logo) -> None:
        NORTHLIGHT.check_drawable(logo)


def raising(error: Exception) -> DesignAfter:
    """A design that cannot draw anything."""

    def fail(_: Any) -> None:
        raise error

    return DesignAfter(fail)
