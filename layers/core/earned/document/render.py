"""The document: one page from a design folder, the same bytes for the same record (DESIGN §3, I7)."""

import logging
import re
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import pydyf
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup
from weasyprint import CSS, HTML, Document
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from earned.document.fitting import DoesNotFit, largest
from earned.document.pdf_ua import Box, draw_code, finish, mend, tell
from earned.document.qr_code import QrCode
from earned.document.static_parts import StaticPart, save_graphics_state
from earned.document.wording import InvalidDesign, Wording, printable
from earned.domain.certificate import CertificateContent
from earned.domain.errors import UnusableLogo
from earned.domain.people import Logo

PAPERS = ("a4", "letter")


_SLOTS = ("holder", "company", "title")


_FULL_SIZE = dict.fromkeys(_SLOTS, 1.0)


BASE = "https://design.invalid/"  # relative addresses of a design resolve to here, and only the fetcher knows it


_LOGO = BASE + "logo"


_IMAGE_TYPES = {".svg": "image/svg+xml", ".png": "image/png"}


_PARTS = re.compile(r"(.*)(<head>.*</head>)(.*<body[^>]*>)(.*)<!-- live -->(.*)<!-- still -->(.*</body>.*)", re.DOTALL)


_TEXTS = {"h1", "h2", "h3", "p"}


_FONTS = FontConfiguration()


MAX_STATIC_PARTS = 64


_log = logging.getLogger("weasyprint")


_log.propagate = False  # it quotes the text it draws, and names are never logged


class MissingGlyph(Exception):
    """No font has a character that the certificate would print, told by its code point."""

    def __init__(self, code_point: str, where: str = "the certificate") -> None:
        super().__init__(f"{where} has {code_point}, which no font has")
        self.code_point = code_point


