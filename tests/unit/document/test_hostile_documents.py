"""Hostile texts and logos on certificates: no fetch, no leak of local data, no execution, no slowness."""

import dataclasses
import gc
import re
import socket
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from tempfile import NamedTemporaryFile
from urllib.parse import unquote

import pikepdf
import pypdfium2
import pytest
from pydantic import TypeAdapter, ValidationError

from earned.document.fitting import DoesNotFit
from earned.document.logo import sanitise
from earned.document.missing_glyph import MissingGlyph
from earned.document.render import NORTHLIGHT
from earned.document.wording import printable
from earned.domain.errors import UnusableLogo
from earned.domain.people import Logo
from earned.messages.event_fields import Language, Printable, StepTitle
from tests.unit.document.hostile import DRAWINGS, TEXTS, TOO_LONG
from tests.unit.document.in_time import in_time
from tests.unit.document.test_logo import HOSTILE, PNG, SVG, chunk, picture, svg
from tests.unit.document.test_pdf import ANNA

MARKER = "0f7b1c55ecret"
# Code is compiled before it runs: that event counts. An array is memory, in which a font is cut to its glyphs.
INNER = {"array.__new__", "builtins.id", "object.__getattr__", "sys._getframe", "exec"}
FONTS = {".ttf", ".otf", ".ttc", ".cache-9"}
HARMLESS_TEXTS = ["Ada Example", "محمد علي", "研修 한국어 हिन्दी Ελένη", "Wide " * 12, "Ọlọ́run 🎉 1️⃣"]
HARMLESS_LOGOS = [
    None,
    None,
    sanitise(picture(), PNG),
    sanitise(picture("RGBA", colour=(1, 2, 3, 4)), PNG),
    sanitise(
        svg(
            '<linearGradient id="g"><stop/><stop offset="1" stop-opacity=".5"/></linearGradient><clipPath id="c">'
            '<rect width="5" height="5"/></clipPath><g opacity=".5" clip-path="url(#c)">'
            '<rect width="9" height="9" fill="url(#g)" stroke="red" stroke-opacity=".3"/></g>'
        ),
        SVG,
    ),
]
PNGS = {
    "profile bomb": b"iCCP" + b"x\0\0" + zlib.compress(bytes(50_000_000), 9),
    "profile of junk": b"iCCP" + b"x\0\0junk",
    "international text bomb": b"iTXt" + b"x\0\1\0\0\0" + zlib.compress(bytes(50_000_000), 9),
    "text of a path": b"tEXt" + b"Profile\0/etc/passwd",
    "metadata": b"eXIf" + b"MM\0*" + b"\xff" * 400,
    "frames without end": b"acTL" + b"\xff" * 8,
    "frame elsewhere": b"fcTL" + b"\xff" * 26,
    "palette": b"PLTE" + bytes(3 * 256),
    "half a palette": b"PLTE" + b"\0",
    "background": b"bKGD" + b"\xff" * 6,
    "density": b"pHYs" + b"\xff" * 8 + b"\1",
    "no gamma": b"gAMA" + bytes(4),
    "chromaticities": b"cHRM" + b"\xff" * 32,
    "transparency": b"tRNS" + b"\0\1" * 3,
    "unknown but critical": b"EVIL" + b"x",
    "data of nothing": b"IDAT" + zlib.compress(b""),
    "data without end": b"IDAT" + zlib.compress(bytes(100_000_000), 9),
    "an early end": b"IEND",
    "a page": b"xxXx<html><script>alert(1)</script><img src=file:///etc/passwd>",
}


def with_chunk(body: bytes) -> bytes:
    """A PNG with one more chunk before its pixels."""
    plain = picture()
    return plain[:33] + chunk(body[:4], body[4:]) + plain[33:]


LOGOS = [
    *((SVG, f"drawing {number}", svg(inside)) for number, inside in enumerate(DRAWINGS)),
    *((PNG, f"with {name}", with_chunk(body)) for name, body in PNGS.items()),
    *HOSTILE,
]


