"""The QR code of the verification link (ISO/IEC 18004) as rectangles, for a PDF's content or an SVG."""

import re
from typing import NamedTuple

import segno

_DARK = re.compile(rb"\x01+")


class Run(NamedTuple):
    """Adjacent dark modules of one row; in modules, from the top left."""

    x: int
    y: int
    width: int


class QrCode:
    """The QR code of an address: `runs` of dark modules in a square of `size` modules."""

    def __init__(self, address: str) -> None:
        # A fixed mask: choosing one takes three quarters of the time.
        code = segno.make(address, error="m", micro=False, boost_error=False, mask=3)
        self.size = len(code.matrix)
        self.runs = [
            Run(dark.start(), y, len(dark[0])) for y, row in enumerate(code.matrix) for dark in _DARK.finditer(row)
        ]

    def operators(self) -> bytes:
        return b" ".join(b"%d %d %d 1 re" % run for run in self.runs)

    def svg(self, colour: str) -> str:
        path = "".join(f"M{x} {y}h{width}v1h-{width}z" for x, y, width in self.runs)
        return f'<svg viewBox="0 0 {self.size} {self.size}"><path fill="{colour}" d="{path}"/></svg>'
