"""ReportLab, made as fast as it goes while a document stays as small as we would ship it.

- Border, mark, signature and rules: read once, kept as one compressed Form XObject that every document takes over.
- QR code: one path of rectangles, written as operators.
- Fonts: registered once, only the letters of the page embedded (`asciiReadable` would add all of ASCII).
- Streams compressed, without ASCII85 around them; `rl_accel`, ReportLab's own functions in C.

It does less than ours: no kerning, no ligatures, no lining figures, no tags, no fitting of long names. Embedding one
fixed alphabet, subset and compressed once, is faster still but makes every document two thirds larger: left out.
"""

import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import segno
from defusedxml import ElementTree
from fontTools.pens.basePen import BasePen
from fontTools.svgLib.path import parse_path
from reportlab import rl_config
from reportlab.lib.colors import HexColor
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary, PDFName, PDFStream
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from segno.utils import matrix_to_lines  # type: ignore[attr-defined]  # its types forget it

from bench.page import CODE, DRAWINGS, HEADING, HEIGHT, INK, ITALIC, PAPER, REGULAR, RULES, WIDTH, Line, Page, lines

MM = 72 / 25.4
rl_config.useA85 = 0
pdfmetrics.registerFont(TTFont("regular", REGULAR, asciiReadable=False))
pdfmetrics.registerFont(TTFont("italic", ITALIC, asciiReadable=False))


class _Operators(BasePen):  # type: ignore[misc]  # fontTools has no types
    """Writes a path as PDF operators."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[str] = []

    def _moveTo(self, pt: tuple[float, float]) -> None:
        self.written.append(f"{pt[0]:.2f} {pt[1]:.2f} m")

    def _lineTo(self, pt: tuple[float, float]) -> None:
        self.written.append(f"{pt[0]:.2f} {pt[1]:.2f} l")

    def _curveToOne(self, *points: tuple[float, float]) -> None:
        self.written.append(" ".join(f"{x:.2f} {y:.2f}" for x, y in points) + " c")

    def _closePath(self) -> None:
        self.written.append("h")


def _colour(name: str, operator: str) -> str:
    return " ".join(f"{part:.4f}" for part in HexColor(name).rgb()) + f" {operator}"


def _placed(left: float, top: float, scale: float) -> str:
    """A coordinate system that starts there and runs downwards."""
    return f"q {scale:.5f} 0 0 {-scale:.5f} {left * MM:.3f} {(HEIGHT - top) * MM:.3f} cm"


def _svg(path: Path, left: float, top: float, width: float) -> list[str]:
    """A drawing as operators; it knows the elements and attributes that the design's drawings have."""
    root = ElementTree.parse(path).getroot()
    x, y, across, _ = map(float, root.get("viewBox").split())
    named = {element.get("id"): element for element in root.iter()}
    written = [_placed(left, top, width * MM / across), f"1 0 0 1 {-x} {-y} cm 1 j"]

    def draw(element: Any, inherited: dict[str, str]) -> None:
        tag, style = element.tag.rpartition("}")[2], {**inherited, **element.attrib}
        if tag == "use":
            written.append(f"q 1 0 0 1 {style.get('x', 0)} {style.get('y', 0)} cm")
            draw(named[element.get("href").removeprefix("#")], inherited)
            written.append("Q")
        elif tag == "path":
            filled, stroked = style["fill"] != "none", style.get("stroke", "none") != "none"
            if filled:
                written.append(_colour(style["fill"], "rg"))
            if stroked:
                written.append(_colour(style["stroke"], "RG") + f" {style['stroke-width']} w")
            pen = _Operators()
            parse_path(style["d"], pen)
            written.extend([*pen.written, "B" if filled and stroked else "f" if filled else "S"])
        for child in element:
            draw(child, style)

    draw(root, {})
    return [*written, "Q"]


def _design() -> bytes:
    """All that is the same on every page, compressed."""
    written = [_colour(PAPER, "rg"), f"0 0 {WIDTH * MM:.3f} {HEIGHT * MM:.3f} re f"]
    for path, (left, top, width, _) in DRAWINGS:
        written += _svg(path, left, top, width)
    for left, middle, length, thickness, colour in RULES:
        written += [_placed(left, middle, MM), _colour(colour, "RG"), f"{thickness} w 0 0 m {length} 0 l S Q"]
    return zlib.compress("\n".join(written).encode(), 9)


FORM = _design()
FORM_IS = {
    "Type": PDFName("XObject"),
    "Subtype": PDFName("Form"),
    "BBox": PDFArray([0, 0, WIDTH * MM, HEIGHT * MM]),
    "Filter": PDFName("FlateDecode"),
}


def draw(page: Page) -> bytes:
    """One certificate."""
    document = BytesIO()
    canvas = Canvas(document, (WIDTH * MM, HEIGHT * MM), pageCompression=1, lang="en")
    canvas.setTitle(f"{HEADING}: {page.title}")
    canvas.setAuthor("Northlight Leadership Academy")
    canvas._doc.addForm("design", PDFStream(PDFDictionary(FORM_IS), FORM))
    canvas.doForm("design")
    _draw_code(canvas, page.link)
    for line in lines(page):
        _draw_line(canvas, line)
    canvas.save()
    return document.getvalue()


def _draw_code(canvas: Canvas, link: str) -> None:
    matrix = segno.make(link, error="m", micro=False, boost_error=False, mask=3).matrix
    left, top, side = CODE
    rectangles = (f"{x} {y} {end - x} 1 re" for (x, y), (end, _) in matrix_to_lines(matrix, 0, 0))
    canvas._code += [_placed(left, top, side * MM / len(matrix)), _colour(INK, "rg"), *rectangles, "f Q"]


def _draw_line(canvas: Canvas, line: Line) -> None:
    font = "italic" if line.italic else "regular"
    widths = [pdfmetrics.stringWidth(run.text, font, line.size) + len(run.text) * run.spacing for run in line.runs]
    left, baseline = line.middle * MM - sum(widths) / 2, (HEIGHT - line.baseline) * MM
    text = canvas.beginText(left, baseline)
    text.setFont(font, line.size)
    for run, width in zip(line.runs, widths, strict=True):
        text.setFillColor(HexColor(run.colour))
        text.setCharSpace(run.spacing)
        text.textOut(run.text)
        if run.link:
            canvas.linkURL(run.link, (left, baseline - line.size / 4, left + width, baseline + line.size))
        left += width
    canvas.drawText(text)