class Inspector:
    """Compares hostile certificates with harmless ones: the system calls while they are drawn, and the PDF itself."""

    def __init__(self, canary: Path) -> None:
        self._canary = canary
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        environment = Path("/proc/self/environ").read_bytes().split(b"\0")
        passwords = Path("/etc/passwd").read_bytes().splitlines()
        self._secrets = {MARKER.encode(), *(secret for secret in environment + passwords if len(secret) > 12)}
        self._watching = False
        self._events: set[str] = set()
        sys.addaudithook(self._record)  # permanently: Python cannot remove an audit hook
        gc.collect()  # so that no garbage is closed or deleted while watching
        certificate("Ada Example", company="", language="en-nowhere")
        for _ in range(2):  # only the first time loads modules
            self._events.clear()
            documents = [self._watched(text, logo) for text, logo in zip(HARMLESS_TEXTS, HARMLESS_LOGOS, strict=True)]
        assert all(event.startswith("compile ") for event in self._events), self._events  # no file is opened
        self._harmless_events = frozenset(self._events)
        self._harmless_names = frozenset().union(*map(names, documents))

    def with_targets(self, text: str) -> str:
        """The text with the forbidden file and address in place of the placeholders."""
        address, port = self._listener.getsockname()
        return text.replace("/CANARY", str(self._canary)).replace("LISTENER", f"{address}:{port}")

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Assert that the block is fast and causes no more audit events, open files or connections."""
        self._events.clear()
        files, mapped = open_files(), mapped_files()
        with in_time(), self._recording():
            yield
        assert self._events <= self._harmless_events
        assert open_files() == files
        assert {path.suffix for path in mapped_files() - mapped} <= FONTS
        with pytest.raises(BlockingIOError):  # no connection was made
            self._listener.accept()

    def inspect(self, document: bytes, title: str, link_to: str = ANNA.verify_url) -> None:
        """Assert that the document is like a harmless one: one page, one link, no other names, no secrets."""
        assert names(document) <= self._harmless_names
        with pikepdf.open(BytesIO(document)) as opened:
            [page] = opened.pages
            [link] = page.obj.Annots
            assert unquote(str(link.A.URI)) == link_to
            assert str(opened.Root.Lang) == "en"
            shown = title if len(title) <= 100 else title[:99] + "…"
            assert opened.docinfo.Title == f"Certificate of Completion: {shown}"
            assert opened.open_metadata().get("dc:title") == opened.docinfo.Title
            contents = [item.read_bytes() for item in opened.objects if isinstance(item, pikepdf.Stream)]
        for content in (document, *contents):
            assert not any(secret in content for secret in self._secrets)

    def _record(self, event: str, arguments: tuple[object, ...]) -> None:
        if self._watching and event not in INNER:
            self._events.add(f"{event} {arguments}")

    @contextmanager
    def _recording(self) -> Iterator[None]:
        self._watching = True
        try:
            yield
        finally:
            self._watching = False

    def _watched(self, text: str, logo: Logo | None) -> bytes:
        with self._recording():
            return certificate(text, logo)


def certificate(text: str, logo: Logo | None = None, **changes: str) -> bytes:
    """A certificate with one text in all fields that users fill in."""
    texts = {"holder": text, "title": text, "company": text, "language": text} | changes
    return NORTHLIGHT.render(dataclasses.replace(ANNA, **texts, logo=logo and logo.sha256), logo)


def names(document: bytes) -> set[str]:
    """All names of the PDF language in a document, without generated ones of fonts, images and the like."""
    with pikepdf.open(BytesIO(document)) as opened:
        found = {name for item in (*opened.objects, opened.trailer) for name in _names(item)}
    return {name for name in found if re.match(r"/(?!A[\d.]+$|[A-Z]{6}\b)[A-Z]", name)}


def _names(item: object) -> Iterator[str]:
    match item:
        case pikepdf.Name():
            yield str(item)
        case pikepdf.Array():
            for part in item:
                yield from _names(part)
        case pikepdf.Dictionary() | pikepdf.Stream():
            for name, part in item.items():
                yield name
                if not (isinstance(part, pikepdf.Object) and part.is_indirect):
                    yield from _names(part)


def page_text(document: bytes) -> str:
    """The text that a viewer copies from the page."""
    with pypdfium2.PdfDocument(document) as opened:
        return opened[0].get_textpage().get_text_bounded()


def letters(text: str) -> str:
    """A text without spaces and hyphens, which depend on its line breaks."""
    return re.sub(r"[\s\ufffe-]", "", printable(text))


def open_files() -> set[str]:
    """The descriptors of the open files of this process."""
    return {handle.name for handle in Path("/proc/self/fd").iterdir()}


def mapped_files() -> set[Path]:
    """The files in the memory of this process; native code reads fonts there."""
    lines = Path("/proc/self/maps").read_text().splitlines()
    return {Path(path) for line in lines if (path := line[73:]).startswith("/")}


@pytest.fixture(scope="module")
def inspector() -> Iterator[Inspector]:
    with NamedTemporaryFile("w", prefix="") as canary:  # a short path: crowded pages take longer
        canary.write(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><text id="x">{MARKER}</text></svg>')
        canary.flush()
        yield Inspector(Path(canary.name))


def test_there_are_more_than_300_hostile_texts_and_logos():
    assert len({text for texts in TEXTS.values() for text in texts}) >= 300
    assert len({logo for _, _, logo in LOGOS}) >= 200


@pytest.mark.parametrize(
    "text", [pytest.param(text, id=f"{kind} {n}") for kind, texts in TEXTS.items() for n, text in enumerate(texts)]
)
def test_a_hostile_text_is_printed_literally_or_refused(text: str, inspector: Inspector):
    text = inspector.with_targets(text)
    with inspector.watching():
        try:
            document = certificate(text)
        except (MissingGlyph, DoesNotFit):
            return
    inspector.inspect(document, printable(text))
    if text.isascii():
        assert letters(page_text(document)).count(letters(text)) >= 3


def test_the_longest_accepted_text_is_printed_in_time(inspector: Inspector):
    stack = "\u1000\u1039\u1000\u1039\u1000\u1039\u1000"  # one grapheme cluster
    text = TypeAdapter(Printable).validate_python(stack * 200)
    with inspector.watching():
        document = certificate(text)
    inspector.inspect(document, text)


@pytest.mark.parametrize(
    "ending",
    ['"><img src=/CANARY>', "</a><a href=file:///CANARY>", "' onclick='x", ") >> /JS (x) (", "{{7*7}}"],
)
def test_a_hostile_verification_link_is_one_link_and_one_text(ending: str, inspector: Inspector):
    link = ANNA.verify_url + inspector.with_targets(ending)
    with inspector.watching():
        document = certificate("Ada Example", verify_url=link)
    inspector.inspect(document, "Ada Example", link)


@pytest.mark.parametrize("text", TOO_LONG.values(), ids=TOO_LONG)
def test_a_text_that_would_take_too_long_is_not_accepted(text: str):
    for place in (Printable, StepTitle, Language):
        with in_time(), pytest.raises(ValidationError):
            TypeAdapter(place).validate_python(text)


@pytest.mark.parametrize(
    ("media_type", "data"), [pytest.param(media_type, data, id=name) for media_type, name, data in LOGOS]
)
def test_a_hostile_logo_is_refused_or_harmless_on_a_certificate(media_type: str, data: bytes, inspector: Inspector):
    data = inspector.with_targets(data.decode("latin-1")).encode("latin-1")
    with inspector.watching():
        try:
            logo = sanitise(data, media_type)
            NORTHLIGHT.check_drawable(logo)
        except UnusableLogo:
            return
        document = certificate("Ada Example", logo)
    inspector.inspect(document, "Ada Example")
