import gzip
import hashlib
import os
import re
import socket
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile, PngImagePlugin
from weasyprint.urls import URLFetcher

from earned.document.logo import MAX_LOGO_BYTES, MAX_PIXELS, PRINTED_PIXELS, sanitise
from earned.document.render import NORTHLIGHT
from earned.domain.errors import UnusableLogo
from earned.domain.people import Logo
from tests.unit.document.in_time import in_time

SVG, PNG = "image/svg+xml", "image/png"
SHAPE = '<rect width="9" height="9" fill="#c01" />'
FILLED = '<rect width="9" height="9" fill="url(#g)"/>'
CLIPPED = '<rect width="9" height="9" clip-path="url(#c)"/>'
HARMLESS = re.compile(
    rb'<svg xmlns="http://www\.w3\.org/2000/svg"|</?(svg|defs|g|path|rect|circle|ellipse|line|linearGradient'
    rb"|radialGradient|stop|clipPath)\b| ?/?>"
    rb"| (id|width|height|viewBox|d|x|y|x1|y1|x2|y2|cx|cy|r|rx|ry|fx|fy|fr|offset|transform|gradient\w+|fill[-\w]*"
    rb'|stroke[-\w]*|stop-\w+|opacity|color|visibility|clip-path|spreadMethod)="(url\(#d\d+\)|[\w #%.,()+-]*)"'
)


def svg(inside: str = SHAPE, attributes: str = 'viewBox="0 0 10 10"', before: str = "") -> bytes:
    """An SVG with some content, in the namespaces that drawings use."""
    spaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f"{before}<svg {spaces} {attributes}>{inside}</svg>".encode()


