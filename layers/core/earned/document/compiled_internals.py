"""All that compiled designs use of WeasyPrint and is not public; `test_compiled.py` tests each name.

Another version may do without these names or give them another meaning, so `IS_TESTED_VERSION` switches them off.
"""

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from typing import Any

import pydyf
import weasyprint
from weasyprint import DEFAULT_OPTIONS
from weasyprint.draw.text import draw_first_line
from weasyprint.formatting_structure.boxes import BlockBox, InlineBox, LineBox, TextBox
from weasyprint.matrix import Matrix
from weasyprint.pdf.fonts import Font, build_fonts_dictionary
from weasyprint.pdf.metadata import DocumentMetadata
from weasyprint.pdf.stream import Stream
from weasyprint.text.ffi import FROM_UNITS, pango
from weasyprint.text.fonts import get_pango_font_key
from weasyprint.text.line_break import Layout, create_layout, line_size

from earned.document.static_parts import serialized

TESTED_VERSIONS = ("70.0", "0.13.0")  # of WeasyPrint and pydyf
IS_TESTED_VERSION = (weasyprint.__version__, pydyf.VERSION) == TESTED_VERSIONS
_VARIANT = ("a", 3, "A")  # PDF/A-3a
_FONT_OPTIONS = {**DEFAULT_OPTIONS, "pdf_version": "1.7"}
_POINTS = 0.75  # per CSS pixel


@dataclass
class Line:
    """A text of one line, as `draw_first_line` takes it: `layout` is Pango's; lengths in CSS pixels."""

    text: str
    style: Any
    pango_layout: Layout
    width: float
    metrics: tuple[float, float]  # height and baseline

    @classmethod
    def shape(cls, text: str, style: Any) -> "Line":
        layout = create_layout(text, style, None, None, 0)
        pango.pango_layout_set_single_paragraph_mode(layout.layout, True)
        line, _ = layout.get_first_line()
        width, height = line_size(line, style)
        baseline = pango.pango_layout_get_baseline(layout.layout) * FROM_UNITS
        return cls(text, style, layout, width, (height, baseline))


class Pen(Stream):  # type: ignore[misc]  # weasyprint has no types
    """Draws lines with the fonts that were learnt from a page, in the same order."""

    def __init__(self) -> None:
        super().__init__({}, (0, 0, 1, 1), {}, {}, None, {}, None)
        self._learnt: dict[int, Font] = {}
        self._alive: list[Any] = []  # layouts, so that Pango keeps the fonts

    def learn(self, lines: list[Line]) -> None:
        for line in lines:
            self._alive.append(line.pango_layout.layout)
            self.show(line, 0, 0)
        self._learnt = self._fonts
        for font in self._learnt.values():
            font.file_content = b""  # a copy of the whole font, which is not needed to take a subset

    def begin(self) -> None:
        """Start another page: the fonts are the same, but none of their glyphs is used."""
        self._fonts: dict[int, Font] = {}

    def add_font(self, pango_font: object) -> tuple[Font, float]:
        key, description, size = get_pango_font_key(pango_font)
        if key not in self._fonts:
            known = self._learnt.get(key)
            self._fonts[key] = font = copy(known) if known else Font(pango_font, description, size)
            font.widths, font.to_unicode, font.missing = {}, {}, {}
        return self._fonts[key], size

    def show(self, line: Line, x: float, y: float) -> bytes | None:
        """The operators between BT and ET; None if they are not all there is to draw."""
        self.stream: list[bytes] = []
        self._current_font = None
        images = draw_first_line(self, line, "clip", "none", Matrix(d=-1, e=x, f=y))
        return None if images else serialized(self.stream)

    @property
    def has_learnt_fonts(self) -> bool:
        """Whether the page has the fonts of the page that was learnt, and all their glyphs."""
        return list(self._fonts) == list(self._learnt) and not any(font.missing for font in self._fonts.values())

    def font_objects(self, first: int) -> list[pydyf.Object]:
        """The objects of the used fonts, numbered from `first` on."""
        numbered = _Numbered(first)
        build_fonts_dictionary(numbered, self._fonts, True, True, _FONT_OPTIONS)
        return numbered.objects


class _Numbered:
    """A part of a PDF's objects."""

    def __init__(self, first: int) -> None:
        self._first = first
        self.objects: list[pydyf.Object] = []
        self.catalog: dict[str, object] = {}

    def add_object(self, item: pydyf.Object) -> None:
        item.number = self._first + len(self.objects)
        self.objects.append(item)


def metadata_stream(metadata: DocumentMetadata, number: int) -> pydyf.Stream:
    numbered = _Numbered(number)
    metadata.include_in_pdf(numbered, *_VARIANT, compress=True)
    [stream] = numbered.objects
    return stream


def rectangle(left: float, top: float, right: float, bottom: float, page_height: float) -> pydyf.Array:
    """From CSS pixels to a PDF's points."""
    matrix = Matrix(_POINTS, 0, 0, -_POINTS, 0, page_height * _POINTS)
    return pydyf.Array([*matrix.transform_point(left, top), *matrix.transform_point(right, bottom)])


@dataclass(frozen=True)
class TextLine:
    """The texts of one line of a laid-out page, and the block that the line is in."""

    block: Any  # None if the line is not directly in a block
    texts: list[Any]


def text_lines(page: Any) -> Iterator[TextLine]:
    """Of a weasyprint.document.Page, in the order of the document."""
    boxes = list(page._page_box.descendants(placeholders=True))
    blocks = {id(child): box for box in boxes if isinstance(box, BlockBox) for child in box.children}
    for box in boxes:
        if isinstance(box, LineBox):
            texts = [one for one in box.descendants() if isinstance(one, TextBox) and one.text.strip()]
            if texts:
                yield TextLine(blocks.get(id(box)), texts)


def link_boxes(page: Any) -> list[InlineBox]:
    return [
        box
        for box in page._page_box.descendants(placeholders=True)
        if isinstance(box, InlineBox) and box.element_tag == "a"
    ]
