"""A design's drawings, drawn once: later pages carry them over, since drawing a guilloche is most of a page's work.

Each SVG image gets a first path that draws nothing but tells it apart in the PDF. The first page is drawn in full and
its drawings are kept; later pages are laid out with images that have only that path, and get the drawings put back.
"""

import re
import zlib
from dataclasses import dataclass
from typing import Any

import pydyf

_ROOT = re.compile(rb"(<svg\b[^>]*>)")
_FIRST_MARK = 913_000_000


@dataclass(frozen=True)
class _Drawing:
    """A Form XObject's content, compressed, and its graphics states."""

    content: bytes
    states: dict[str, Any]


class Drawings:
    """The drawings of one design's SVG images, by their address."""

    def __init__(self) -> None:
        self._marks: dict[str, bytes] = {}
        self._kept: dict[bytes, _Drawing] = {}
        self._complete = False

    @property
    def complete(self) -> bool:
        """Whether a page was drawn, so that images may be served empty."""
        return self._complete

    def serve(self, address: str, svg: bytes) -> bytes:
        """An SVG image with its mark; empty but for that once its drawing is kept."""
        number = str(_FIRST_MARK + len(self._marks)).encode()
        mark = self._marks.setdefault(address, number + b" 0 m")
        path = b'<path fill="none" stroke="none" d="M' + mark.removesuffix(b" 0 m") + b' 0"/>'
        if mark in self._kept and (root := _ROOT.search(svg)):
            return root[1] + path + b"</svg>"
        return _ROOT.sub(lambda root: root[1] + path, svg, count=1)

    def finish(self, _document: object, pdf: pydyf.PDF) -> None:
        """Keep the drawings of the first page, put them into every later one; a `finisher` for WeasyPrint."""
        forms = [(form, mark) for form in pdf.objects if (mark := self._mark_of(form))]
        if not self._complete:
            self._keep(forms, pdf)
        for form, mark in forms:
            if drawing := self._kept.get(mark):
                form.stream, form.compress = [drawing.content], False
                form.extra["Filter"] = "/FlateDecode"
                _resources(form, pdf)["ExtGState"] = pydyf.Dictionary(drawing.states)

    def _keep(self, forms: list[tuple[Any, bytes]], pdf: pydyf.PDF) -> None:
        """Keep what stands on its own and is drawn once; anything else goes on being drawn."""
        marks = [mark for _, mark in forms]
        for form, mark in forms:
            resources = _resources(form, pdf)
            alone = not any(resources[name] for name in ("XObject", "Pattern", "Shading"))
            if alone and marks.count(mark) == 1:
                content = b"\n".join(item if isinstance(item, bytes) else str(item).encode() for item in form.stream)
                self._kept[mark] = _Drawing(zlib.compress(content, 9), dict(resources["ExtGState"]))
        self._complete = True

    def _mark_of(self, form: Any) -> bytes | None:
        if not isinstance(form, pydyf.Stream) or form.extra.get("Subtype") != "/Form":
            return None
        beginning = [item for item in form.stream[:20] if isinstance(item, bytes)]
        return next((mark for mark in self._marks.values() if mark in beginning), None)


def _resources(form: Any, pdf: pydyf.PDF) -> Any:
    return pdf.objects[int(form.extra["Resources"].split()[0])]
