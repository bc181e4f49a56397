"""Whether each combining mark of a laid-out page stands on its letter, by the positions from HarfBuzz."""

from collections.abc import Iterable, Iterator
from typing import Any

from weasyprint.formatting_structure.boxes import TextBox
from weasyprint.text.ffi import ffi

from earned.document.marks import has_marks


def unplaced_mark(boxes: Iterable[Any]) -> str | None:
    """The first mark in laid-out boxes that its font does not place on the letter before it."""
    texts = (box for box in boxes if isinstance(box, TextBox) and has_marks(box.text))
    return next((mark for box in texts for mark in _unplaced_marks(box)), None)


def _unplaced_marks(box: Any) -> Iterator[str]:
    """Marks without a position of their own, and marks in another font than the letter before them."""
    box.pango_layout.reactivate(box.style)
    line, _ = box.pango_layout.get_first_line()
    text: bytes = box.pango_layout.text.encode()
    run = line.runs[0]
    while run != ffi.NULL:
        item, glyphs = run.data.item, run.data.glyphs
        for number in range(glyphs.num_glyphs):
            start, geometry = glyphs.log_clusters[number], glyphs.glyphs[number].geometry
            character = text[item.offset + start :].decode()[0]
            if has_marks(character) and (start == 0 or not (geometry.x_offset or geometry.y_offset)):
                yield character
        run = run.next
