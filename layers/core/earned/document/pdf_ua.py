"""Changes to a PDF of WeasyPrint before it is written: PDF/UA and PDF/A-3 conformance, the QR code, and fixes."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import Any

import pydyf

from earned.document.compression import compressed
from earned.document.qr_code import QrCode
from earned.document.static_parts import TaggedPage, compress

Box = tuple[float, float, float, float]  # left, top, right, bottom, in CSS pixels from the page's corner
_POINTS = 0.75  # per CSS pixel
_SRGB = compressed(files("weasyprint.pdf").joinpath("sRGB2014.icc").read_bytes())
# The PDF/UA-1 identifier (ISO 14289-1, 5) and its schema, which PDF/A-3 demands (ISO 19005-3, 6.6.2.3).
_ACCESSIBLE = b"""<rdf:Description xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" rdf:about="" pdfuaid:part="1"/>
<rdf:Description xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#"
 rdf:about=""><pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA Universal Accessibility Schema</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix><pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:name>part</pdfaProperty:name><pdfaProperty:valueType>Integer</pdfaProperty:valueType>
<pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Part of ISO 14289</pdfaProperty:description>
</rdf:li></rdf:Seq></pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>
</rdf:RDF>"""
_TEXTS = {"/H1", "/H2", "/H3", "/P"}
_RIGHT_TO_LEFT = {"R", "AL"}
_RESOURCES = ("ExtGState", "XObject", "Pattern", "Shading")


def add_conformance(pdf: pydyf.PDF) -> None:
    """Declare PDF/A-3 and PDF/UA-1, and compress all streams; has to be the last change."""
    _add_output_intent(pdf)
    [metadata] = (item for item in _streams(pdf) if item.extra.get("Type") == "/Metadata")
    metadata.stream = [metadata.stream[0].replace(b"</rdf:RDF>", _ACCESSIBLE)]
    for item in _streams(pdf):
        compress(item)


def add_actual_text(pdf: pydyf.PDF, texts: Sequence[str | None]) -> None:
    """Add an /ActualText (ISO 32000-1, 14.9.4), for copying and searching, to texts whose glyphs differ from letters.

    `texts` are those of all headings and paragraphs, in order, None to leave one alone. The first line of a text gets
    the whole /ActualText, the others an empty one. Right-to-left texts are left alone: extractors reverse theirs.
    """
    page = TaggedPage(pdf)
    lines = {item["MCID"]: item for item in page.streams[0].stream if isinstance(item, pydyf.Dictionary)}
    blocks = (block for section in page.sections for block in _blocks(pdf, section))
    for block, text in zip(blocks, texts, strict=True):
        if text and not _RIGHT_TO_LEFT & {unicodedata.bidirectional(c) for c in text}:
            for place, mark in enumerate(_marks(pdf, block)):
                lines[mark]["ActualText"] = pydyf.String(text if place == 0 else "")


def _blocks(pdf: pydyf.PDF, element: Any) -> Iterator[Any]:
    if element["S"] in _TEXTS:
        yield element
    else:
        for kid in _kids(pdf, element):
            yield from _blocks(pdf, kid)


def _marks(pdf: pydyf.PDF, element: Any) -> Iterator[int]:
    yield from (kid for kid in element["K"] if isinstance(kid, int))
    for kid in _kids(pdf, element):
        yield from _marks(pdf, kid)


def _kids(pdf: pydyf.PDF, element: Any) -> Iterator[Any]:
    objects = (pdf.objects[int(kid.split()[0])] for kid in element["K"] if not isinstance(kid, int))
    return (kid for kid in objects if kid["Type"] == "/StructElem")


def draw_code(code: QrCode, colour: str, box: Box, pdf: pydyf.PDF, alternative: str) -> None:
    """Draw a QR code as the last figure of the page; WeasyPrint takes far longer to draw its SVG."""
    page = TaggedPage(pdf)
    left, top, right, bottom = box
    mark = len(page.marked)
    channels = b" ".join(b"%.6f" % (channel / 255) for channel in bytes.fromhex(colour.removeprefix("#")))
    # The same steps as WeasyPrint's for an image, so that every edge is rounded the same way.
    place = b"%f 0 0 %f 0 0 cm 1 0 0 1 %f %f cm" % (_POINTS, _POINTS, left, top)
    size = b"%f 0 0 %f 0 0 cm" % (2 * ((right - left) / code.size,))
    page.streams[0].stream += [
        b"/Figure", pydyf.Dictionary({"MCID": mark}), b"BDC q", place, size, channels, b"rg", code.operators(),
        b"f Q EMC",
    ]  # fmt: skip
    figure = pydyf.Dictionary(
        {
            "Type": "/StructElem",
            "S": "/Figure",
            "K": pydyf.Array([mark]),
            "Pg": page.page.reference,
            "P": page.document.reference,
            "A": pydyf.Dictionary({"O": "/Layout", "BBox": pydyf.Array((left, top, right, bottom))}),
            "Alt": pydyf.String(alternative),
        }
    )
    pdf.add_object(figure)
    page.document["K"].append(figure.reference)
    page.marked.append(figure.reference)


def fix_weasyprint_output(pdf: pydyf.PDF) -> None:
    for item in _streams(pdf):
        content = [line.split()[-1] for line in item.stream if isinstance(line, bytes)]
        # WeasyPrint draws an SVG's gradient as a tiling pattern of which one tile is visible. Poppler drops a tile
        # that touches its neighbour, so the neighbours are moved apart.
        if item.extra.get("PatternType") == 1 and content == [b"gs", b"Do"]:
            item.extra["XStep"] *= 2
            item.extra["YStep"] *= 2
        fill_empty_texts(item)
        if item.extra.get("Subtype") == "/Image":
            item.extra["Interpolate"] = "false"  # ISO 19005-3, 6.2.8.2
    for item in pdf.objects:
        if isinstance(item, pydyf.Dictionary) and item.keys() >= {*_RESOURCES}:
            for kind in _RESOURCES:
                if not item[kind]:
                    del item[kind]


def fill_empty_texts(stream: pydyf.Stream) -> None:
    """Every glyph needs a text (ISO 14289-1, 7.21.7): one that is part of a letter gets a zero-width space."""
    if b"begincmap" in stream.stream:
        stream.stream = [re.sub(rb"<>$", b"<200b>", line) for line in stream.stream]


def _add_output_intent(pdf: pydyf.PDF) -> None:
    """Add the sRGB profile (ISO 19005-3, 6.2.3), compressed once; WeasyPrint parses it again for each page."""
    profile = pydyf.Stream([_SRGB], {"N": 3, "Filter": "/FlateDecode"})
    pdf.add_object(profile)
    intent = {"Type": "/OutputIntent", "S": "/GTS_PDFA1", "DestOutputProfile": profile.reference}
    name = pydyf.String("sRGB IEC61966-2.1")
    intents = pydyf.Array([pydyf.Dictionary({**intent, "OutputConditionIdentifier": name, "Info": name})])
    pdf.catalog["OutputIntents"] = intents


def _streams(pdf: pydyf.PDF) -> Iterator[pydyf.Stream]:
    return (item for item in pdf.objects if isinstance(item, pydyf.Stream))
