"""Compiled designs: WeasyPrint lays a page out once, then each certificate sets only its own lines (decision 49).

Certificates share a compiled page if their filled templates differ in nothing but texts and the link. The second of
them is drawn in the ordinary way and compiled. A place on the page is proven once another text has been drawn there
with the same bytes as in the ordinary way. What the page might lay out differently is `Refused`.
"""

import html
import re
import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from itertools import groupby
from typing import Any, NamedTuple

import pydyf

from earned.document.compiled_internals import (
    IS_TESTED_VERSION,
    Line,
    Pen,
    link_boxes,
    metadata_stream,
    rectangle,
    text_lines,
)
from earned.document.pdf_ua import fill_empty_texts
from earned.document.qr_code import QrCode
from earned.document.static_parts import Copy, TaggedPage, compress, serialized

MAX_PAGES = 32
_TAG = re.compile(r"(<[^>]*>)")
_ADDRESS = re.compile(r'(?<=<a href=")[^"]*')
_PLAIN_ADDRESS = re.compile(r"https?://[\w.:-]+(/[\w-]+)*(\?[\w=&-]*)?", re.ASCII)  # WeasyPrint changes others
_SPACES = re.compile("[ \t\r\n\f]+")
_RIGHT_TO_LEFT = {"R", "AL", "AN"}
_JOINED = {"Mn", "Mc", "Me", "Cf"}  # marks and joiners
_MARGIN = 1.0  # CSS pixels: a line that is nearly too long is left to WeasyPrint
_ROUNDING = 1e-6
Finisher = Callable[[pydyf.PDF], None]
Compile = Callable[[Any, pydyf.PDF], None]  # of a weasyprint.Document and its PDF


class Refused(Exception):
    """A certificate that WeasyPrint might lay out in another way than the compiled page."""


class FilledTemplate(NamedTuple):
    """A filled template, divided into what is compiled and what each certificate brings."""

    key: tuple[object, ...]
    texts: tuple[str, ...]  # the title of the document, then those of the page, in order
    address: str  # of the link

    @classmethod
    def divide(cls, source: str, *others: object) -> "FilledTemplate":
        """`others` are the other inputs that determine the page."""
        pieces = _TAG.split(_ADDRESS.sub("", source))
        texts = [_SPACES.sub(" ", html.unescape(text)).strip(" ") for text in pieces[::2]]
        tags, places = tuple(pieces[1::2]), tuple(map(bool, texts))
        address = html.unescape("".join(_ADDRESS.findall(source)))
        return cls((tags, places, *others), tuple(filter(None, texts)), address)

    def check_simple(self) -> None:
        """Raises `Refused` unless each character is set on its own, from left to right."""
        for c in "".join(self.texts):
            if not c.isascii() and (
                unicodedata.category(c) in _JOINED or unicodedata.bidirectional(c) in _RIGHT_TO_LEFT
            ):
                raise Refused("marks, joiners or right-to-left letters")
        if not _PLAIN_ADDRESS.fullmatch(self.address):
            raise Refused("an unusual address")


@dataclass(frozen=True)
class _Slot:
    """The place of a text, in CSS pixels from the top left of the page."""

    style: Any
    line: int
    left: float  # of the block
    room: float  # the block's width
    baseline: float
    metrics: tuple[float, float]  # of its text
    space: str  # before the next text of the line


