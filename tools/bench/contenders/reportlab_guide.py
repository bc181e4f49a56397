"""ReportLab as its user guide shows it: a canvas, its path objects, TrueType fonts; nothing kept between documents."""

from io import BytesIO

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from tools.bench.contenders.reportlab_canvas import SIZE, begin_code, draw_design, draw_line, tell
from tools.bench.page import ITALIC, REGULAR, Page, lines

pdfmetrics.registerFont(TTFont("regular", REGULAR))
pdfmetrics.registerFont(TTFont("italic", ITALIC))


def draw(page: Page) -> bytes:
    document = BytesIO()
    canvas = Canvas(document, SIZE, lang="en")
    tell(canvas, page)
    draw_design(canvas)
    _draw_code(canvas, page.link)
    for line in lines(page):
        draw_line(canvas, line)
    canvas.save()
    return document.getvalue()


def _draw_code(canvas: Canvas, link: str) -> None:
    canvas.saveState()
    path = canvas.beginPath()
    for rectangle in begin_code(canvas, link):
        path.rect(*rectangle)
    canvas.drawPath(path, stroke=0, fill=1)
    canvas.restoreState()
