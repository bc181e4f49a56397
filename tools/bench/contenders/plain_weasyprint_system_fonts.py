"""Plain WeasyPrint with system fonts, so that no document loads fonts."""

from tools.bench.contenders import plain_weasyprint
from tools.bench.page import Page


def draw(page: Page) -> bytes:
    return plain_weasyprint.draw(page, faces="")