class _LogCapture(logging.Handler):
    """Keeps the warnings and errors of one page."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def raise_first(self) -> None:
        for message in (record.getMessage() for record in self.records):
            if message.startswith(".notdef"):
                code_point = message.rpartition("(")[2].rstrip(")")  # the message also quotes the character
                raise MissingGlyph(code_point)
            raise InvalidDesign(message)


@contextmanager
def _raise_weasyprint_warnings() -> Iterator[None]:
    """Turn what WeasyPrint only logs, a missing glyph or a refused image, into an exception."""
    heard = _LogCapture()
    _log.addHandler(heard)
    try:
        yield
    except FatalURLFetchingError as refused:  # a BaseException, which would end the whole batch
        raise InvalidDesign(str(refused.__cause__)) from refused
    finally:
        _log.removeHandler(heard)
    heard.raise_first()


class _Images(URLFetcher):  # type: ignore[misc]  # weasyprint has no types
    """The images of a design, perhaps a logo, from memory: no network, no file system, and a refusal stops the page."""

    def __init__(self, folder: Path) -> None:
        no_authorities = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # without it the machine's would be read, slowly
        super().__init__(ssl_context=no_authorities, allowed_protocols=(), fail_on_errors=True)
        paths = [path for path in folder.iterdir() if path.suffix in _IMAGE_TYPES]
        self._images = {BASE + path.name: (path.read_bytes(), _IMAGE_TYPES[path.suffix]) for path in paths}
        self._logo: Logo | None = None

    def with_logo(self, logo: Logo | None) -> "_Images":
        """These and a logo, as it is: a copy, so that no other page can get it."""
        images = copy(self)
        images._logo = logo
        return images

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
        if url == _LOGO and self._logo is not None:
            return URLFetcherResponse(url, self._logo.data, {"Content-Type": self._logo.media_type})
        if url not in self._images:
            raise PermissionError(f"{url} is not an image of the design")
        body, media_type = self._images[url]
        return URLFetcherResponse(url, body, {"Content-Type": media_type})


class _Sheet:
    """A filled template in three: what is still, what is live, and what is still again."""

    def __init__(self, html: str) -> None:
        parts = _PARTS.fullmatch(html)
        if parts is None:
            raise InvalidDesign("certificate.html needs <!-- live --> and later <!-- still --> in its body")
        top, head, body, before, live, after = parts.groups()
        # Only the live part has the head: it names the training, and nothing of it is on the page.
        self.before, self.live, self.after = top + body + before, top + head + body + live, top + body + after


class _Page:
    """One part of a page, laid out; `boxes` are those of the elements with an id."""

    def __init__(self, html: str, styles: list[CSS], images: _Images) -> None:
        source = HTML(string=html, base_url=BASE, url_fetcher=images)
        blocks = [element for element in source.etree_element.iter() if element.tag in _TEXTS]
        self._texts = [None if len(block) else " ".join((block.text or "").split()) for block in blocks]
        self._document = source.render(stylesheets=styles, font_config=_FONTS)
        [page] = self._document.pages
        self.boxes: Mapping[str, Box] = dict(page.anchors)
        page.anchors.clear()  # in the file they would only weigh

    def write(self, finisher: Callable[[pydyf.PDF], None], identifier: str = "", **metadata: object) -> bytes:
        """The PDF, tagged and archivable."""
        vars(self._document.metadata).update(metadata)

        def finish(_document: Document, pdf: pydyf.PDF) -> None:
            mend(pdf)
            tell(pdf, self._texts)
            finisher(pdf)

        variant = {"pdf_variant": "pdf/a-3a", "output_intent": ""}  # the finisher adds the intent
        data: bytes = self._document.write_pdf(finisher=finish, pdf_identifier=identifier.encode(), **variant)
        return data


@dataclass(frozen=True)
class _Drawn:
    """A still part, and the boxes in it that have an id."""

    still: StaticPart
    boxes: Mapping[str, Box]


class Design:
    """A folder with certificate.html, its style sheets, brand.toml, wording/ and the images they name, read once.

    The body of certificate.html is a sequence of absolutely positioned elements. Those between `<!-- live -->` and
    `<!-- still -->` show the record; the others are the same on many certificates and are drawn once.
    """

    def __init__(self, folder: Path) -> None:
        self.images = _Images(folder)
        self.wording = Wording(folder)
        self._folder = folder
        self._no_background = self._style("@page { background: none }")
        environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
        self._template = environment.from_string((folder / "certificate.html").read_text("utf-8"))
        self.styles = cache(self._read_styles)
        self.still = lru_cache(MAX_STATIC_PARTS)(self._drawn_still)

    def page(self, printed: CertificateContent) -> str:
        """The HTML of the whole page, its texts in full size."""
        code = QrCode(printed.verify_url).svg(self.wording.brand.colours.ink)
        texts = self.wording.texts(printed)
        return self._template.render(texts, scale=_FULL_SIZE, code=Markup(code))  # noqa: S704  # nothing but numbers

    def draw(self, printed: CertificateContent, logo: Logo | None) -> bytes:
        """The PDF of one page."""
        texts, words = self.wording.texts(printed), self.wording.words(printed)
        images, styles = self.images.with_logo(logo), [self.styles(printed.paper), self._no_background]

        def sheet(scale: Mapping[str, float] = _FULL_SIZE, **instead: str) -> _Sheet:
            return _Sheet(self._template.render({**texts, **instead}, scale=scale, code=""))

        def lay_out(scale: Mapping[str, float], **instead: str) -> _Page:
            return _Page(sheet(scale, **instead).live, styles, images)

        before = self.still(sheet().before, printed.paper)
        after = self.still(sheet().after, printed.paper, after=before.still.marks)
        page = _fitted(lay_out, before.boxes)
        if "code" not in page.boxes:
            raise InvalidDesign("certificate.html needs an element with the id code")

        def finisher(pdf: pydyf.PDF) -> None:
            draw_code(
                QrCode(printed.verify_url), self.wording.brand.colours.ink, page.boxes["code"], pdf, words["code"]
            )
            save_graphics_state(pdf)
            before.still.join(pdf)
            after.still.join(pdf)
            finish(pdf)

        description = f"{words['number']} {texts['number']}"
        return page.write(finisher, printed.certificate_id, authors=[words["provider"]], description=description)

    def draw_alone(self, logo: Logo) -> None:
        """Draw nothing but a logo."""
        _Page('<html lang="en"><img src=logo alt=logo>', [], self.images.with_logo(logo)).write(finish)

    def _style(self, css: str) -> CSS:
        with _raise_weasyprint_warnings():
            return CSS(string=css, base_url=BASE, url_fetcher=self.images, font_config=_FONTS)

    def _read_styles(self, paper: str) -> CSS:
        sheets = [(self._folder / name).read_text("utf-8") for name in ("certificate.css", f"{paper}.css")]
        return self._style(self.wording.brand.colour("\n".join(sheets)))

    def _drawn_still(self, html: str, paper: str, *, after: int = 0) -> _Drawn:
        styles = [self.styles(paper), self._no_background] if after else [self.styles(paper)]
        kept: list[StaticPart] = []
        with _raise_weasyprint_warnings():  # here, since what is kept is never complained of again
            page = _Page(html, styles, self.images)
            page.write(lambda pdf: kept.append(StaticPart(pdf, after=after)))
        return _Drawn(kept[0], page.boxes)


NORTHLIGHT = Design(Path(__file__).with_name("certificate"))


def render(printed: CertificateContent, logo: Logo | None = None, design: Design = NORTHLIGHT) -> bytes:
    """The PDF of one certificate, byte for byte the same for the same record and the logo that it names.

    Raises MissingGlyph, DoesNotFit or FaultyDesign instead of printing a page with a hole in it.
    """
    if printed.logo != (logo.sha256 if logo else None):
        raise ValueError("the logo is not the one that the record names")
    try:
        with _raise_weasyprint_warnings():
            return design.draw(printed, logo)
    except MissingGlyph as missing:
        raise MissingGlyph(missing.code_point, _where(missing.code_point, printed)) from None


def _where(code_point: str, printed: CertificateContent) -> str:
    """Which of the texts of a certificate has a character."""
    texts = {"name": printed.holder, "title": printed.title, "company's name": printed.company or ""}
    character = chr(int(code_point.removeprefix("U+"), 16))
    found = [f"the {name}" for name, text in texts.items() if character in printable(text)]
    return " and ".join(found) or "the wording"


def check_drawable(logo: Logo, design: Design = NORTHLIGHT) -> None:
    """Draw a logo by itself, so that no certificate has to find out that it cannot be; raises `UnusableLogo`."""
    try:
        with _raise_weasyprint_warnings():
            design.draw_alone(logo)
    except InvalidDesign as error:
        raise UnusableLogo("the logo cannot be drawn: simplify it or upload a PNG") from error


def _fitted(lay_out: Callable[..., _Page], slots: Mapping[str, Box]) -> _Page:
    """The page with every text at the largest scale at which it is not higher than its slot."""

    if missing := {f"{slot}-slot" for slot in _SLOTS} - slots.keys():
        raise InvalidDesign(f"certificate.html needs, before <!-- live -->, the ids {', '.join(sorted(missing))}")

    def fullness(slot: str, page: _Page) -> float:
        _, top, _, bottom = page.boxes.get(slot, (0, 0, 0, 0))
        _, ceiling, _, floor = slots[f"{slot}-slot"]
        return (bottom - top) / (floor - ceiling + 0.01)

    def fitting(slot: str) -> float:
        nothing_else = {other: "" for other in _SLOTS if other != slot}
        try:
            return largest(
                lambda scale: fullness(slot, lay_out({**_FULL_SIZE, slot: scale}, **nothing_else)), fullness(slot, page)
            )
        except DoesNotFit:
            raise DoesNotFit(f"the {slot} is too long for the certificate: shorten it in the portal") from None

    page = lay_out(_FULL_SIZE)
    scales = {slot: fitting(slot) for slot in _SLOTS}
    return page if scales == _FULL_SIZE else lay_out(scales)
