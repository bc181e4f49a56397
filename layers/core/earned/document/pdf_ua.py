"""The last hand on a PDF by WeasyPrint: what it cannot draw fast enough, tell or get right everywhere."""

import re
import unicodedata
import zlib
from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import Any

import pydyf

from earned.document.qr_code import QrCode
from earned.document.static_parts import Parts, compress

Box = tuple[float, float, float, float]  # left, top, right, bottom, in CSS pixels from the page's corner


_POINTS = 0.75  # to a CSS pixel


_SRGB = zlib.compress(files("weasyprint.pdf").joinpath("sRGB2014.icc").read_bytes(), 9)


# PDF/UA-1 (ISO 14289-1, clause 5), and its schema, which PDF/A-3 (ISO 19005-3, 6.6.2.3) does not know.
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


_RESOURCES = ("ExtGState", "XObject", "Pattern", "Shading")


def finish(pdf: pydyf.PDF) -> None:
    """Declare what it conforms to, once everything is on the page."""
    _add_output_intent(pdf)
    [metadata] = (item for item in _streams(pdf) if item.extra.get("Type") == "/Metadata")
    metadata.stream = [metadata.stream[0].replace(b"</rdf:RDF>", _ACCESSIBLE)]
    for item in _streams(pdf):
        compress(item)


def tell(pdf: pydyf.PDF, texts: Sequence[str | None]) -> None:
    """Keep the texts of all headings and paragraphs, in order, where glyphs are not one for one the letters they show.

    Who copies or searches gets the /ActualText (ISO 32000-1, 14.9.4) on the first line of such a text.
    """
    parts = Parts(pdf)
    lines = {item["MCID"]: item for item in parts.streams[0].stream if isinstance(item, pydyf.Dictionary)}
    blocks = (block for section in parts.sections for block in _blocks(pdf, section))
    for block, text in zip(blocks, texts, strict=True):
        if text and _is_composed(text):
            for place, mark in enumerate(_marks(pdf, block)):
                lines[mark]["ActualText"] = pydyf.String(text if place == 0 else "")


def _is_composed(text: str) -> bool:
    """Whether marks join its letters. From right to left they are left alone: extractors turn an /ActualText around."""
    kinds = {unicodedata.bidirectional(c) for c in text}
    return not kinds & {"R", "AL"} and any(unicodedata.category(c).startswith("M") for c in text)


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
    """Draw a QR code into a box of the page, in CSS pixels, as its last figure: its SVG would take far longer."""
    parts = Parts(pdf)
    left, top, right, bottom = box
    mark = len(parts.marked)
    channels = b" ".join(b"%.6f" % (channel / 255) for channel in bytes.fromhex(colour.removeprefix("#")))
    # In the very steps in which WeasyPrint would place an image, so that no edge is rounded otherwise.
    place = b"%f 0 0 %f 0 0 cm 1 0 0 1 %f %f cm" % (_POINTS, _POINTS, left, top)
    size = b"%f 0 0 %f 0 0 cm" % (2 * ((right - left) / code.size,))
    parts.streams[0].stream += [
        b"/Figure", pydyf.Dictionary({"MCID": mark}), b"BDC q", place, size, channels, b"rg", code.operators(),
        b"f Q EMC",
    ]  # fmt: skip
    figure = pydyf.Dictionary(
        {
            "Type": "/StructElem",
            "S": "/Figure",
            "K": pydyf.Array([mark]),
            "Pg": parts.page.reference,
            "P": parts.document.reference,
            "A": pydyf.Dictionary({"O": "/Layout", "BBox": pydyf.Array((left, top, right, bottom))}),
            "Alt": pydyf.String(alternative),
        }
    )
    pdf.add_object(figure)
    parts.document["K"].append(figure.reference)
    parts.marked.append(figure.reference)


def mend(pdf: pydyf.PDF) -> None:
    """Put right what WeasyPrint draws."""
    for item in _streams(pdf):
        content = [line.split()[-1] for line in item.stream if isinstance(line, bytes)]
        # An SVG's gradient is an opaque group, one tile large. Poppler loses a tile that touches its neighbour, and
        # only the first is seen.
        if item.extra.get("PatternType") == 1 and content == [b"gs", b"Do"]:
            item.extra["XStep"] *= 2
            item.extra["YStep"] *= 2
        if b"begincmap" in item.stream:
            # A glyph that is a part of a letter has no text of its own: the next best is an invisible one (ISO 14289-1,
            # 7.21.7).
            item.stream = [re.sub(rb"<>$", b"<200b>", line) for line in item.stream]
        if item.extra.get("Subtype") == "/Image":
            item.extra["Interpolate"] = "false"  # ISO 19005-3, 6.2.8.2
    for item in pdf.objects:
        if isinstance(item, pydyf.Dictionary) and item.keys() >= {*_RESOURCES}:
            for kind in _RESOURCES:
                if not item[kind]:
                    del item[kind]


def _add_output_intent(pdf: pydyf.PDF) -> None:
    """Say what the colours mean (ISO 19005-3, 6.2.3); WeasyPrint would parse the profile for each page anew."""
    profile = pydyf.Stream([_SRGB], {"N": 3, "Filter": "/FlateDecode"})
    pdf.add_object(profile)
    intent = {"Type": "/OutputIntent", "S": "/GTS_PDFA1", "DestOutputProfile": profile.reference}
    name = pydyf.String("sRGB IEC61966-2.1")
    intents = pydyf.Array([pydyf.Dictionary({**intent, "OutputConditionIdentifier": name, "Info": name})])
    pdf.catalog["OutputIntents"] = intents


def _streams(pdf: pydyf.PDF) -> Iterator[pydyf.Stream]:
    return (item for item in pdf.objects if isinstance(item, pydyf.Stream))
