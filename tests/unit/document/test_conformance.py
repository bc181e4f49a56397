"""Every kind of certificate, checked by independent tools: a screen-reader checker, PDF/A validators, a decoder."""

import dataclasses
import io
import json
import subprocess
import unicodedata
from datetime import UTC, date, datetime
from pathlib import Path

import pikepdf
import pikepdf.pdfa
import pypdfium2
import pytest
import zxingcpp
from PIL import Image, ImageChops
from weasyprint import HTML

from earned.document.credential import Attachment
from earned.document.render import BASE, DESIGNS, NORTHLIGHT, Design
from earned.document.wording import printable
from earned.domain.certificate import CertificateContent
from earned.domain.people import Logo
from earned.domain.training import TrainingKind
from tests.unit.document.test_pdf import ANNA, FOLDER, LONG_NAME, drawing, picture
from tools.design.preview.samples import certificates, names

ROOT = Path(__file__).parents[3]
SIGNED = Attachment((ROOT / "docs/examples/credential.json").read_bytes(), datetime(2026, 11, 14, 15, 4, 5, tzinfo=UTC))
OUTLOUD = ROOT / ".venv" / "conformance" / "bin" / "outloud"
EVENT = dataclasses.replace(ANNA, kind=TrainingKind.LIVE_EVENT, holder="Bo", company=None, hours=None)
DRAWN, GRADED, PAINTED, CLEAR = drawing("#123"), drawing("url(#g)"), picture((9, 9, 9)), picture((9, 9, 9, 99))
KINDS: dict[str, tuple[CertificateContent, Logo | None]] = {
    "course": (ANNA, None),
    "live event": (EVENT, None),
    "long": (dataclasses.replace(ANNA, holder=LONG_NAME, title="Strategic Alignment and Governance, " * 8), None),
    "arabic name": (dataclasses.replace(ANNA, holder="ليلى نور", language="ar"), None),
    "thai name": (dataclasses.replace(ANNA, holder="มีรา ลอร์น้ำ " * 5), None),
    "plain design": (dataclasses.replace(ANNA, design="plain"), None),
    "marked name": (dataclasses.replace(ANNA, holder="Ọlọ́runfẹ́mi", company="شركة ١٢٣ ش.م.م."), None),
    "emoji": (dataclasses.replace(ANNA, title="Fire 🧯 and 👩‍🚀 3️⃣"), None),
    "days": (dataclasses.replace(EVENT, first_day=date(2026, 11, 12)), None),
    "letter": (dataclasses.replace(EVENT, paper="letter"), None),
    "japanese name": (dataclasses.replace(EVENT, holder="林 花子", language="ja"), None),
    **{
        f"{name} logo": (dataclasses.replace(ANNA, logo=logo.sha256), logo)
        for name, logo in [("drawn", DRAWN), ("graded", GRADED), ("painted", PAINTED), ("clear", CLEAR)]
    },
}


# A certificate in each language and for each script.
SAMPLES: dict[str, tuple[CertificateContent, Logo | None]] = {
    **{sample.name: (sample.content, sample.logo) for sample in certificates(NORTHLIGHT.wording.languages)},
    **{script: (content, None) for script, content in names().items()},
}
# Where pdfium, which is in most browsers, gets a copied name out of order: marks over letters that run from
# right to left, letters beyond the basic plane, and lines in two directions.
COPIED_IN_DISORDER = {"Urdu", "Thaana", "NKo", "Adlam", "Hanifi Rohingya", "Chakma", "Two directions"}


@pytest.fixture(scope="module")
def documents() -> dict[str, bytes]:
    """One document of every kind and sample, with a credential as every issued document has it."""
    return {kind: DESIGNS.render(content, logo, SIGNED) for kind, (content, logo) in (KINDS | SAMPLES).items()}


@pytest.mark.skipif(not OUTLOUD.exists(), reason="`make test` installs it")
def test_the_accessibility_checker_has_no_findings(documents: dict[str, bytes], tmp_path: Path):
    paths = [tmp_path / f"{kind}.pdf" for kind in documents]
    for path, document in zip(paths, documents.values(), strict=True):
        path.write_bytes(document)
    report = tmp_path / "report.json"
    subprocess.run([OUTLOUD, "--json", report, "--fail-on", "never", *paths], check=True, capture_output=True)
    results = json.loads(report.read_text())["results"]
    assert {Path(file["path"]).stem: file["findings"] for file in results} == {kind: [] for kind in documents}


