"""fpdf2 as its documentation shows it, its drawings parsed once; no kerning, no ligatures, no tags."""

from pathlib import Path

import segno
from fpdf import FPDF
from fpdf.drawing import GraphicsContext, Transform
from fpdf.svg import SVGObject
from segno.utils import matrix_to_lines  # type: ignore[attr-defined]  # its types forget it

from tools.bench.page import (
    CODE,
    DRAWINGS,
    HEADING,
    HEIGHT,
    INK,
    ITALIC,
    PAPER,
    REGULAR,
    RULE,
    WIDTH,
    Line,
    Page,
    lines,
)

MM = 72 / 25.4


def _in_place(path: Path, left: float, top: float, width: float, height: float) -> GraphicsContext:
    """An SVG image where it stands, the way `FPDF.image` does it."""
    drawing = SVGObject.from_file(path)
    _, _, drawn = drawing.transform_to_rect_viewport(1, width, height, ignore_svg_top_attrs=True)
    drawn.transform @= Transform.translation(left, top)
    return drawn


PLACED = [_in_place(path, *place) for path, place in DRAWINGS]


def draw(page: Page) -> bytes:
    pdf = FPDF("landscape", "mm", "A4")
    pdf.set_title(f"{HEADING}: {page.title}")
    pdf.set_author("Northlight Leadership Academy")
    pdf.set_lang("en")
    pdf.add_font("page", fname=REGULAR)
    pdf.add_font("page", "I", fname=ITALIC)
    pdf.add_page()
    pdf.set_fill_color(PAPER)
    pdf.rect(0, 0, WIDTH, HEIGHT, style="F")
    for drawing in PLACED:
        pdf.draw_path(drawing)
    left, middle, length, thickness, colour = RULE
    pdf.set_draw_color(colour)
    pdf.set_line_width(thickness)
    pdf.line(left, middle, left + length, middle)
    _draw_code(pdf, page.link)
    for line in lines(page):
        _draw_line(pdf, line)
    return bytes(pdf.output())


def _draw_code(pdf: FPDF, link: str) -> None:
    matrix = segno.make(link, error="m", micro=False, boost_error=False, mask=3).matrix
    left, top, side = CODE
    module = side / len(matrix)
    pdf.set_fill_color(INK)
    for (x, y), (end, _) in matrix_to_lines(matrix, 0, 0):
        pdf.rect(left + x * module, top + y * module, (end - x) * module, module, style="F")


def _draw_line(pdf: FPDF, line: Line) -> None:
    pdf.set_font("page", "I" if line.italic else "", line.size)
    widths = []
    for run in line.runs:
        pdf.set_char_spacing(run.spacing)
        widths.append(pdf.get_string_width(run.text) + run.spacing / MM)
    left = line.middle - sum(widths) / 2
    for run, width in zip(line.runs, widths, strict=True):
        pdf.set_char_spacing(run.spacing)
        pdf.set_text_color(run.colour)
        pdf.text(left, line.baseline, run.text)
        if run.link:
            height = line.size / MM
            pdf.link(left, line.baseline - height, width, height * 1.25, run.link)
        left += width
