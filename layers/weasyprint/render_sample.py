"""Render one page with the layer in argv[1]; fails if a glyph is missing or a native library is not the layer's."""

import logging
import re
import sys
import time
from pathlib import Path

NATIVE = re.compile(r"/lib(pango|harfbuzz|glib-|gobject-|gio-|gmodule-|fontconfig|freetype|fribidi|expat|pcre2|thai)")
# Invented names, one for each of a few scripts.
SAMPLE = """<meta charset="utf-8"><style>body { font: bold 20px serif }</style>
<p>Zoë Grünfeld, Šárka Łoń, Ανθή Λεμού, Олена Дорна, Արփի Լոր, ანა ლორი, נועה לור, ليلى نور, मीरा लोर, মীরা লোর, மீரா,
ມີລາ, มีรา, មីរ៉ា, 林花子, 김하나, Ọlọ́runfẹ́mi, 🧯"""


class Refuse(logging.Handler):
    """Turns every warning of WeasyPrint into an error."""

    def emit(self, record: logging.LogRecord) -> None:
        raise SystemExit(record.getMessage())


def main() -> None:
    layer = Path(sys.argv[1]).resolve()
    logging.getLogger("weasyprint").addHandler(Refuse(logging.WARNING))
    start = time.perf_counter()
    import weasyprint  # noqa: PLC0415 - timed

    imported = time.perf_counter()
    document = weasyprint.HTML(string=SAMPLE).write_pdf()
    rendered = time.perf_counter()
    foreign = [path for path in native_libraries() if not path.is_relative_to(layer)]
    if foreign or not document.startswith(b"%PDF-"):
        raise SystemExit(f"Not a PDF, or not from the layer: {foreign}")
    print(f"rendered {len(document)} bytes; import {imported - start:.3f} s, first page {rendered - imported:.3f} s")


def native_libraries() -> set[Path]:
    """List the text libraries that this process has mapped, by their paths."""
    lines = Path("/proc/self/maps").read_text().splitlines()
    paths = {line.split(maxsplit=5)[5] for line in lines if len(line.split(maxsplit=5)) == 6}
    return {Path(path) for path in paths if NATIVE.search(path)}


if __name__ == "__main__":
    main()
