"""Plain WeasyPrint with fonts that the system has, so that none is loaded for each document."""

from tools.bench.contenders import plain_weasyprint
from tools.bench.page import Page


def draw(page: Page) -> bytes:
    """One certificate."""
    return plain_weasyprint.draw(page, faces="")