def picture(mode: str = "RGB", size: tuple[int, int] = (40, 20), colour: object = None, **options: object) -> bytes:
    """A PNG of one colour."""
    file = BytesIO()
    Image.new(mode, size, colour).save(file, "PNG", **options)
    return file.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def claimed(width: int, height: int, body: bytes = b"") -> bytes:
    """A PNG with this size in its header and any pixels."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(body, 9)) + chunk(b"IEND", b"")


def two_headers() -> bytes:
    """A PNG with a second header, which Pillow uses."""
    plain = picture()
    second = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    return plain[:33] + second + plain[33:]


def kinds(png: bytes) -> set[bytes]:
    """The chunks of a PNG, to its very end."""
    found, rest = set(), png[8:]
    while rest:
        (length,) = struct.unpack(">I", rest[:4])
        found.add(rest[4:8])
        rest = rest[12 + length :]
    return found


def animation() -> bytes:
    """An APNG of many frames."""
    file = BytesIO()
    frames = [Image.new("RGB", (20, 20), (n * 20, 0, 0)) for n in range(10)]
    frames[0].save(file, "PNG", save_all=True, append_images=frames[1:])
    return file.getvalue()


def text_bomb() -> bytes:
    """A PNG with compressed texts that unfold to gigabytes."""
    plain = picture()
    bomb = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"\0" * 50_000_000, 9))
    return plain[:33] + bomb * 5 + plain[33:]


def of_type(format_: str) -> bytes:
    """A picture in another format."""
    file = BytesIO()
    Image.new("RGB", (20, 20)).save(file, format_)
    return file.getvalue()


def laughs() -> bytes:
    """The billion-laughs attack: nested entities."""
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return svg("<text>&l9;</text>", before=f'<!DOCTYPE svg [<!ENTITY l0 "ha">{entities}]>')


def used(levels: int = 12, times: int = 10, what: str = "use") -> bytes:
    """A shape used ten times by a group that is used ten times by a group..."""
    groups = [f'<g id="u0">{SHAPE}</g>']
    uses = [f'<use href="#u{n}"/>' * times for n in range(levels)]
    groups += [f'<g id="u{n}">{uses[n - 1]}</g>' for n in range(1, levels)]
    return svg(f'<defs>{"".join(groups)}</defs><{what} xlink:href="#u{levels - 1}"/>')


def styled(style: str) -> bytes:
    """A shape with a stylesheet."""
    return svg(f'<style>{style}</style><rect class="a" width="9" height="9"/>')


SVGS: dict[str, bytes] = {
    "script": svg(f"<script>fetch('https://evil.example')</script>{SHAPE}"),
    "script with an address": svg(f'<script href="https://evil.example/x.js"/>{SHAPE}'),
    "script in cdata": svg(f"<script><![CDATA[alert(1)]]></script>{SHAPE}"),
    "script of another vocabulary": svg(f'<h:script xmlns:h="http://www.w3.org/1999/xhtml">x</h:script>{SHAPE}'),
    "nested script": svg(f"<g><defs><script>1</script></defs>{SHAPE}</g>"),
    "load handler": svg(attributes='viewBox="0 0 10 10" onload="alert(1)"'),
    "click handler": svg('<rect width="9" height="9" onclick="alert(1)"/>'),
    "handler in capitals": svg('<rect width="9" height="9" ONMOUSEOVER="alert(1)"/>'),
    "animation handler": svg(f'<set attributeName="onload" to="alert(1)"/>{SHAPE}'),
    "animated address": svg(
        '<a><animate attributeName="href" values="javascript:alert(1)"/><rect width="9" height="9"/></a>'
    ),
    "foreign object": svg(
        '<foreignObject><body xmlns="http://www.w3.org/1999/xhtml"><img src="x"/></body></foreignObject>'
    ),
    "iframe": svg(f'<iframe xmlns="http://www.w3.org/1999/xhtml" src="file:///etc/passwd"/>{SHAPE}'),
    "embed": svg(f'<embed src="file:///etc/passwd"/>{SHAPE}'),
    "javascript link": svg(f'<a href="javascript:alert(1)">{SHAPE}</a>'),
    "javascript xlink": svg(f'<a xlink:href="javascript:alert(1)">{SHAPE}</a>'),
    "image from a file": svg('<image href="file:///etc/passwd" width="9" height="9"/>'),
    "image from the net": svg('<image xlink:href="http://169.254.169.254/latest/" width="9" height="9"/>'),
    "image in data": svg('<image href="data:image/svg+xml;base64,PHN2Zy8+" width="9" height="9"/>'),
    "image in an image": svg('<feImage href="file:///etc/passwd"/>' + SHAPE),
    "use from the net": svg('<use href="https://evil.example/a.svg#x"/>'),
    "use from a file": svg('<use xlink:href="file:///etc/passwd#x"/>'),
    "use of data": svg('<use href="data:image/svg+xml,%3Csvg id=x/%3E#x"/>'),
    "use without a scheme": svg('<use href="//evil.example/a.svg#x"/>'),
    "use of a relative file": svg('<use href="border.svg#x"/>'),
    "gradient from elsewhere": svg(
        f'<linearGradient id="g" href="http://evil.example/#g"><stop/></linearGradient>{FILLED}'
    ),
    "fill from elsewhere": svg('<rect width="9" height="9" fill="url(http://evil.example/#g)"/>'),
    "fill from a quoted elsewhere": svg("<rect width='9' height='9' fill='url(\"file:///etc/passwd\")'/>"),
    "clip from elsewhere": svg('<rect width="9" height="9" clip-path="url(file:///a.svg#c)"/>'),
    "mask from elsewhere": svg('<rect width="9" height="9" mask="url(http://evil.example/#m)"/>'),
    "filter from elsewhere": svg('<rect width="9" height="9" filter="url(http://evil.example/#f)"/>'),
    "marker from elsewhere": svg('<path d="M0 0L9 9" marker-end="url(http://evil.example/#m)"/>'),
    "cursor": svg('<rect width="9" height="9" cursor="url(http://evil.example/c.cur)"/>'),
    "style with an address": svg('<rect width="9" height="9" style="fill:url(http://evil.example/)"/>'),
    "style with a background": svg('<rect width="9" height="9" style="background:url(file:///etc/passwd)"/>'),
    "style with an expression": svg('<rect width="9" height="9" style="width:expression(alert(1))"/>'),
    "style with a binding": svg('<rect width="9" height="9" style="-moz-binding:url(http://evil.example/x)"/>'),
    "style with escapes": svg(r'<rect width="9" height="9" style="fill:\75rl(http://evil.example/)"/>'),
    "style with a comment": svg('<rect width="9" height="9" style="fill:ur/**/l(http://evil.example/)"/>'),
    "stylesheet import": styled("@import url(http://evil.example/a.css);.a{fill:red}"),
    "stylesheet import without url": styled("@import 'file:///etc/passwd';"),
    "stylesheet font": styled("@font-face{font-family:x;src:url(file:///etc/passwd)}"),
    "stylesheet fill": styled(".a{fill:url(http://evil.example/#x)}"),
    "stylesheet escape": styled(r".a{fill:\75 rl(http://evil.example/#x)}"),
    "stylesheet selectors": styled('.a[fill^="x"]{fill:red}'),
    "stylesheet nesting": styled("@media all{.a{fill:red}}"),
    "stylesheet instruction": svg(before='<?xml-stylesheet href="http://evil.example/a.css"?>'),
    "link": svg(f'<link xmlns="http://www.w3.org/1999/xhtml" rel="attachment" href="file:///etc/passwd"/>{SHAPE}'),
    "base": svg(attributes='viewBox="0 0 10 10" xml:base="file:///etc/"'),
    "text": svg("<text>\U0010fffd</text>"),
    "text in a font from elsewhere": svg('<text font-family="url(http://evil.example/f)">x</text>'),
    "entity": svg("<text>&e;</text>", before='<!DOCTYPE svg [<!ENTITY e "x">]>'),
    "entity from a file": svg("<text>&e;</text>", before='<!DOCTYPE svg [<!ENTITY e SYSTEM "file:///etc/passwd">]>'),
    "entity in an attribute": svg('<rect width="&e;" height="9"/>', before='<!DOCTYPE svg [<!ENTITY e "9">]>'),
    "parameter entity": svg(before='<!DOCTYPE svg [<!ENTITY % p SYSTEM "http://evil.example/x.dtd"> %p;]>'),
    "type definition from elsewhere": svg(before='<!DOCTYPE svg SYSTEM "http://evil.example/x.dtd">'),
    "default attributes": svg(before='<!DOCTYPE svg [<!ATTLIST rect onload CDATA "alert(1)">]>'),
    "undeclared entity": svg("<text>&nbsp;</text>"),
    "billion laughs": laughs(),
    "quadratic laughs": svg("&e;" * 9_000, before=f'<!DOCTYPE svg [<!ENTITY e "{"x" * 9_000}">]>'),
    "inclusion": svg(f'<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>{SHAPE}'),
    "use of itself": svg('<g id="a"><use href="#a"/></g>'),
    "use of each other": svg('<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g>'),
    "use of the root": svg('<use href="#r"/>', attributes='id="r" viewBox="0 0 10 10"'),
    "use tenfold": used(),
    "use a thousandfold": used(levels=2, times=9_000),
    "use of a symbol of itself": svg('<symbol id="s"><use href="#s"/></symbol><use href="#s"/>'),
    "gradient of itself": svg(f'<linearGradient id="g" href="#g"><stop/></linearGradient>{FILLED}'),
    "gradients of each other": svg(f'<linearGradient id="g" href="#h"/><linearGradient id="h" href="#g"/>{FILLED}'),
    "gradient without end": svg(
        '<linearGradient id="g" spreadMethod="repeat" gradientUnits="userSpaceOnUse" x2=".000001">'
        f'<stop/><stop offset="1"/></linearGradient>{FILLED}'
    ),
    "clip of itself": svg(f'<clipPath id="c">{CLIPPED}</clipPath>{CLIPPED}'),
    "clips of each other": svg(
        '<clipPath id="c" clip-path="url(#d)"><rect width="9" height="9"/></clipPath>'
        f'<clipPath id="d" clip-path="url(#c)"><rect width="9" height="9"/></clipPath>{CLIPPED}'
    ),
    "clips by the thousand": svg(
        f'<clipPath id="c">{SHAPE * 1_000}</clipPath>' + '<rect width="9" height="9" clip-path="url(#c)"/>' * 1_000
    ),
    "clips by use": svg(f'<g id="s">{SHAPE * 800}</g><clipPath id="c"><use href="#s"/></clipPath>{CLIPPED * 800}'),
    "long clips": svg(f'<clipPath id="c"><path d="M0 0{"L1 1" * 6_000}"/></clipPath>{CLIPPED * 500}'),
    "stops by the thousand": svg(f'<linearGradient id="g">{"<stop/>" * 900}</linearGradient>{FILLED * 900}'),
    "pattern": svg(
        '<pattern id="p" width=".0001" height=".0001"><rect/></pattern><rect width="9" height="9" fill="url(#p)"/>'
    ),
    "mask": svg('<mask id="m"><rect mask="url(#m)"/></mask><rect width="9" height="9" mask="url(#m)"/>'),
    "filter": svg(
        '<filter id="f"><feGaussianBlur stdDeviation="999999"/></filter><rect width="9" height="9" filter="url(#f)"/>'
    ),
    "dashes by the million": svg('<path d="M0 0H1000000" stroke="red" stroke-dasharray=".0001"/>'),
    "huge drawing": svg(attributes='viewBox="0 0 1e300 1e300"'),
    "huge size": svg(attributes='width="99999999999" height="99999999999"'),
    "huge numbers": svg('<path d="M1e400 0L-1e400 1e308z" fill="red" opacity=".5"/>'),
    "no size": svg(attributes=""),
    "no area": svg(attributes='viewBox="0 0 0 10"'),
    "negative area": svg(attributes='viewBox="0 0 -5 -10"'),
    "not numbers": svg('<rect width="NaN" height="Infinity"/>'),
    "path after its end": svg('<path d="M0 0z1 1" opacity=".5"/>'),
    "path without a start": svg('<path d="L1 1" opacity=".5"/>'),
    "path that breaks off": svg('<path d="M0 0C1 1 2" opacity=".5"/>'),
    "arc to where it starts": svg('<path d="M1 1A5 5 0 0 1 1 1A0 0 0 0 1 5 5A-1 1e-300 0 1 1 3 3" opacity=".5"/>'),
    "path with junk": svg('<path d="M0 0 javascript:alert(1)"/>'),
    "path of half a megabyte": svg(f'<path d="M0 0{"l1 1" * 120_000}" opacity=".5"/>'),
    "path without spaces": svg(f'<path d="M0 0a{"0" * 400_000}"/>'),
    "path of arcs without spaces": svg(f'<path d="M0 0a{"1-1+1" * 80_000}"/>'),
    "path of ends": svg(f'<path d="M0 0{"z" * 400_000}"/>'),
    "long path used often": svg(f'<path id="p" d="M0 0{"z" * 200_000}"/>' + '<use href="#p"/>' * 2_900),
    "points without end": svg(f'<polygon points="{"1," * 200_000}" opacity=".5"/>'),
    "one point": svg('<polyline points="1" opacity=".5"/>'),
    "digits without end": svg(f'<rect width="{"1" * 400_000}x" height="9"/>'),
    "classes without end": svg(
        f'<rect id="r" class="{"a " * 200_000}" width="9" height="9"/>' + '<use href="#r"/>' * 2_900
    ),
    "styles without end": svg(
        f'<rect id="r" style="{"fill:red;" * 40_000}" width="9" height="9"/>' + '<use href="#r"/>' * 2_900
    ),
    "comments without end": styled("/*" * 200_000),
    "stylesheet without braces": styled("a" * 400_000),
    "rules without end": styled(".a{}" * 100_000),
    "declarations without end": svg(f"<style>*{{{'fill:red;' * 40_000}}}</style>{SHAPE * 1_000}"),
    "declarations of all sorts": svg(
        f"<style>*{{{''.join(f'p{n}:x;' for n in range(40_000))}}}</style>{f'<g>{SHAPE}</g>' * 1_000}"
    ),
    "transforms without end": svg(f'<rect width="9" height="9" transform="{"rotate(1)" * 40_000}"/>'),
    "transform to nothing": svg('<rect width="9" height="9" transform="scale(0)"/>'),
    "gradient to nothing": svg(
        '<linearGradient id="g" gradientTransform="matrix(1 1 1 1 0 0)"><stop/><stop offset="1"/></linearGradient>'
        '<rect width="9" height="9" fill="url(#g)"/>'
    ),
    "transform without arguments": svg('<rect width="9" height="9" transform="rotate()"/>'),
    "deep": svg("<g>" * 30_000 + SHAPE + "</g>" * 30_000),
    "deep and transparent": svg('<g opacity=".9">' * 50 + SHAPE + "</g>" * 50),
    "wide": svg("<g/>" * 100_000),
    "titles used often": svg(f'<g id="t">{"<title/>" * 9_000}</g>' + '<use href="#t"/>' * 2_000),
    "gradients without end": svg(
        "".join(f'<linearGradient id="g{n}" href="#g{n + 1}"/>' for n in range(9_000))
        + "".join(f'<rect width="9" height="9" fill="url(#g{n})"/>' for n in range(2_000))
    ),
    "attributes without end": svg("<rect " + " ".join(f'a{n}=""' for n in range(50_000)) + "/>"),
    "namespaces": svg(f'<x:g xmlns:x="urn:x">{SHAPE}</x:g>{SHAPE}'),
    "no namespace": b'<svg viewBox="0 0 9 9"><rect width="9" height="9"/></svg>',
    "html": b"<!DOCTYPE html><html><script>alert(1)</script></html>",
    "not xml": b"%PDF-1.7",
    "empty": b"",
    "zeros": bytes(1000),
    "cut off": svg()[:-8],
    "two roots": svg() + svg(),
    "followed by a page": svg() + b"<html><script>alert(1)</script></html>",
    "gzip": gzip.compress(svg()),
    "gzip bomb": gzip.compress(bytes(100_000_000)),
    "a png": picture(),
    "UTF-7": b'<?xml version="1.0" encoding="UTF-7"?>' + svg(),
    "unknown encoding": b'<?xml version="1.0" encoding="x-evil"?>' + svg(),
    "encoding of many bytes": b'<?xml version="1.0" encoding="shift_jis"?>' + svg(),
    "UTF-16": svg(f"<script>alert(1)</script>{SHAPE}").decode().encode("utf-16"),
    "EBCDIC": b'<?xml version="1.0" encoding="cp037"?>' + svg(),
    "too large": svg(f"<!--{'x' * MAX_LOGO_BYTES}-->{SHAPE}"),
}
PNGS: dict[str, bytes] = {
    "100 megapixels": claimed(10_000, 10_000, bytes(100_000)),
    "four gigapixels": claimed(65_535, 65_535),
    "no width": claimed(0, 5),
    "no picture": claimed(5, 5),
    "two headers": two_headers(),
    "header only": picture()[:33],
    "half a header": picture()[:20],
    "cut off": picture("RGB", (400, 400))[:-200],
    "damaged": picture("RGB", (400, 400))[:60] + b"\xff" * 20 + picture("RGB", (400, 400))[80:],
    "text bomb": text_bomb(),
    "animation": animation(),
    "followed by a page": picture() + b"<script>alert(1)</script>",
    "followed by an archive": picture() + b"PK\x03\x04" + bytes(500),
    "jpeg": of_type("JPEG"),
    "gif": of_type("GIF"),
    "tiff": of_type("TIFF"),
    "webp": of_type("WEBP"),
    "postscript": of_type("EPS"),
    "an svg": svg(),
    "empty": b"",
    "signature": b"\x89PNG\r\n\x1a\n",
    "random": b"\x89PNG\r\n\x1a\n" + hashlib.shake_128(b"x").digest(5000),
    "too large": picture() + bytes(MAX_LOGO_BYTES),
}
HOSTILE = [(SVG, name, data) for name, data in SVGS.items()] + [(PNG, name, data) for name, data in PNGS.items()]


def sanitise_and_draw(data: bytes, media_type: str) -> Logo | UnusableLogo:
    """The sanitised logo, which can be drawn, or the error that refuses it."""
    try:
        logo = sanitise(data, media_type)
        NORTHLIGHT.check_drawable(logo)
    except UnusableLogo as refused:
        return refused
    return logo


@pytest.mark.parametrize(("media_type", "data"), [pytest.param(m, d, id=f"{m[6:9]} {n}") for m, n, d in HOSTILE])
def test_a_hostile_logo_is_refused_or_harmless_and_never_slow(
    media_type: str, data: bytes, monkeypatch: pytest.MonkeyPatch
):
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("something was fetched")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(URLFetcher, "open", refuse)
    with in_time():
        logo = sanitise_and_draw(data, media_type)
    if isinstance(logo, UnusableLogo):
        assert re.fullmatch("[^:<>&]+: [^:<>&]+", str(logo))  # the fault and the remedy, without quoting the file
        assert not re.search("evil|alert|passwd", str(logo))
        return
    assert sanitise(logo.data, media_type) == logo
    if media_type == SVG:
        assert HARMLESS.sub(b"", logo.data) == b""
    else:
        assert kinds(logo.data) <= {b"IHDR", b"IDAT", b"IEND"}


def test_logos_with_invisible_hostile_content_are_accepted_without_it():
    for name in ("script", "load handler", "javascript link", "type definition from elsewhere", "inclusion"):
        assert SHAPE.encode() in sanitise(SVGS[name], SVG).data
    for name in ("animation", "followed by a page", "followed by an archive"):
        assert sanitise(PNGS[name], PNG)


@pytest.mark.parametrize("accepted", [True, False])
def test_a_truncated_png_is_refused_even_if_the_process_accepts_them(accepted: bool, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", accepted)
    file = BytesIO()
    Image.effect_noise((300, 100), 90).save(file, "PNG")
    whole = file.getvalue()
    for end in range(40, len(whole) - 100, len(whole) // 40):
        with pytest.raises(UnusableLogo, match="broken"):
            sanitise(whole[:end], PNG)
    assert ImageFile.LOAD_TRUNCATED_IMAGES is accepted


@pytest.mark.parametrize("media_type", ["image/jpeg", "image/gif", "text/html", "image/svg", "", "IMAGE/PNG"])
def test_other_media_types_are_refused(media_type: str):
    with pytest.raises(UnusableLogo, match="media type"):
        sanitise(picture(), media_type)


@pytest.mark.parametrize(
    ("mode", "colour", "seen"),
    [
        ("1", 1, (255, 255, 255)),
        ("L", 128, (128, 128, 128)),
        ("P", 0, (0, 0, 0)),
        ("RGB", (10, 20, 30), (10, 20, 30)),
        ("RGBA", (10, 20, 30, 255), (10, 20, 30)),
        ("RGBA", (10, 20, 30, 90), (10, 20, 30, 90)),
        ("LA", (128, 90), (128, 128, 128, 90)),
        ("I;16", 32_896, (128, 128, 128)),
    ],
)
def test_a_png_keeps_its_colours_in_eight_bits(mode: str, colour: object, seen: tuple[int, ...]):
    logo = sanitise(picture(mode, colour=colour), PNG)
    with Image.open(BytesIO(logo.data)) as image:
        assert image.mode == ("RGBA" if len(seen) == 4 else "RGB")
        assert image.getpixel((3, 3)) == seen


@pytest.mark.parametrize("size", [(4000, 10), (10, 4000), (3999, 3999), (801, 401), (1, 1), (800, 400)])
def test_a_png_is_scaled_down_to_the_printed_size_in_proportion(size: tuple[int, int]):
    logo = sanitise(picture(size=size), PNG)
    with Image.open(BytesIO(logo.data)) as image:
        assert image.width <= PRINTED_PIXELS[0]
        assert image.height <= PRINTED_PIXELS[1]
        scale = min(1, PRINTED_PIXELS[0] / size[0], PRINTED_PIXELS[1] / size[1])
        assert image.size == tuple(max(1, round(side * scale)) for side in size)
    assert sanitise(logo.data, PNG) == logo


def test_only_the_pixels_of_a_png_are_kept():
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Author", "Invented Person")
    exif = Image.Exif()
    exif[0x010E] = "somewhere"
    logo = sanitise(picture(pnginfo=texts, exif=exif, dpi=(300, 300), icc_profile=b"x" * 200), PNG)
    assert kinds(logo.data) == {b"IHDR", b"IDAT", b"IEND"}


@pytest.mark.parametrize("size", [(4000, 4000), (3999, 4001), (1, 16_000_000)])
def test_a_png_of_sixteen_million_pixels_is_accepted(size: tuple[int, int]):
    assert size[0] * size[1] <= MAX_PIXELS
    assert sanitise(picture("L", size, 1), PNG)


@pytest.mark.parametrize("size", [(4000, 4001), (16_000_001, 1), (5000, 5000)])
def test_a_png_of_more_pixels_is_refused_before_it_is_decoded(size: tuple[int, int]):
    """Pillow itself refuses above 178 million pixels, which take 1.3 GB."""
    data = picture("1", size)
    assert len(data) < MAX_LOGO_BYTES / 10
    with pytest.raises(UnusableLogo, match=r"^the PNG has no pixels or more than 16,000,000: "):
        sanitise(data, PNG)
    with pytest.raises(UnusableLogo, match=r"more than 16,000,000"):
        sanitise(data[: data.index(b"IDAT")], PNG)  # nothing to decode


@pytest.mark.parametrize("more", [-1, 0, 1])
@pytest.mark.parametrize(
    ("whole", "media_type"),
    [
        (lambda size: (some := picture()) + bytes(size - len(some)), PNG),
        (lambda size: svg(f"<!--{'é' * ((size - len(svg('<!---->' + SHAPE))) // 2)}-->{SHAPE}").ljust(size), SVG),
    ],
    ids=["png", "svg in two bytes a letter"],
)
def test_a_logo_is_bounded_in_bytes(whole: Callable[[int], bytes], media_type: str, more: int):
    data = whole(MAX_LOGO_BYTES + more)
    assert len(data) == MAX_LOGO_BYTES + more
    if more > 0:
        with pytest.raises(UnusableLogo, match=r"^the file is larger than 512 KB: "):
            sanitise(data, media_type)
    else:
        assert sanitise(data, media_type)


ILLUSTRATED = b"""<?xml version="1.0" encoding="utf-8"?>
<!-- Generator: an illustration program, SVG Export Plug-In . SVG Version: 6.00 Build 0)  -->
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<svg version="1.1" id="Layer_1" xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" x="0px"
 y="0px" viewBox="0 0 200 100" style="enable-background:new 0 0 200 100;" xml:space="preserve">