class CompiledPage:
    """A page that WeasyPrint laid out, and its PDF before it is completed."""

    def __init__(self, filled: FilledTemplate, document: Any, pdf: pydyf.PDF) -> None:
        filled.check_simple()
        code = QrCode(filled.address)
        [page] = document.pages
        tagged = TaggedPage(pdf)
        self._sample, self._proven = _digests(filled), set[int]()
        self._code_size, self._height, self._metadata = code.size, page.height, copy(document.metadata)
        if filled.texts[0] != self._metadata.title:
            raise Refused("a title that is not the first text")
        self._slots = list(_slots(page, filled.texts[1:]))
        self._read_link(page)
        self._live = copy(tagged.streams[1])
        self._pieces, self._end = _divided(self._live.stream, code.operators())
        if len(self._pieces) != len(self._slots):
            raise Refused("texts that are not drawn one by one")
        self._pen = Pen()
        self._pen.learn([line for _, line in self._lines(filled)])
        self._first_font = tagged.fonts.number - len(self._pen.font_objects(0))
        self._catalog, self._info = copy(pdf.catalog), pdf.info
        [self._metadata_number] = (
            item.number
            for item in pdf.objects
            if isinstance(item, pydyf.Stream) and item.extra.get("Type") == "/Metadata"
        )
        [self._link] = (item for item in pdf.objects if isinstance(item, dict) and item.get("Subtype") == "/Link")
        changing = {self._live.number, self._metadata_number}
        changing |= set(range(self._first_font, tagged.fonts.number))
        self._objects = [item if item.number in changing else _frozen(item) for item in pdf.objects]

    def draw(self, filled: FilledTemplate, finish: Finisher, identifier: str, **metadata: Any) -> bytes:
        """Raises `Refused`; `finish` completes a PDF."""
        filled.check_simple()
        code = QrCode(filled.address)
        if code.size != self._code_size:
            raise Refused("another size of the QR code")
        self._pen.begin()
        content, link = self._content(filled, code)
        if not self._pen.has_learnt_fonts:
            raise Refused("other fonts")
        described = copy(self._metadata)
        vars(described).update(metadata, title=filled.texts[0])
        pdf = _Pdf(self._objects, copy(self._catalog))
        pdf.replace(content)
        pdf.replace(self._linked(filled.address, *link))
        pdf.replace(metadata_stream(described, self._metadata_number))
        for item in self._pen.font_objects(self._first_font):
            if isinstance(item, pydyf.Stream):
                fill_empty_texts(item)
            pdf.replace(item)
        info = {"Title": described.title, "Author": ", ".join(described.authors), "Subject": described.description}
        pdf.info = pydyf.Dictionary({**self._info, **{key: pydyf.String(text) for key, text in info.items()}})
        finish(pdf)
        return pdf.written(identifier.encode())

    def is_proven(self, filled: FilledTemplate) -> bool:
        """Whether the page drew other texts than those that it was compiled from in each place."""
        return self._other_places(filled) <= self._proven

    def prove(self, filled: FilledTemplate) -> None:
        self._proven |= self._other_places(filled)

    def _other_places(self, filled: FilledTemplate) -> set[int]:
        pairs = zip(self._sample, _digests(filled), strict=True)
        return {place for place, (sample, text) in enumerate(pairs) if text != sample}

    def _lines(self, filled: FilledTemplate) -> Iterator[tuple[_Slot, Line]]:
        for slot, text in zip(self._slots, filled.texts[1:], strict=True):
            line = Line.shape(text + slot.space, slot.style)
            if line.metrics != slot.metrics:
                raise Refused("another height")
            yield slot, line

    def _content(self, filled: FilledTemplate, code: QrCode) -> tuple[pydyf.Stream, tuple[float, float]]:
        """The content of the page, and the left edge and width of the link."""
        drawn: list[bytes] = []
        link = (0.0, 0.0)
        pieces = iter(self._pieces)
        for _, lines in groupby(self._lines(filled), lambda one: one[0].line):
            texts = list(lines)
            left, width = texts[0][0].left, 0.0
            placed = []
            for slot, line in texts:  # the additions of WeasyPrint in its order, so that they are rounded alike
                placed.append((slot, line, left + width))
                width = left + width + line.width - left
            room = texts[0][0].room - width
            if room < _MARGIN:
                raise Refused("more than a line")
            for slot, line, x in placed:
                operators = self._pen.show(line, x + room / 2, slot.baseline)
                if operators is None:
                    raise Refused("emoji")
                drawn += [next(pieces), operators]
                if slot is self._link_slot:
                    link = x + room / 2, x + line.width - x
        before_code, after_code = self._end
        content = copy(self._live)
        content.stream = [*drawn, before_code, code.operators(), after_code]
        return content, link

    def _read_link(self, page: Any) -> None:
        boxes = link_boxes(page)
        if len(boxes) != 1:
            raise Refused("not one link")
        [box] = boxes
        left, self._link_top, width, self._link_height = box.hit_area()
        found = [slot for slot in self._slots if [slot.style] == [one.style for one in box.children]]
        text = box.children[0]
        if len(found) != 1 or abs(text.position_x - left) + abs(text.width - width) > _ROUNDING:
            raise Refused("a link that is not one text")
        [self._link_slot] = found

    def _linked(self, address: str, left: float, width: float) -> pydyf.Dictionary:
        link = copy(self._link)
        bottom = self._link_top + self._link_height
        link["Rect"] = rectangle(left, self._link_top, left + width, bottom, self._height)
        link["Contents"] = pydyf.String(address)
        link["A"] = pydyf.Dictionary({**link["A"], "URI": pydyf.String(address)})
        return link


