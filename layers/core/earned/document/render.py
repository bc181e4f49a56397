"""A certificate's PDF: one page from a design folder, the same bytes for the same content (I7)."""

import earned.document.weasyprint_start  # noqa: F401  # before WeasyPrint

# isort: split
import logging
import os
import re
import ssl
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import pydyf
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup
from weasyprint import CSS, HTML, Document
from weasyprint.formatting_structure.boxes import TextBox
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from earned.document.attachments import attach_credential
from earned.document.compiled import Compile, CompiledPage, CompiledPages, FilledTemplate
from earned.document.credential import Attachment
from earned.document.deployed_designs import DEPLOYED_DESIGNS, FOLDER, DesignFolder
from earned.document.fitting import DoesNotFit, largest
from earned.document.mark_positions import unplaced_mark
from earned.document.marks import bound_marks
from earned.document.missing_glyph import MissingGlyph
from earned.document.pdf_ua import (
    Box,
    add_actual_text,
    add_conformance,
    draw_code,
    fix_weasyprint_output,
)
from earned.document.qr_code import QrCode
from earned.document.static_parts import StaticPart, save_graphics_state
from earned.document.wording import InvalidDesign, Wording, printable
from earned.domain.certificate import CertificateContent
from earned.domain.errors import UnusableLogo
from earned.domain.people import Logo
from earned.domain.training import DEFAULT_DESIGN

PAPERS = ("a4", "letter")
BASE = "https://design.invalid/"  # relative addresses of a design resolve to it; only `_Images` serves it
MAX_STATIC_PARTS = 64
MAX_LETTER_SPACING = 0.1  # of the font size: wider gaps are spaces to pdfium and pdf.js
_SLOTS = ("holder", "company", "title")
_FULL_SIZE = dict.fromkeys(_SLOTS, 1.0)
_LOGO = BASE + "logo"
_IMAGE_TYPES = {".svg": "image/svg+xml", ".png": "image/png"}
_SECTIONS = re.compile(
    r"(.*)(<head>.*</head>)(.*<body[^>]*>)(.*)<!-- dynamic -->(.*)<!-- static -->(.*</body>.*)", re.DOTALL
)
_TEXTS = {"h1", "h2", "h3", "p"}
# fontTools dates the fonts that it writes, which are those with emoji.
os.environ["SOURCE_DATE_EPOCH"] = "0"
_log = logging.getLogger("weasyprint")
_log.propagate = False  # WeasyPrint quotes the drawn text; names are never logged


class _LogCapture(logging.Handler):
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
    """Raise what WeasyPrint only logs, such as a missing glyph or a refused image."""
    capture = _LogCapture()
    _log.addHandler(capture)
    try:
        yield
    except FatalURLFetchingError as refused:  # a BaseException, which would end the batch
        raise InvalidDesign(str(refused.__cause__)) from refused
    finally:
        _log.removeHandler(capture)
    capture.raise_first()


class _Images(URLFetcher):  # type: ignore[misc]  # weasyprint has no types
    """The images of a design and at most one logo, from memory; any other address is refused."""

    def __init__(self, files: DesignFolder) -> None:
        no_authorities = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # by default, the system's are read, which is slow
        super().__init__(ssl_context=no_authorities, allowed_protocols=(), fail_on_errors=True)
        paths = [path for path in files.paths("*") if path.suffix in _IMAGE_TYPES]
        self._images = {BASE + path.name: (path.read_bytes(), _IMAGE_TYPES[path.suffix]) for path in paths}
        self._logo: Logo | None = None

    def with_logo(self, logo: Logo | None) -> "_Images":
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


class _Sections:
    """A filled template as three pages: static elements before, the dynamic ones, static elements after."""

    def __init__(self, html: str) -> None:
        sections = _SECTIONS.fullmatch(html)
        if sections is None:
            raise InvalidDesign("certificate.html needs <!-- dynamic --> and later <!-- static --> in its body")
        top, head, body, before, dynamic, after = sections.groups()
        # The invisible head names the training, so the shared static pages omit it.
        self.before, self.dynamic, self.after = top + body + before, top + head + body + dynamic, top + body + after


class _Page:
    """One section of a certificate, laid out; `boxes` are those of the elements with an id."""

    def __init__(self, html: str, styles: list[CSS], images: _Images, fonts: FontConfiguration) -> None:
        source = HTML(string=html, base_url=BASE, url_fetcher=images)
        self._document = source.render(stylesheets=styles, font_config=fonts)
        [page] = self._document.pages
        self._boxes = list(page._page_box.descendants(placeholders=True))
        blocks = [element for element in source.etree_element.iter() if element.tag in _TEXTS]
        spaced = {box.element for box in self._boxes if _is_letter_spaced(box)}
        self._texts = [_actual_text(block, is_spaced=block in spaced) for block in blocks]
        self.is_scaled = False
        self.boxes: Mapping[str, Box] = dict(page.anchors)
        page.anchors.clear()  # WeasyPrint would write them into the file

    def check_marks(self) -> None:
        """Raises `MissingGlyph` for a mark that its font would print on another letter."""
        if mark := unplaced_mark(self._boxes):
            raise MissingGlyph(f"U+{ord(mark):04X}", fault="which no font places on its letter")

    def write(self, finisher: Callable[[Document, pydyf.PDF], None], identifier: str = "", **metadata: object) -> bytes:
        vars(self._document.metadata).update(metadata)

        def finish(document: Document, pdf: pydyf.PDF) -> None:
            fix_weasyprint_output(pdf)
            add_actual_text(pdf, self._texts)
            finisher(document, pdf)

        variant = {"pdf_variant": "pdf/a-3a", "output_intent": ""}  # `add_conformance` adds the intent
        data: bytes = self._document.write_pdf(finisher=finish, pdf_identifier=identifier.encode(), **variant)
        return data


