"""Typst: one compiler with its fonts loaded once; it caches the border and other constant parts.

It shapes text as WeasyPrint does and tags the document by default.
"""

import json
from dataclasses import asdict
from io import BytesIO

import segno
import typst

from tools.bench.page import CODE, DRAWINGS, FONTS, HEADING, PAPER, ROOT, RULE, Page, lines

COMPILER = typst.Compiler(
    input=ROOT / "tools" / "bench" / "contenders" / "certificate.typ",
    root=ROOT,
    font_paths=[FONTS],
    ignore_system_fonts=True,
)


def draw(page: Page) -> bytes:
    told = {
        "name": f"{HEADING}: {page.title}",
        "paper": PAPER,
        "drawings": [(f"/{path.relative_to(ROOT).as_posix()}", place) for path, place in DRAWINGS],
        "code": CODE,
        "rule": RULE,
        "lines": [asdict(line) for line in lines(page)],
    }
    code = BytesIO()
    modules = segno.make(page.link, error="m", micro=False, boost_error=False, mask=3)
    modules.save(code, kind="svg", border=0, dark="#10283f", xmldecl=False)
    pdf: bytes = COMPILER.compile(sys_inputs={"page": json.dumps(told), "code": code.getvalue().decode()})
    return pdf
