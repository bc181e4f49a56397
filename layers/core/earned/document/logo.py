"""Sanitise a company's logo (A6): decode and encode a PNG again, rebuild an SVG from allowed shapes."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

from PIL import Image, ImageFile

from earned.document import svg_sanitizer
from earned.domain.errors import UnusableLogo
from earned.domain.people import MAX_LOGO_BYTES, Logo

MAX_PIXELS = 16_000_000
PRINTED_PIXELS = (800, 400)  # width and height; over 300 dpi at the printed size
_PNG_START = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"


def sanitise(data: bytes, media_type: str) -> Logo:
    """Idempotent: a sanitised logo stays the same.

    Raises `UnusableLogo` if it is too large, broken, of another type than `media_type`, or would print differently.
    """
    if len(data) > MAX_LOGO_BYTES:
        raise UnusableLogo(f"the file is larger than {MAX_LOGO_BYTES // 1024} KB: export it smaller")
    match media_type:
        case "image/png":
            return Logo(_png(data), media_type)
        case "image/svg+xml":
            return Logo(svg_sanitizer.rebuild(data), media_type)
        case _:
            raise UnusableLogo("the media type is not one that is printed: upload an SVG or a PNG")


def _png(data: bytes) -> bytes:
    if not data.startswith(_PNG_START):
        raise UnusableLogo("the file is not a PNG: export it as one")
    _bound(*struct.unpack(">II", data[16:24].ljust(8, b"\0")))
    try:
        with _truncation_refused(), Image.open(BytesIO(data), formats=["PNG"]) as image:
            _bound(*image.size)  # a second header may give another size
            return _encoded(_plain(image))
    except UnusableLogo:
        raise
    except Exception as error:  # Pillow raises many types for a broken file
        raise UnusableLogo("the PNG is broken: export it again") from error


def _bound(width: int, height: int) -> None:
    if not 0 < width * height <= MAX_PIXELS:
        raise UnusableLogo(f"the PNG has no pixels or more than {MAX_PIXELS:,}: export it at {PRINTED_PIXELS[0]} wide")


@contextmanager
def _truncation_refused() -> Iterator[None]:
    """WeasyPrint lets Pillow accept truncated files in the whole process."""
    accepted = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = accepted


def _plain(image: Image.Image) -> Image.Image:
    """The first frame in eight bits a channel, with an alpha channel only if it is not opaque."""
    image.load()
    if image.mode.startswith("I"):
        image = image.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    image.thumbnail(PRINTED_PIXELS, Image.Resampling.LANCZOS)
    if image.mode == "RGBA" and image.getchannel("A").getextrema() == (255, 255):
        image = image.convert("RGB")
    return image


def _encoded(image: Image.Image) -> bytes:
    """The pixels alone, without metadata, so that equal pixels have equal bytes."""
    image.info.clear()
    file = BytesIO()
    image.save(file, format="PNG", optimize=True)
    return file.getvalue()
