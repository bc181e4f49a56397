"""ReportLab, made as fast as it goes while a document stays as small as we would ship it.

- Border, mark, ornament, signature and rule: drawn once, kept as one compressed Form XObject that every document takes
  over.
- QR code: one path of rectangles, written as operators.
- Fonts: registered once, only the letters of the page embedded (`asciiReadable` would add all of ASCII).
- Streams compressed, without ASCII85 around them; `rl_accel`, ReportLab's own functions in C.

It does less than ours: no kerning, no ligatures, no lining figures, no tags, no fitting of long names. Embedding one
fixed alphabet, subset and compressed once, is faster still but makes every document two thirds larger: left out.
"""

import zlib
from io import BytesIO

from reportlab import rl_config
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary, PDFName, PDFStream
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from tools.bench.contenders.reportlab_canvas import SIZE, begin_code, draw_design, draw_line, tell
from tools.bench.page import ITALIC, REGULAR, Page, lines

rl_config.useA85 = 0
pdfmetrics.registerFont(TTFont("regular", REGULAR, asciiReadable=False))
pdfmetrics.registerFont(TTFont("italic", ITALIC, asciiReadable=False))


def _design() -> bytes:
    canvas = Canvas(BytesIO(), SIZE)
    draw_design(canvas)
    return zlib.compress("\n".join(canvas._code).encode(), 9)


FORM = _design()
FORM_IS = {
    "Type": PDFName("XObject"),
    "Subtype": PDFName("Form"),
    "BBox": PDFArray([0, 0, *SIZE]),
    "Filter": PDFName("FlateDecode"),
}


def draw(page: Page) -> bytes:
    document = BytesIO()
    canvas = Canvas(document, SIZE, pageCompression=1, lang="en")
    tell(canvas, page)
    canvas._doc.addForm("design", PDFStream(PDFDictionary(FORM_IS), FORM))
    canvas.doForm("design")
    _draw_code(canvas, page.link)
    for line in lines(page):
        draw_line(canvas, line)
    canvas.save()
    return document.getvalue()


def _draw_code(canvas: Canvas, link: str) -> None:
    canvas.saveState()
    canvas._code += [f"{x} {y} {width} 1 re" for x, y, width, _ in begin_code(canvas, link)]
    canvas._code.append("f")
    canvas.restoreState()