<style type="text/css">
  .st0{clip-path:url(#SVGID_2_);}  /* a comment */
  .st1,.st2{fill:#1D3F5E;stroke-miterlimit:10;}
  #dot{fill:url(#SVGID_3_);stroke:none}
</style>
<g><defs><rect id="SVGID_1_" x="10" y="10" width="90" height="80"/></defs>
<clipPath id="SVGID_2_"><use xlink:href="#SVGID_1_" style="overflow:visible;"/></clipPath>
<g class="st0"><path class="st1" d="M10,10h90v80H10V10z M20.5.5c0,1-1,1,.5.5"/></g></g>
<linearGradient id="SVGID_3_" gradientUnits="userSpaceOnUse" x1="120" y1="0" x2="180" y2="0">
<stop offset="0" style="stop-color:#B08D4C"/><stop offset="100%" style="stop-color:#FFFEFB;stop-opacity:.5"/>
</linearGradient>
<circle id="dot" class="st2" cx="150" cy="50" r="3mm"/>
</svg>"""


def test_an_export_of_an_illustration_program_is_printed():
    logo = sanitise(ILLUSTRATED, SVG)
    assert logo.data.decode() == (
        '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="100" viewBox="0 0 200 100"><defs>'
        '<clipPath id="d0"><g><rect x="10" y="10" width="90" height="80" /></g></clipPath>'
        '<linearGradient id="d1" gradientUnits="userSpaceOnUse" x1="120" y1="0" x2="180" y2="0">'
        '<stop offset="0" stop-color="#b08d4c" /><stop offset="1" stop-color="#fffefb" stop-opacity="0.5" />'
        '</linearGradient></defs><g><g clip-path="url(#d0)">'
        '<path d="M10 10L100 10L100 90L10 90L10 10ZM20.5 0.5C20.5 1.5 19.5 1.5 21 1" fill="#1d3f5e"'
        ' stroke-miterlimit="10" /></g></g>'
        '<circle cx="150" cy="50" r="11.338583" fill="url(#d1)" stroke="none" stroke-miterlimit="10" /></svg>'
    )
    assert sanitise(logo.data, SVG) == logo
    NORTHLIGHT.check_drawable(logo)


@pytest.mark.parametrize(
    ("raw", "rebuilt"),
    [
        ('<use href="#s" x="3" y="4" transform="scale(2)"/>', '<g transform="scale(2) translate(3 4)">{s}</g>'),
        ('<use href="#s" fill="red"/>', '<g fill="red">{s}</g>'),
        ('<a href="#top"><use href="#s"/></a>', "<g><g>{s}</g></g>"),
        ('<polygon points="1,2 3,4 5,6,7"/>', '<path d="M1 2L3 4L5 6L1 2Z" />'),
        ('<polyline points="1-2 3 4"/>', '<path d="M1 -2L3 4" />'),
        ('<rect width="50%" height="1in" rx="auto"/>', '<rect width="50%" height="96" />'),
        ('<circle r="-1" fill="RED"/>', '<circle r="0" fill="red" />'),
        ('<rect fill="url(#missing) #FFF" />', '<rect fill="#fff" />'),
        ('<rect fill="url(#missing)" opacity="150%"/>', '<rect opacity="1" fill="none" />'),
        ('<rect fill="inherit" clip-path="url(#missing)"/>', "<rect />"),
        ('<path d="M1 1q1 1 2 0"/>', '<path d="M1 1C1.666667 1.666667 2.333333 1.666667 3 1" />'),
        ('<g display="none"><text>x</text></g>', ""),
        ('<g style="display:none"><text>x</text></g>', ""),
    ],
)
def test_drawings_are_rebuilt_from_plain_shapes(raw: str, rebuilt: str):
    shape = '<rect width="1" height="1" />'
    logo = sanitise(svg(f'<defs><rect id="s" width="1" height="1"/></defs>{raw}<line/>'), SVG)
    start = '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10" viewBox="0 0 10 10">'
    assert logo.data.decode() == start + rebuilt.format(s=shape) + "<line /></svg>"
    assert sanitise(logo.data, SVG) == logo


def test_ids_outrank_classes_which_outrank_elements_which_outrank_attributes():
    rules = "#i{fill:#111}.c{fill:#222;stroke:#222}rect{fill:#333;stroke:#333;opacity:.3}*{color:#444;fill:#444}"
    drawn = svg(f'<style>{rules}</style><rect id="i" class="c" fill="#555" color="#555" style="opacity:.6"/>')
    assert b'<rect opacity="0.6" fill="#111" stroke="#222" color="#444" />' in sanitise(drawn, SVG).data


@pytest.mark.parametrize(
    "inside",
    [
        f'<path fill="url(#g)" stroke="url(#g)" opacity=".5" d="M0 0{"L1 1" * 6_800}"/>' * 2,
        '<rect fill="url(#g)" stroke="url(#g)" width="1" height="1" opacity=".5"/>' * 600,
        '<rect width="1" height="1"/>' * 1_900,
        "<g transform='scale(.9)'>" * 20 + '<rect width="1" height="1"/>' * 1_800 + "</g>" * 20,
    ],
    ids=["long paths", "gradients", "shapes", "groups"],
)
def test_the_largest_accepted_drawings_are_drawn_in_time(inside: str):
    gradient = '<linearGradient id="g"><stop/><stop offset="1"/></linearGradient>'
    with in_time():
        logo = sanitise(svg(f'{gradient}<g opacity=".5"><g opacity=".5">{inside}</g></g>'), SVG)
        NORTHLIGHT.check_drawable(logo)
    assert len(logo.data) > 40_000


def test_the_name_of_a_logo_is_the_digest_of_its_bytes():
    logo = sanitise(svg(), SVG)
    assert logo.sha256 == hashlib.sha256(logo.data).hexdigest()
    assert "rect" not in repr(logo)


def test_a_logo_is_sanitised_to_the_same_bytes_in_any_process():
    root = Path(__file__).parents[3]
    ask = (
        "from tests.unit.document.test_logo import ILLUSTRATED, picture, sanitise, SVG, PNG\n"
        "print(sanitise(ILLUSTRATED, SVG).sha256, sanitise(picture('RGBA', (900, 700), (1, 2, 3, 4)), PNG).sha256)"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "4242", "PYTHONPATH": f"{root}:{root / 'layers/core'}"}
    done = subprocess.run([sys.executable, "-c", ask], env=environment, capture_output=True, text=True, check=True)
    here = sanitise(ILLUSTRATED, SVG), sanitise(picture("RGBA", (900, 700), (1, 2, 3, 4)), PNG)
    assert done.stdout.split() == [logo.sha256 for logo in here]


NUMBERS = st.one_of(
    st.integers(-50, 50).map(str), st.floats(-99, 99).map(str), st.sampled_from(["0", "1e-9", "1e5", ".5", "-0"])
)
WORDS = st.sampled_from(["none", "red", "#0af", "inherit", "url(#a)", "url(#b)", "50%", "evenodd", "currentColor", ""])
PATHS = st.lists(
    st.tuples(st.sampled_from("MmLlHhVvCcSsQqTtAaZz"), st.lists(NUMBERS, max_size=7)).map(
        lambda p: p[0] + " ".join(p[1])
    ),
    max_size=6,
).map(lambda parts: "M1 1" + "".join(parts))
NAMES = [
    *(
        "fill",
        "stroke",
        "stroke-width",
        "opacity",
        "clip-path",
        "x",
        "y",
        "width",
        "height",
        "r",
        "rx",
        "cx",
        "x1",
        "x2",
    ),
    *("offset", "stop-color", "gradientUnits", "visibility", "fill-rule", "id", "href"),
]
ATTRIBUTES = st.dictionaries(
    st.sampled_from(NAMES),
    st.one_of(NUMBERS, WORDS, st.sampled_from(["userSpaceOnUse", "a", "b", "#a", "#b", "hidden"])),
    max_size=5,
)
ELEMENTS = st.recursive(
    st.builds(
        lambda name, given, d: (name, {**given, "d": d} if name == "path" else given, []),
        st.sampled_from(["rect", "circle", "ellipse", "line", "path", "use", "stop"]), ATTRIBUTES, PATHS,
    ),
    lambda inner: st.tuples(
        st.sampled_from(["g", "linearGradient", "radialGradient", "clipPath"]), ATTRIBUTES, st.lists(inner, max_size=4)
    ),
    max_leaves=8,
)  # fmt: skip


def written(element: tuple[str, dict[str, str], list]) -> str:
    """An element as text."""
    name, given, children = element
    attributes = "".join(f' {key}="{value}"' for key, value in given.items())
    return f"<{name}{attributes}>{''.join(map(written, children))}</{name}>"


@settings(deadline=None, max_examples=60)
@given(st.lists(ELEMENTS, min_size=1, max_size=4))
def test_a_rebuilt_drawing_is_plain_and_drawable_and_is_rebuilt_to_itself(elements: list):
    try:
        logo = sanitise(svg("".join(map(written, elements))), SVG)
    except UnusableLogo:
        return
    assert HARMLESS.sub(b"", logo.data) == b""
    assert sanitise(logo.data, SVG) == logo
    NORTHLIGHT.check_drawable(logo)
