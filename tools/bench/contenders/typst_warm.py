"""Typst: one compiler, its fonts loaded once; it remembers the border and whatever else stays the same.

Shapes text as WeasyPrint does, and tags the document, as is its default.
"""

import json
from dataclasses import asdict
from io import BytesIO

import segno
import typst

from tools.bench.page import FONTS, HEADING, ROOT, Page, lines

COMPILER = typst.Compiler(
    input=ROOT / "tools" / "bench" / "contenders" / "certificate.typ",
    root=ROOT,
    font_paths=[FONTS],
    ignore_system_fonts=True,
)


def draw(page: Page) -> bytes:
    """One certificate."""
    told = {
        "name": f"{HEADING}: {page.title}",
        "lines": [asdict(line) for line in lines(page)],
    }
    code = BytesIO()
    modules = segno.make(page.link, error="m", micro=False, boost_error=False, mask=3)
    modules.save(code, kind="svg", border=0, dark="#10283f", xmldecl=False)
    pdf: bytes = COMPILER.compile(sys_inputs={"page": json.dumps(told), "code": code.getvalue().decode()})
    return pdf
