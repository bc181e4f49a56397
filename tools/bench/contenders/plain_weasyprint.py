"""WeasyPrint as its documentation begins: HTML in, PDF out, nothing kept, fonts by @font-face.

It uses the design's own template, so a cold start imports what ours imports.
"""

import zlib
from unittest.mock import patch

import pydyf
from weasyprint import HTML

from earned.document.render import NORTHLIGHT
from tools.bench.contenders.ours import printed
from tools.bench.page import DESIGN, ITALIC, REGULAR, Page

FACES = f"""
@font-face {{ font-family: 'EB Garamond 12'; src: url({REGULAR.as_uri()}) }}
@font-face {{ font-family: 'EB Garamond 12'; font-style: italic; src: url({ITALIC.as_uri()}) }}
html {{ font-variant-numeric: lining-nums }}
"""
SHEETS = [(DESIGN / name).read_text("utf-8") for name in ("certificate.css", "a4.css")]
STYLES = NORTHLIGHT.wording.brand.colour("\n".join(SHEETS))


@patch.object(pydyf, "zlib", zlib)  # the import of `render` gave pydyf another compressor
def draw(page: Page, faces: str = FACES) -> bytes:
    styled = NORTHLIGHT.page(printed(page)).replace("</head>", f"<style>{faces}{STYLES}</style></head>")
    pdf: bytes = HTML(string=styled, base_url=f"{DESIGN.as_uri()}/").write_pdf()
    return pdf