class _DrawnPart(NamedTuple):
    part: StaticPart
    boxes: Mapping[str, Box]


class Design:
    """A folder with certificate.html, its style sheets, brand.toml, wording/ and the images they name, read once.

    The body of certificate.html is a sequence of absolutely positioned elements. Those between `<!-- dynamic -->` and
    `<!-- static -->` show the content of one certificate; the others are the same on many and are drawn once.
    All caches belong to the object: a new one starts cold.
    """

    def __init__(self, folder: Path, compiled: CompiledPages | None = None) -> None:
        self._files = DesignFolder(folder)
        self.compiled = compiled or CompiledPages()
        self.images = _Images(self._files)
        self.wording = Wording(folder)
        self._fonts = FontConfiguration()
        self._no_background = self._style("@page { background: none }")
        environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
        self._template = environment.from_string(self._files.path("certificate.html").read_text("utf-8"))
        self.styles = cache(self._read_styles)
        self.static_part = lru_cache(MAX_STATIC_PARTS)(self._draw_static_part)

    def render(
        self, content: CertificateContent, logo: Logo | None = None, credential: Attachment | None = None
    ) -> bytes:
        """The same bytes for the same content, the logo that it names, and the credential.

        Raises `MissingGlyph`, `DoesNotFit` or `InvalidDesign` rather than print an incomplete page.
        """
        if content.logo != (logo.sha256 if logo else None):
            raise ValueError("the logo is not the one that the content names")
        try:
            with _raise_weasyprint_warnings():
                return self._draw(content, logo, credential)
        except MissingGlyph as missing:
            raise MissingGlyph(missing.code_point, _where(missing.code_point, content), missing.fault) from None

    def check_drawable(self, logo: Logo) -> None:
        """Draw a logo alone, before it is printed on a certificate; raises `UnusableLogo`."""
        try:
            with _raise_weasyprint_warnings():
                images = self.images.with_logo(logo)
                _Page('<html lang="en"><img src=logo alt=logo>', [], images, self._fonts).write(
                    lambda _, pdf: add_conformance(pdf)
                )
        except InvalidDesign as error:
            raise UnusableLogo("the logo cannot be drawn: simplify it or upload a PNG") from error

    def page(self, content: CertificateContent) -> str:
        code = QrCode(content.verify_url).svg(self.wording.brand.colours.ink)
        texts = self.wording.texts(content)
        return self._template.render(texts, scale=_FULL_SIZE, code=Markup(code))  # noqa: S704  # numbers only

    def _draw(self, content: CertificateContent, logo: Logo | None, credential: Attachment | None) -> bytes:
        texts, words = self.wording.texts(content), self.wording.words(content)
        sections = self._sections(texts)
        metadata = {"authors": [words["provider"]], "description": f"{words['number']} {texts['number']}"}

        def complete(pdf: pydyf.PDF) -> None:
            if credential is not None:
                attach_credential(pdf, credential)
            add_conformance(pdf)

        def draw_by(compiled: CompiledPage) -> bytes:
            return compiled.draw(filled, complete, content.certificate_id, **metadata)

        def draw_in_full(compile_page: Compile) -> bytes:
            def finisher(document: Document, pdf: pydyf.PDF) -> None:
                code, ink = QrCode(content.verify_url), self.wording.brand.colours.ink
                draw_code(code, ink, page.boxes["code"], pdf, words["code"])
                save_graphics_state(pdf)
                before.part.join(pdf)
                after.part.join(pdf)
                if not page.is_scaled:
                    compile_page(document, pdf)
                complete(pdf)

            before = self.static_part(sections.before, content.paper)
            after = self.static_part(sections.after, content.paper, after=before.part.marks)
            page = self._lay_out(content, texts, logo, before.boxes)
            return page.write(finisher, content.certificate_id, **metadata)

        filled = FilledTemplate.divide(sections.dynamic, sections.before, sections.after, content.paper, content.logo)
        return self.compiled.draw(filled, draw_by, draw_in_full)

    def _lay_out(
        self, content: CertificateContent, texts: Mapping[str, Any], logo: Logo | None, slots: Mapping[str, Box]
    ) -> _Page:
        images, styles = self.images.with_logo(logo), [self.styles(content.paper), self._no_background]

        def lay_out(scale: Mapping[str, float], **replaced: str) -> _Page:
            return _Page(self._sections({**texts, **replaced}, scale).dynamic, styles, images, self._fonts)

        for slot in _SLOTS:
            bound_marks(slot, texts[slot] or "")
        page = _fitted(lay_out, slots)
        page.check_marks()
        if "code" not in page.boxes:
            raise InvalidDesign("certificate.html needs an element with the id code")
        return page

    def _sections(self, texts: Mapping[str, object], scale: Mapping[str, float] = _FULL_SIZE) -> _Sections:
        return _Sections(self._template.render(texts, scale=scale, code=""))

    def _style(self, css: str) -> CSS:
        with _raise_weasyprint_warnings():
            return CSS(string=css, base_url=BASE, url_fetcher=self.images, font_config=self._fonts)

    def _read_styles(self, paper: str) -> CSS:
        sheets = [self._files.path(name).read_text("utf-8") for name in ("certificate.css", f"{paper}.css")]
        return self._style(self.wording.brand.colour("\n".join(sheets)))

    def _draw_static_part(self, html: str, paper: str, *, after: int = 0) -> _DrawnPart:
        styles = [self.styles(paper), self._no_background] if after else [self.styles(paper)]
        parts: list[StaticPart] = []
        with _raise_weasyprint_warnings():  # inside the cached function, so that a part with a warning is not cached
            page = _Page(html, styles, self.images, self._fonts)
            page.write(lambda _, pdf: parts.append(StaticPart(pdf, after=after)))
        return _DrawnPart(parts[0], page.boxes)