class CompiledPages:
    """The compiled pages of a design, by what determines them."""

    def __init__(self, *, is_on: bool = IS_TESTED_VERSION) -> None:
        self._is_on = is_on
        self.faults = [] if is_on else ["version"]
        self.drawn = 0  # certificates by a compiled page
        self._pages: OrderedDict[Hashable, CompiledPage | None] = OrderedDict()  # None: not compiled yet
        self._unusable: set[Hashable] = set()

    def take_faults(self) -> list[str]:
        """Why the design does without compiled pages, once: `version`, or `difference` for each page that differed."""
        taken, self.faults = self.faults, []
        return taken

    def draw(
        self, filled: FilledTemplate, by_page: Callable[[CompiledPage], bytes], in_full: Callable[[Compile], bytes]
    ) -> bytes:
        """Draw by the compiled page, or in full, and compile or prove it; `by_page` may raise `Refused`."""
        if not self._is_on or filled.key in self._unusable:
            return in_full(_leave)
        if filled.key not in self._pages:
            self._keep(filled, None)
            return in_full(_leave)
        self._pages.move_to_end(filled.key)
        page = self._pages[filled.key]
        if page is None:
            return in_full(partial(self._compile, filled))
        try:
            drawn = by_page(page)
        except Refused:
            return in_full(_leave)
        if page.is_proven(filled):
            self.drawn += 1
            return drawn
        document = in_full(_leave)
        if drawn == document:
            page.prove(filled)
        else:
            del self._pages[filled.key]
            self._unusable.add(filled.key)
            self.faults.append("difference")
        return document

    def _compile(self, filled: FilledTemplate, document: Any, pdf: pydyf.PDF) -> None:
        with suppress(Refused):
            self._keep(filled, CompiledPage(filled, document, pdf))

    def _keep(self, filled: FilledTemplate, page: CompiledPage | None) -> None:
        self._pages[filled.key] = page
        if len(self._pages) > MAX_PAGES:
            self._pages.popitem(last=False)


def _leave(_document: Any, _pdf: pydyf.PDF) -> None:
    """Compile nothing."""


class _Pdf(pydyf.PDF):  # type: ignore[misc]  # pydyf has no types
    """A PDF made of another one's objects."""

    def __init__(self, objects: list[pydyf.Object], catalog: pydyf.Dictionary) -> None:
        super().__init__()
        self.objects = list(objects)
        self.catalog = catalog
        self.replace(catalog)

    def replace(self, item: pydyf.Object) -> None:
        self.objects[item.number] = item

    def written(self, identifier: bytes) -> bytes:
        file = BytesIO()
        self.write(file, "1.7", identifier, compress=True)
        return file.getvalue()


def _digests(filled: FilledTemplate) -> list[int]:
    """Of the texts, which are personal data and not to be kept."""
    return [hash(text) for text in (*filled.texts, filled.address)]


def _slots(page: Any, texts: Sequence[str]) -> Iterator[_Slot]:
    """The places of the texts; raises `Refused` for a page with other texts, or with lines that are not centred."""
    left = iter(texts)
    for number, line in enumerate(text_lines(page)):
        block = line.block
        if block is None or block.style["direction"] != "ltr" or block.style["text_align_all"] != "center":
            raise Refused("a line that is not centred")
        for box in line.texts:
            text = next(left, None)
            if text is None or box.text not in (text, text + " "):
                raise Refused("texts that are laid out as others, or in several lines")
            yield _Slot(
                style=box.style,
                line=number,
                left=block.content_box_x(),
                room=block.width,
                baseline=box.position_y + box.baseline,
                metrics=Line.shape(box.text, box.style).metrics,
                space=box.text[len(text) :],
            )
    if next(left, None) is not None:
        raise Refused("a text that is not on the page")


def _divided(content: list[Any], code: bytes) -> tuple[list[bytes], tuple[bytes, bytes]]:
    """The operators before each text and up to the next one, and those before and after the QR code."""
    pieces, rest = [], content
    while b"BT" in rest:
        start = rest.index(b"BT")
        end = rest.index(b"ET", start)
        pieces.append(serialized(rest[: start + 1]))
        rest = rest[end:]
    if code not in rest:
        raise Refused("a QR code that is not last")
    at = rest.index(code)
    return pieces, (serialized(rest[:at]), serialized(rest[at + 1 :]))


def _frozen(item: pydyf.Object) -> pydyf.Object:
    if item.free == "f":
        return item
    if isinstance(item, pydyf.Stream):
        compress(item)
    frozen = Copy(item.data, stream=not item.compressible)
    frozen.number = item.number
    return frozen
