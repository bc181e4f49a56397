"""The document: one page from a design folder, the same bytes for the same record (DESIGN §3, I7)."""

import logging
from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import Any

import pydyf
import segno
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup
from weasyprint import CSS, HTML, Document
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from earned.frozen import Drawings
from earned.models import Logo, Printed, UnusableLogo
from earned.wording import FaultyDesign, Wording

_SCALES = tuple(round(0.93**step, 3) for step in range(28))  # of a slot's font size, down to 14 %
PAPERS = ("a4", "letter")
_SLOTS = ("holder", "company", "title")
_BASE = "https://design.invalid/"  # relative addresses of a design resolve to here, and only the fetcher knows it
_LOGO = _BASE + "logo"
_IMAGE_TYPES = {".svg": "image/svg+xml", ".png": "image/png"}
_FONTS = FontConfiguration()

LayOut = Callable[[dict[str, float]], Document]

_log = logging.getLogger("weasyprint")
_log.propagate = False  # it quotes the text it draws, and names are never logged


class MissingGlyph(Exception):
    """No font has a character that the certificate would print."""


class DoesNotFit(Exception):
    """A text is too long for its place even at the smallest size."""


class _Heard(logging.Handler):
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
                raise MissingGlyph(f"no font has {code_point}: add a font that has it to the layer's fonts.txt")
            raise FaultyDesign(message)


@contextmanager
def _complaints_raised() -> Iterator[None]:
    """Turn what WeasyPrint only logs, a missing glyph or a refused image, into an exception."""
    heard = _Heard()
    _log.addHandler(heard)
    try:
        yield
    except FatalURLFetchingError as refused:  # a BaseException, which would end the whole batch
        raise FaultyDesign(str(refused.__cause__)) from refused
    finally:
        _log.removeHandler(heard)
    heard.raise_first()


class _Images(URLFetcher):  # type: ignore[misc]  # weasyprint has no types
    """The images of a design, perhaps a logo, from memory: no network, no file system, and a refusal stops the page."""

    def __init__(self, folder: Path) -> None:
        super().__init__(allowed_protocols=(), fail_on_errors=True)
        paths = [path for path in folder.iterdir() if path.suffix in _IMAGE_TYPES]
        self._images = {_BASE + path.name: (path.read_bytes(), _IMAGE_TYPES[path.suffix]) for path in paths}
        self.addresses = self._images.keys()
        self.drawings = Drawings()
        self._logo: Logo | None = None

    def with_logo(self, logo: Logo | None) -> "_Images":
        """These and a logo, as it is: a copy, since a new fetcher would first read the machine's certificates."""
        images = copy(self)
        images._logo = logo
        return images

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
        if url == _LOGO and self._logo is not None:
            return URLFetcherResponse(url, self._logo.data, {"Content-Type": self._logo.media_type})
        if url not in self._images:
            raise PermissionError(f"{url} is not an image of the design")
        body, media_type = self._images[url]
        if media_type == _IMAGE_TYPES[".svg"]:
            body = self.drawings.serve(url, body)
        return URLFetcherResponse(url, body, {"Content-Type": media_type})


class _Layout:
    """The images of a design as they stand on the page, with a logo or without, drawn once and kept."""

    def __init__(self, folder: Path) -> None:
        self.images = _Images(folder)
        # Only the design's own images are kept, so this cannot grow with the certificates.
        self._parsed: dict[str, Any] = {}

    def page(self, fill: Callable[[dict[str, float]], str], styles: CSS, logo: Logo | None) -> LayOut:
        """A page to lay out, not yet drawn; `fill` makes its HTML for a scale of the font size of each slot.

        A logo is forgotten with its page, so that no other company's page can get it.
        """
        images = self.images.with_logo(logo)
        parsed = dict(self._parsed)

        def laid_out(scale: dict[str, float]) -> Document:
            html = HTML(string=fill(scale), base_url=_BASE, url_fetcher=images)
            document = html.render(stylesheets=[styles], font_config=_FONTS, cache=parsed)
            self._parsed.update((url, parsed[url]) for url in self.images.addresses & parsed.keys())
            return document

        return laid_out

    def write(self, document: Document, identifier: str) -> bytes:
        """The PDF of a page."""
        first = not self.images.drawings.complete
        pdf: bytes = document.write_pdf(
            finisher=self._finish, pdf_variant="pdf/ua-1", pdf_identifier=identifier.encode()
        )
        if first:
            self._parsed.clear()  # from now on the images are served without what was drawn
        return pdf

    def _finish(self, document: Document, pdf: pydyf.PDF) -> None:
        self.images.drawings.finish(document, pdf)
        for drawn in pdf.objects:
            if isinstance(drawn, pydyf.Stream) and _is_gradient(drawn):
                # poppler loses a tile that touches its neighbour; none but the first is ever seen
                drawn.extra["XStep"] *= 2
                drawn.extra["YStep"] *= 2