class Designs:
    """The design folders in a folder, each read when a certificate first names it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._design = cache(self._read)

    def render(
        self, content: CertificateContent, logo: Logo | None = None, credential: Attachment | None = None
    ) -> bytes:
        """Raises as `Design.render` does."""
        return self._design(content.design).render(content, logo, credential)

    def take_faults(self, name: str) -> list[str]:
        """Of the compiled pages of a design that has drawn a certificate."""
        return self._design(name).compiled.take_faults()

    def check_drawable(self, logo: Logo) -> None:
        """Raises `UnusableLogo`; all designs draw a logo alike."""
        self._design(DEFAULT_DESIGN).check_drawable(logo)

    def _read(self, name: str) -> Design:
        if name not in DEPLOYED_DESIGNS:
            raise InvalidDesign(f"the design {name} is not deployed")
        return NORTHLIGHT if name == DEFAULT_DESIGN else Design(self._folder / name)


NORTHLIGHT = Design(FOLDER / DEFAULT_DESIGN)
DESIGNS = Designs(FOLDER)


def _is_letter_spaced(box: Any) -> bool:
    """Whether viewers take the gaps between a box's letters for spaces, so that no search finds its words."""
    spacing = box.style["letter_spacing"]
    return isinstance(box, TextBox) and spacing != "normal" and spacing > MAX_LETTER_SPACING * box.style["font_size"]


def _actual_text(block: Any, *, is_spaced: bool) -> str | None:
    """The text of a block without elements in it, if its glyphs do not spell it: spaced letters or combining marks."""
    text = None if len(block) else " ".join((block.text or "").split())
    has_signs = any(unicodedata.category(c).startswith("M") for c in text or "")
    return text if is_spaced or has_signs else None


def _where(code_point: str, content: CertificateContent) -> str:
    texts = {"name": content.holder, "title": content.title, "company's name": content.company or ""}
    character = chr(int(code_point.removeprefix("U+"), 16))
    found = [f"the {name}" for name, text in texts.items() if character in printable(text)]
    return " and ".join(found) or "the wording"


def _fitted(lay_out: Callable[..., _Page], slots: Mapping[str, Box]) -> _Page:
    if missing := {f"{slot}-slot" for slot in _SLOTS} - slots.keys():
        raise InvalidDesign(f"certificate.html needs, before <!-- dynamic -->, the ids {', '.join(sorted(missing))}")

    def fullness(slot: str, page: _Page) -> float:
        _, top, _, bottom = page.boxes.get(slot, (0, 0, 0, 0))
        _, ceiling, _, floor = slots[f"{slot}-slot"]
        return (bottom - top) / (floor - ceiling + 0.01)

    def fitting(slot: str) -> float:
        others = {other: "" for other in _SLOTS if other != slot}
        try:
            return largest(
                lambda scale: fullness(slot, lay_out({**_FULL_SIZE, slot: scale}, **others)), fullness(slot, page)
            )
        except DoesNotFit:
            raise DoesNotFit(f"the {slot} is too long for the certificate: shorten it in the portal") from None

    page = lay_out(_FULL_SIZE)
    scales = {slot: fitting(slot) for slot in _SLOTS}
    if scales == _FULL_SIZE:
        return page
    scaled = lay_out(scales)
    scaled.is_scaled = True
    return scaled
