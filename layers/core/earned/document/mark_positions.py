"""Whether each combining mark of a laid-out page stands on its letter, by the ink that HarfBuzz placed."""

import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from weasyprint.formatting_structure.boxes import TextBox
from weasyprint.text.ffi import TO_UNITS, ffi, pango

from earned.document.marks import has_marks

ABOVE, BELOW = 230, 220  # combining classes (UAX #44, table 15); the others touch their letter or span two
_SLACK = 0.06  # of the font size: how far ink may overlap or stand beside its letter


class _Glyph(NamedTuple):
    """The ink of a character and where its line is, in Pango units, y downwards; left and right are its advance."""

    character: str
    left: int
    right: int
    ink_left: int
    ink_right: int
    top: int
    bottom: int

    @property
    def is_mark(self) -> bool:
        return has_marks(self.character)


def unplaced_mark(boxes: Iterable[Any]) -> str | None:
    """The first mark in laid-out boxes that its font prints beside its letter, or over it or over another mark."""
    texts = (box for box in boxes if isinstance(box, TextBox) and has_marks(box.text))
    return next((mark for box in texts for mark in _unplaced_marks(box)), None)


def _unplaced_marks(box: Any) -> Iterator[str]:
    for run in _runs(box):
        slack = _SLACK * box.style["font_size"] * TO_UNITS
        letter: list[_Glyph] = []
        for glyph in run:
            letter = [*letter, glyph] if glyph.is_mark else [glyph]
            if glyph.is_mark and not _is_placed(letter, slack):
                yield glyph.character


def _is_placed(letter: list[_Glyph], slack: float) -> bool:
    """Whether the last mark of a letter, whose first glyph is the base, is where it belongs."""
    base, *others, mark = letter if len(letter) > 1 else [letter[0]] * 2
    if base.is_mark:
        return False  # it is in another font than its letter
    middle = (mark.ink_left + mark.ink_right) / 2
    if not base.left - slack <= middle <= base.right + slack:
        return False
    if unicodedata.combining(mark.character) not in {ABOVE, BELOW}:
        return True
    return not any(_overlap(mark, other, slack) for other in (base, *others))


def _overlap(mark: _Glyph, other: _Glyph, slack: float) -> bool:
    beside = mark.ink_right - slack <= other.ink_left or other.ink_right - slack <= mark.ink_left
    return not beside and mark.bottom - slack > other.top and other.bottom - slack > mark.top


def _runs(box: Any) -> Iterator[list[_Glyph]]:
    """The glyphs of each run of one font, in the order of the text; one that is part of a letter counts as its own."""
    box.pango_layout.reactivate(box.style)
    line, _ = box.pango_layout.get_first_line()
    text: bytes = box.pango_layout.text.encode()
    ink, logical = ffi.new("PangoRectangle *"), ffi.new("PangoRectangle *")
    run = line.runs[0]
    while run != ffi.NULL:
        item, glyphs = run.data.item, run.data.glyphs
        placed, pen = [], 0
        for number in range(glyphs.num_glyphs):
            start, geometry = glyphs.log_clusters[number], glyphs.glyphs[number].geometry
            pango.pango_font_get_glyph_extents(item.analysis.font, glyphs.glyphs[number].glyph, ink, logical)
            left, top = pen + geometry.x_offset + ink.x, geometry.y_offset + ink.y
            character = text[item.offset + start :].decode()[0]
            glyph = _Glyph(character, pen, pen + geometry.width, left, left + ink.width, top, top + ink.height)
            placed.append((start, glyph))
            pen += geometry.width
        yield [glyph for _, glyph in sorted(placed, key=lambda one: one[0])]
        run = run.next
