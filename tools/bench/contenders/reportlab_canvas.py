"""The part that both ways with ReportLab share: the parsed drawings, and the page's parts as canvas calls."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import segno
from defusedxml import ElementTree
from fontTools.misc.transform import Offset, Transform
from fontTools.pens.basePen import BasePen
from fontTools.svgLib.path import parse_path
from reportlab.lib.colors import Color, HexColor
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import FILL_NON_ZERO, Canvas
from segno.utils import matrix_to_lines  # type: ignore[attr-defined]  # its types forget it

from tools.bench.page import CODE, DRAWINGS, HEADING, HEIGHT, INK, PAPER, RULE, WIDTH, Line, Page

MM = 72 / 25.4
SIZE = WIDTH * MM, HEIGHT * MM
MOVES = {"translate": Offset, "matrix": Transform}


class _Steps(BasePen):  # type: ignore[misc]  # fontTools has no types
    """Keeps a path as methods of ReportLab's paths and their arguments, to a tenth of the drawing's unit."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.kept: list[tuple[str, tuple[float, ...]]] = []
        parse_path(path, self)

    def _moveTo(self, pt: tuple[float, float]) -> None:
        self.kept.append(("moveTo", pt))

    def _lineTo(self, pt: tuple[float, float]) -> None:
        self.kept.append(("lineTo", pt))

    def _curveToOne(self, *points: tuple[float, float]) -> None:
        self.kept.append(("curveTo", tuple(round(number, 1) for number in chain(*points))))

    def _closePath(self) -> None:
        self.kept.append(("close", ()))


@dataclass(frozen=True)
class _Shape:
    """A path and how it is painted."""

    matrix: Transform
    fill: Color | None
    stroke: Color | None
    thickness: float
    path: _Steps


def _placed(left: float, top: float, scale: float) -> Transform:
    """A coordinate system that starts there and runs downwards."""
    return Offset(left * MM, (HEIGHT - top) * MM).scale(scale, -scale)


def _shapes(path: Path, left: float, top: float, width: float) -> Iterator[_Shape]:
    """The paths of a drawing; it supports the elements and attributes that the design's drawings use."""
    root = ElementTree.parse(path).getroot()
    x, y, across, _ = map(float, root.get("viewBox").split())
    named = {element.get("id"): element for element in root.iter()}

    def shapes(element: Any, matrix: Transform, inherited: Mapping[str, str]) -> Iterator[_Shape]:
        tag, style = element.tag.rpartition("}")[2], {**inherited, **element.attrib}
        for name, numbers in re.findall(r"(\w+)\((.*?)\)", element.get("transform", "")):
            matrix = matrix.transform(MOVES[name](*map(float, numbers.split())))
        if tag == "use":
            yield from shapes(named[element.get("href").removeprefix("#")], matrix, inherited)
        elif tag == "path":
            colours = (style.get(paint, "none") for paint in ("fill", "stroke"))
            fill, stroke = (None if colour == "none" else HexColor(colour) for colour in colours)
            yield _Shape(matrix, fill, stroke, float(style.get("stroke-width", 1)), _Steps(style["d"]))
        elif tag != "defs":
            for child in element:
                yield from shapes(child, matrix, style)

    return shapes(root, _placed(left, top, width * MM / across).translate(-x, -y), {})


SHAPES = [shape for path, (left, top, width, _) in DRAWINGS for shape in _shapes(path, left, top, width)]


def tell(canvas: Canvas, page: Page) -> None:
    canvas.setTitle(f"{HEADING}: {page.title}")
    canvas.setAuthor("Northlight Leadership Academy")


def draw_design(canvas: Canvas) -> None:
    canvas.setFillColor(HexColor(PAPER))
    canvas.rect(0, 0, *SIZE, stroke=0, fill=1)
    canvas.setLineJoin(1)
    for shape in SHAPES:
        canvas.saveState()
        canvas.transform(*shape.matrix)
        if shape.fill:
            canvas.setFillColor(shape.fill)
        if shape.stroke:
            canvas.setStrokeColor(shape.stroke)
            canvas.setLineWidth(shape.thickness)
        path = canvas.beginPath()
        for step, numbers in shape.path.kept:
            getattr(path, step)(*numbers)
        canvas.drawPath(path, stroke=bool(shape.stroke), fill=bool(shape.fill), fillMode=FILL_NON_ZERO)
        canvas.restoreState()
    left, middle, length, thickness, colour = RULE
    canvas.setStrokeColor(HexColor(colour))
    canvas.setLineWidth(thickness * MM)
    canvas.line(left * MM, (HEIGHT - middle) * MM, (left + length) * MM, (HEIGHT - middle) * MM)


def begin_code(canvas: Canvas, link: str) -> Iterator[tuple[int, int, int, int]]:
    """Begin the QR code's rectangles, in modules; the canvas is at its position and in its colour."""
    matrix = segno.make(link, error="m", micro=False, boost_error=False, mask=3).matrix
    left, top, side = CODE
    canvas.transform(*_placed(left, top, side * MM / len(matrix)))
    canvas.setFillColor(HexColor(INK))
    return ((x, y, end - x, 1) for (x, y), (end, _) in matrix_to_lines(matrix, 0, 0))


def draw_line(canvas: Canvas, line: Line) -> None:
    font = "italic" if line.italic else "regular"
    widths = [stringWidth(run.text, font, line.size) + len(run.text) * run.spacing for run in line.runs]
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