class Design:
    """A folder with certificate.html, its style sheets, brand.toml, wording/ and the images they name, read once."""

    def __init__(self, folder: Path) -> None:
        self._layouts = {(paper, logo): _Layout(folder) for paper in PAPERS for logo in (False, True)}
        self.wording = Wording(folder)
        environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
        self._template = environment.from_string((folder / "certificate.html").read_text("utf-8"))
        self._styles = {paper: self._read_styles(folder, paper) for paper in PAPERS}

    def _read_styles(self, folder: Path, paper: str) -> CSS:
        sheets = [(folder / name).read_text("utf-8") for name in ("certificate.css", f"{paper}.css")]
        styles = self.wording.brand.colour("\n".join(sheets))
        images = self._layouts[paper, False].images
        with _complaints_raised():
            return CSS(string=styles, base_url=_BASE, url_fetcher=images, font_config=_FONTS)

    def draw(self, printed: Printed, logo: Logo | None) -> bytes:
        """The PDF of one page."""
        layout, styles = self._layouts[printed.paper, logo is not None], self._styles[printed.paper]
        texts = self.wording.texts(printed)
        texts["code"] = _code(printed.verify_url, texts["words"]["code"], self.wording.brand.colours.ink)
        document = _fitted(layout.page(lambda scale: self._template.render(texts, scale=scale), styles, logo))
        document.pages[0].anchors.clear()  # they measured the slots and would only weigh in the file
        return layout.write(document, printed.certificate_id)

    def draw_alone(self, logo: Logo) -> None:
        """Draw nothing but a logo."""
        images = self._layouts[PAPERS[0], True].images.with_logo(logo)
        HTML(string="<img src=logo alt=logo>", base_url=_BASE, url_fetcher=images).write_pdf()


NORTHLIGHT = Design(Path(__file__).with_name("certificate"))


def render(printed: Printed, logo: Logo | None = None, design: Design = NORTHLIGHT) -> bytes:
    """The PDF of one certificate, byte for byte the same for the same record and the logo that it names.

    Raises MissingGlyph, DoesNotFit or FaultyDesign instead of printing a page with a hole in it.
    """
    if printed.logo != (logo.sha256 if logo else None):
        raise ValueError("the logo is not the one that the record names")
    with _complaints_raised():
        return design.draw(printed, logo)


def prove(logo: Logo, design: Design = NORTHLIGHT) -> None:
    """Draw a logo by itself, so that no certificate has to find out that it cannot be; raises `UnusableLogo`."""
    try:
        with _complaints_raised():
            design.draw_alone(logo)
    except FaultyDesign as error:
        raise UnusableLogo("the logo cannot be drawn: simplify it or upload a PNG") from error


def _is_gradient(drawn: pydyf.Stream) -> bool:
    """Whether it is a pattern as WeasyPrint makes it of an SVG gradient: an opaque group, one tile large."""
    content = [item.split()[-1] for item in drawn.stream if isinstance(item, bytes)]
    return drawn.extra.get("PatternType") == 1 and content == [b"gs", b"Do"]


def _code(url: str, alternative: str, colour: str) -> Markup:
    """The QR code as inline SVG; the mask is fixed because choosing one costs three quarters of the time."""
    code = segno.make(url, error="m", micro=False, boost_error=False, mask=3)
    svg = code.svg_inline(border=0, dark=colour, title=alternative, omitsize=True)
    return Markup(svg)  # noqa: S704  # segno's own output: the address is in the modules only


def _fitted(lay_out: LayOut) -> Document:
    """The page with every text at the largest scale at which it stays within its slot."""
    scale = dict.fromkeys(_SLOTS, _SCALES[0])
    document = lay_out(scale)
    crowded = [slot for slot in _SLOTS if not _fits(document, slot)]
    for slot in crowded:
        scale[slot] = _largest(slot, scale, lay_out)
    return lay_out(scale) if crowded else document


def _largest(slot: str, scale: dict[str, float], lay_out: LayOut) -> float:
    step = bisect_left(_SCALES, True, key=lambda tried: _fits(lay_out({**scale, slot: tried}), slot))
    if step == len(_SCALES):
        raise DoesNotFit(f"the {slot} is too long for the certificate: shorten it in the portal")
    return _SCALES[step]


def _fits(document: Document, slot: str) -> bool:
    anchors = document.pages[0].anchors
    if slot not in anchors:
        return True
    _, top, _, bottom = anchors[slot]
    _, ceiling, _, floor = anchors[f"{slot}-slot"]
    return bool(bottom - top <= floor - ceiling + 0.01)
