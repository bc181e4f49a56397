"""The static parts of a certificate: drawn once, then joined to the page of each certificate.

WeasyPrint draws the static parts once, and the dynamic part for each certificate, on pages of the same size. Joining
copies the objects of a static part's PDF into the certificate's: content to content, tags to tags.
"""

import re
from collections.abc import Iterator
from typing import Any, Self

import pydyf

from earned.document.compression import compressed

_REFERENCE = re.compile(rb"\b(\d+) 0 R\b")
_RESOURCE = re.compile(rb"/([\w.-]+)(?= (?:gs|Do|sh|scn|SCN|[\d.]+ Tf)\b)")
_SUBSET = re.compile(rb"(?<=/)([A-Z]{6})(?=\+)")


class TaggedPage:
    """The only page of a tagged PDF/A by WeasyPrint, and its structure tree (ISO 32000-1, 7.7.3 and 14.7)."""

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
        """The objects that are equivalent in any two such PDFs: a joined part refers to those of the other PDF."""
        return [self.page, self.colours, self.document]


class Copy(pydyf.Object):  # type: ignore[misc]  # pydyf has no types
    """A serialized object, written to a PDF as it is."""

    data = b""

    def __init__(self, data: bytes, *, stream: bool) -> None:
        super().__init__()
        self.data = data
        self._stream = stream

    @property
    def compressible(self) -> bool:
        return not self._stream


class _SerializedObject:
    """An object as bytes, split at its references to others."""

    def __init__(self, head: bytes, body: bytes = b"") -> None:
        # The dynamic part may have another subset of the same font, whose tag must differ.
        self._pieces = _REFERENCE.split(_SUBSET.sub(lambda tag: tag[1][::-1], head))
        self._body = body

    @classmethod
    def of(cls, item: pydyf.Object) -> Self:
        if not isinstance(item, pydyf.Stream):
            return cls(item.data)
        compress(item)
        content = b"".join(item.stream)
        head = pydyf.Dictionary({**item.extra, "Length": len(content)})
        return cls(head.data, b"\nstream\n" + content + b"\nendstream")

    @property
    def references(self) -> Iterator[int]:
        return map(int, self._pieces[1::2])

    def renumbered(self, numbers: dict[int, int]) -> Copy:
        pieces = list(self._pieces)
        pieces[1::2] = [b"%d 0 R" % numbers[int(number)] for number in pieces[1::2]]
        return Copy(b"".join(pieces) + self._body, stream=bool(self._body))


class StaticPart:
    """A static part of a page: its content, the objects that the content refers to, and its tags."""

    def __init__(self, pdf: pydyf.PDF, *, after: int = 0) -> None:
        """Take the part out of a PDF that shows nothing else.

        If `after` is 0, the part lies under the dynamic part and is read first. Else it lies over that and is read
        last, and `after` is the number of marks of the static part that is read first.
        """
        page = TaggedPage(pdf)
        save_graphics_state(pdf)
        _renumber(pdf, page, after)
        self._first = after
        self._shared = [item.number for item in page.shared]
        prefix = f"{after}-"
        self._content = _RESOURCE.sub(rb"/%s\1" % prefix.encode(), serialized(page.streams[0].stream))
        resources = {kind: items for kind, items in page.resources.items() if isinstance(items, pydyf.Dictionary)}
        self._resources = {
            kind: {prefix + key: _SerializedObject(pydyf.Array([value]).data[1:-1]) for key, value in items.items()}
            for kind, items in {**resources, "Font": page.fonts}.items()
        }
        self._sections = [section.number for section in page.sections if section["K"]]
        self._marked = [int(reference.split()[0]) for reference in page.marked]
        self._objects = dict(self._reached(pdf))

    @property
    def marks(self) -> int:
        return len(self._marked)

    def _reached(self, pdf: pydyf.PDF) -> Iterator[tuple[int, _SerializedObject]]:
        seen = set(self._shared)
        ahead = [*self._sections]
        ahead += [
            number for items in self._resources.values() for value in items.values() for number in value.references
        ]
        while ahead:
            number = ahead.pop()
            if number not in seen:
                seen.add(number)
                serialized = _SerializedObject.of(pdf.objects[number])
                ahead += serialized.references
                yield number, serialized

    def join(self, pdf: pydyf.PDF) -> None:
        page = TaggedPage(pdf)
        _renumber(pdf, page, len(self._marked))
        numbers = dict(zip(self._shared, (item.number for item in page.shared), strict=True))
        numbers |= {number: len(pdf.objects) + index for index, number in enumerate(self._objects)}
        for serialized in self._objects.values():
            pdf.add_object(serialized.renumbered(numbers))
        content = pydyf.Stream([self._content], compress=True)
        pdf.add_object(content)
        for kind, items in self._resources.items():
            joined = page.fonts if kind == "Font" else page.resources.setdefault(kind, pydyf.Dictionary())
            joined.update((name, value.renumbered(numbers).data) for name, value in items.items())
        page.marked[self._first : self._first] = [b"%d 0 R" % numbers[number] for number in self._marked]
        sections = [b"%d 0 R" % numbers[number] for number in self._sections]
        for joined, added in (page.document["K"], sections), (page.contents, [content.reference]):
            place = len(joined) if self._first else 0
            joined[place:place] = added
        page.page["Contents"] = pydyf.Array(page.contents)


def _renumber(pdf: pydyf.PDF, page: TaggedPage, shift: int) -> None:
    for item in (item for stream in page.streams for item in stream.stream):
        if isinstance(item, pydyf.Dictionary):
            item["MCID"] += shift
    for item in pdf.objects:
        if isinstance(item, pydyf.Dictionary) and item.get("Type") == "/StructElem":
            item["K"][:] = [kid + shift if isinstance(kid, int) else kid for kid in item["K"]]


def save_graphics_state(pdf: pydyf.PDF) -> None:
    """Isolate the page's content, so that content drawn after it starts with the initial graphics state."""
    content = TaggedPage(pdf).streams[0]
    content.stream = [b"q", *content.stream, b"Q"]


def compress(stream: pydyf.Stream) -> None:
    """Compress a stream once: pydyf compresses it at each of its two reads of the data."""
    if stream.compress:
        stream.stream, stream.compress = [compressed(serialized(stream.stream))], False
        stream.extra["Filter"] = "/FlateDecode"


def serialized(content: list[Any]) -> bytes:
    data: bytes = pydyf.Array(content).data
    return data[1:-1]
