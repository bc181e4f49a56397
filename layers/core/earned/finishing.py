"""The last hand on a PDF by WeasyPrint: what it cannot draw fast enough, tell or get right everywhere."""

from collections.abc import Iterator

import pydyf

from earned.frozen import Parts, compress
from earned.qr_code import QrCode

_POINTS = 0.75  # to a CSS pixel
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


def finish(pdf: pydyf.PDF) -> None:
    """Mend and declare, once everything is on the page."""
    mend_gradients(pdf)
    [metadata] = (item for item in _streams(pdf) if item.extra.get("Type") == "/Metadata")
    metadata.stream = [metadata.stream[0].replace(b"</rdf:RDF>", _ACCESSIBLE)]
    for item in _streams(pdf):
        compress(item)


def draw_code(
    code: QrCode, colour: str, box: tuple[float, float, float, float], pdf: pydyf.PDF, alternative: str
) -> None:
    """Draw a QR code into a box of the page, in CSS pixels, as its last figure; its SVG would take ten times as long."""
    parts = Parts(pdf)
    left, top, right, bottom = box
    mark = len(parts.marked)
    channels = b" ".join(b"%.6f" % (channel / 255) for channel in bytes.fromhex(colour.removeprefix("#")))
    scale = _POINTS * (right - left) / code.size
    place = b"%f 0 0 %f %f %f cm" % (scale, scale, _POINTS * left, _POINTS * top)
    parts.streams[0].stream += [
        b"/Figure", pydyf.Dictionary({"MCID": mark}), b"BDC q", place, channels, b"rg", code.operators(), b"f Q EMC",
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


def mend_gradients(pdf: pydyf.PDF) -> None:
    """Set the tiles of gradients apart: poppler loses one that touches its neighbour, and none but the first is seen."""
    for item in _streams(pdf):
        content = [line.split()[-1] for line in item.stream if isinstance(line, bytes)]
        # as WeasyPrint makes them of SVG: an opaque group, one tile large
        if item.extra.get("PatternType") == 1 and content == [b"gs", b"Do"]:
            item.extra["XStep"] *= 2
            item.extra["YStep"] *= 2


def _streams(pdf: pydyf.PDF) -> Iterator[pydyf.Stream]:
    return (item for item in pdf.objects if isinstance(item, pydyf.Stream))