@pytest.mark.parametrize("kind", KINDS | SAMPLES)
def test_the_pdf_syntax_is_valid(kind: str, documents: dict[str, bytes]):
    with pikepdf.open(io.BytesIO(documents[kind])) as document:
        assert document.check_pdf_syntax() == []


@pytest.mark.parametrize("kind", KINDS | SAMPLES)
def test_the_document_conforms_to_pdf_a_3(kind: str, documents: dict[str, bytes]):
    with pikepdf.open(io.BytesIO(documents[kind])) as document:
        metadata = document.Root.Metadata.read_bytes()
        assert b'pdfaid:part="3" pdfaid:conformance="A"' in metadata
        assert b'pdfuaid:part="1"' in metadata
        # The validator supports only level B, and no schema but PDF/A's own.
        start, end = metadata.index(b"<rdf:Description xmlns:pdfuaid"), metadata.index(b"</rdf:RDF>")
        known = metadata[:start] + metadata[end:]
        document.Root.Metadata.write(known.replace(b'conformance="A"', b'conformance="B"'))
        report = pikepdf.pdfa.check(document, "3b")
    assert not report.violations
    # It does not support gradients either.
    assert not report.unsupported or kind == "graded logo"


@pytest.mark.parametrize("kind", KINDS)
def test_the_credential_is_an_associated_file_of_the_document(kind: str, documents: dict[str, bytes]):
    with pikepdf.open(io.BytesIO(documents[kind])) as document:
        [associated] = document.Root.AF
        assert (associated.Type, associated.AFRelationship) == ("/Filespec", "/Alternative")
        assert (str(associated.F), str(associated.UF)) == ("credential.json", "credential.json")
        assert associated.EF.F.Subtype == "/application/vc"
        assert str(associated.EF.F.Params.ModDate) == "D:20261114150405Z"
        assert document.attachments["credential.json"].get_file().read_bytes() == SIGNED.data


def picture_of(document: bytes) -> Image.Image:
    """The page at 150 dots an inch."""
    [page] = pypdfium2.PdfDocument(document)
    return page.render(scale=150 / 72).to_pil().convert("RGB")


def plain(content: CertificateContent, logo: Logo | None) -> bytes:
    """The same page drawn by WeasyPrint as a whole, without static parts."""
    images = NORTHLIGHT.images.with_logo(logo)
    page = HTML(string=NORTHLIGHT.page(content), base_url=BASE, url_fetcher=images)
    document: bytes = page.write_pdf(stylesheets=[NORTHLIGHT.styles(content.paper)])
    return document


# Not the kinds with scaled texts, which the whole page has in full size, and not the fixed gradient.
@pytest.mark.parametrize("kind", sorted(KINDS.keys() - {"long", "thai name", "graded logo", "plain design"}))
def test_the_page_looks_like_the_one_that_weasyprint_draws_as_a_whole(kind: str, documents: dict[str, bytes]):
    difference = ImageChops.difference(picture_of(documents[kind]), picture_of(plain(*KINDS[kind])))
    assert difference.getbbox() is None


@pytest.mark.parametrize("kind", KINDS)
def test_the_qr_code_is_the_verification_link(kind: str, documents: dict[str, bytes]):
    [code] = zxingcpp.read_barcodes(picture_of(documents[kind]))
    assert code.text == KINDS[kind][0].verify_url


@pytest.mark.parametrize("kind", SAMPLES)
def test_the_printed_name_can_be_copied(kind: str, documents: dict[str, bytes]):
    [page] = pypdfium2.PdfDocument(documents[kind])
    copied = letters(SAMPLES[kind][0].holder) in letters(page.get_textpage().get_text_range())
    assert copied is (kind not in COPIED_IN_DISORDER)


def letters(text: str) -> str:
    """The visible characters of a text, without hyphens, which pdfium drops at the end of a line."""
    return "".join(
        c for c in printable(text) if not c.isspace() and c not in "-\x02\ufffe" and unicodedata.category(c) != "Cf"
    )


def test_every_design_object_draws_each_static_part_once():
    for design in (Design(FOLDER), Design(FOLDER)):
        for day in range(1, 20):
            design.render(dataclasses.replace(ANNA, holder=f"Person {day}", completed_on=date(2026, 1, day)))
        assert design.static_part.cache_info().misses == 2  # under and over the dynamic part
