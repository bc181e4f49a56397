"""What stands on every certificate of a design, drawn once and joined to what is each one's own.

WeasyPrint draws the still parts of a page once, and the live one for each certificate, on pages of the same size. Here
the objects of the former's PDF go into the latter's: their content to its content, their tags to its tags.
"""

import re
import zlib
from collections.abc import Iterator
from typing import Any, Self

import pydyf

_REFERENCE = re.compile(rb"\b(\d+) 0 R\b")


_RESOURCE = re.compile(rb"/([\w.-]+)(?= (?:gs|Do|sh|scn|SCN|[\d.]+ Tf)\b)")


_SUBSET = re.compile(rb"(?<=/)([A-Z]{6})(?=\+)")


class Parts:
    """The objects that the one page of a tagged PDF/A by WeasyPrint hangs on (ISO 32000-1, 7.7.3 and 14.7)."""

    def __init__(self, pdf: pydyf.PDF) -> None:
        def at(reference: bytes) -> Any:
            return pdf.objects[int(reference.split()[0])]

        self.page = pdf.objects[pdf.pages["Kids"][0]]
        self.contents = self.page["Contents"] if isinstance(self.page["Contents"], list) else [self.page["Contents"]]
        self.streams = [at(reference) for reference in self.contents]
        self.resources = at(self.page["Resources"])
        self.fonts = at(self.resources["Font"])
        self.colours = at(self.resources["ColorSpace"])
        tree = at(pdf.catalog["StructTreeRoot"])
        self.document = at(tree["K"][0])
        self.sections = [at(reference) for reference in self.document["K"]]
        self.marked = at(tree["ParentTree"])["Nums"][1]

    @property
    def shared(self) -> list[Any]:
        """What two such PDFs have in common, so that one of each is enough."""
        return [self.page, self.colours, self.document]


class _Copy(pydyf.Object):  # type: ignore[misc]  # pydyf has no types
    """An object of another PDF, its references made good; it is written as it is."""

    data = b""

    def __init__(self, data: bytes, *, stream: bool) -> None:
        super().__init__()
        self.data = data
        self._stream = stream

    @property
    def compressible(self) -> bool:
        return not self._stream


class _SerializedObject:
    """An object as bytes, cut where it refers to others."""

    def __init__(self, head: bytes, body: bytes = b"") -> None:
        # Fonts are cut down to the letters used: what is a part of the same one must not have the same name.
        self._pieces = _REFERENCE.split(_SUBSET.sub(lambda tag: tag[1][::-1], head))
        self._body = body

    @classmethod
    def of(cls, item: pydyf.Object) -> Self:
        """An object of a PDF."""
        if not isinstance(item, pydyf.Stream):
            return cls(item.data)
        compress(item)
        content = b"".join(item.stream)
        head = pydyf.Dictionary({**item.extra, "Length": len(content)})
        return cls(head.data, b"\nstream\n" + content + b"\nendstream")

    @property
    def references(self) -> Iterator[int]:
        """The numbers of the objects it refers to."""
        return map(int, self._pieces[1::2])

    def renumbered(self, numbers: dict[int, int]) -> _Copy:
        """The object with other numbers in it."""
        pieces = list(self._pieces)
        pieces[1::2] = [b"%d 0 R" % numbers[int(number)] for number in pieces[1::2]]
        return _Copy(b"".join(pieces) + self._body, stream=bool(self._body))


class StaticPart:
    """A still part of a page: its content, what that refers to, and its tags."""

    def __init__(self, pdf: pydyf.PDF, *, after: int = 0) -> None:
        """Take it out of a PDF that shows nothing else.

        Without `after` it lies under what is live and is read first. Else it lies over that and is read last, and the
        still part that is read first has so many pieces of marked content.
        """
        parts = Parts(pdf)
        save_graphics_state(pdf)
        _renumber(pdf, parts, after)
        self._first = after
        self._shared = [item.number for item in parts.shared]
        prefix = f"{after}-"
        self._content = _RESOURCE.sub(rb"/%s\1" % prefix.encode(), _plain(parts.streams[0]))
        resources = {kind: items for kind, items in parts.resources.items() if isinstance(items, pydyf.Dictionary)}
        self._resources = {
            kind: {prefix + key: _SerializedObject(pydyf.Array([value]).data[1:-1]) for key, value in items.items()}
            for kind, items in {**resources, "Font": parts.fonts}.items()
        }
        self._sections = [section.number for section in parts.sections if section["K"]]
        self._marked = [int(reference.split()[0]) for reference in parts.marked]
        self._objects = dict(self._reached(pdf))

    @property
    def marks(self) -> int:
        """How many pieces of marked content it has."""
        return len(self._marked)

    def _reached(self, pdf: pydyf.PDF) -> Iterator[tuple[int, _SerializedObject]]:
        """All objects that the page and its tags need, but for the shared."""
        seen = set(self._shared)
        ahead = [*self._sections]
        ahead += [
            number for items in self._resources.values() for value in items.values() for number in value.references
        ]
        while ahead:
            number = ahead.pop()
            if number not in seen:
                seen.add(number)
                frozen = _SerializedObject.of(pdf.objects[number])
                ahead += frozen.references
                yield number, frozen

    def join(self, pdf: pydyf.PDF) -> None:
        """Put it into another PDF."""
        parts = Parts(pdf)
        _renumber(pdf, parts, len(self._marked))
        numbers = dict(zip(self._shared, (item.number for item in parts.shared), strict=True))
        numbers |= {number: len(pdf.objects) + index for index, number in enumerate(self._objects)}
        for frozen in self._objects.values():
            pdf.add_object(frozen.renumbered(numbers))
        content = pydyf.Stream([self._content], compress=True)
        pdf.add_object(content)
        for kind, items in self._resources.items():
            theirs = parts.fonts if kind == "Font" else parts.resources.setdefault(kind, pydyf.Dictionary())
            theirs.update((name, value.renumbered(numbers).data) for name, value in items.items())
        parts.marked[self._first : self._first] = [b"%d 0 R" % numbers[number] for number in self._marked]
        sections = [b"%d 0 R" % numbers[number] for number in self._sections]
        for theirs, ours in (parts.document["K"], sections), (parts.contents, [content.reference]):
            place = len(theirs) if self._first else 0
            theirs[place:place] = ours
        parts.page["Contents"] = pydyf.Array(parts.contents)


def _renumber(pdf: pydyf.PDF, parts: Parts, shift: int) -> None:
    """Number the marked content of a page so that there is room for others before it."""
    for item in (item for stream in parts.streams for item in stream.stream):
        if isinstance(item, pydyf.Dictionary):
            item["MCID"] += shift
    for item in pdf.objects:
        if isinstance(item, pydyf.Dictionary) and item.get("Type") == "/StructElem":
            item["K"][:] = [kid + shift if isinstance(kid, int) else kid for kid in item["K"]]


def save_graphics_state(pdf: pydyf.PDF) -> None:
    """Leave the graphics state as it was to what is drawn after the page's content."""
    content = Parts(pdf).streams[0]
    content.stream = [b"q", *content.stream, b"Q"]


def compress(stream: pydyf.Stream) -> None:
    """Compress a stream now: pydyf would do it each time it is asked for its data, which is twice."""
    if stream.compress:
        stream.stream, stream.compress = [zlib.compress(_plain(stream), 6)], False
        stream.extra["Filter"] = "/FlateDecode"


def _plain(stream: pydyf.Stream) -> bytes:
    data: bytes = pydyf.Array(stream.stream).data
    return data[1:-1]
