import dataclasses
import hashlib
import os
import re
import shutil
import socket
import subprocess
import sys
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path

import pypdf
import pypdfium2
import pytest
from PIL import Image
from weasyprint.urls import URLFetcher

from earned.document.credential import Attachment
from earned.document.deployed_designs import FOLDER as DESIGN_FOLDERS
from earned.document.fitting import DoesNotFit
from earned.document.logo import sanitise
from earned.document.missing_glyph import MissingGlyph
from earned.document.render import NORTHLIGHT, PAPERS, Design
from earned.document.wording import InvalidDesign
from earned.domain.certificate import CertificateContent
from earned.domain.errors import UnusableLogo
from earned.domain.people import Logo
from earned.domain.training import TrainingKind

FOLDER = DESIGN_FOLDERS / "default"
ANNA = CertificateContent(
    certificate_id="k3f7m2qzt5vx4hbrn6wdyc2jpa",
    holder="Marguerite Oyelaran-Lindqvist",
    title="Leading Through Uncertainty",
    kind=TrainingKind.COURSE,
    completed_on=date(2026, 11, 14),
    hours=24.0,
    company="Larkspur Logistics",
    language="en",
    verify_url="https://learn.northlight.example/verify/k3f7m2qzt5vx4hbrn6wdyc2jpa?revision=1",
)
CREDENTIAL = Attachment(b'{"a": "credential"}', datetime(2026, 11, 14, 15, 4, 5, tzinfo=UTC))
LONG_NAME = (
    "Maximiliana Theodora Konstantinopoulou-Featherstonehaugh von und zu Hohenlohe-Langenburg, Marchioness of Nether"
)
FRESH = """
import hashlib
from tests.unit.document.test_pdf import ANNA, CREDENTIAL
from earned.document.render import NORTHLIGHT
print(hashlib.sha256(NORTHLIGHT.render(ANNA, None, CREDENTIAL)).hexdigest())
"""
NUMBER = "k3f7 m2qz t5vx 4hbr n6wd yc2j pa"


def certificate(**changes: object) -> pypdf.PdfReader:
    return pypdf.PdfReader(BytesIO(NORTHLIGHT.render(dataclasses.replace(ANNA, **changes))))


def text(**changes: object) -> str:
    """The text of the page, its lines joined by single spaces."""
    return " ".join(certificate(**changes).pages[0].extract_text().split())


def in_a_fresh_process(hash_seed: str) -> str:
    root = Path(__file__).parents[3]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": f"{root}:{root / 'layers/core'}"}
    done = subprocess.run([sys.executable, "-c", FRESH], env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_same_record_gives_the_same_bytes_in_any_process():
    NORTHLIGHT.render(dataclasses.replace(ANNA, holder="Bo Example"))
    digest = hashlib.sha256(NORTHLIGHT.render(ANNA, None, CREDENTIAL)).hexdigest()
    assert digest == hashlib.sha256(NORTHLIGHT.render(ANNA, None, CREDENTIAL)).hexdigest()
    assert digest == in_a_fresh_process("1") == in_a_fresh_process("4242")


def test_the_page_shows_every_text_of_the_content():
    page = text()
    for expected in ["Certificate of Completion", ANNA.holder, ANNA.title, "14 November 2026", "24 hours",
                     "of Larkspur Logistics", NUMBER, ANNA.verify_url]:  # fmt: skip
        assert expected in page


def test_a_live_event_gets_a_certificate_of_attendance():
    page = text(kind=TrainingKind.LIVE_EVENT)
    assert "Certificate of Attendance" in page
    assert "Completion" not in page


def test_missing_hours_and_company_are_left_out():
    page = text(hours=None, company=None)
    assert "hour" not in page
    assert f"14 November 2026 Certificate No. {NUMBER}" in page
    assert "of Larkspur" not in page


@pytest.mark.parametrize(("hours", "printed"), [(1.0, "1 hour "), (7.5, "7.5 hours"), (24.0, "24 hours")])
def test_hours_are_written_in_singular_or_plural_without_trailing_zeros(hours: float, printed: str):
    assert printed in text(hours=hours)


def test_an_unknown_language_is_worded_in_english():
    assert certificate(language="tlh").root_object["/Lang"] == "en"


def test_the_document_is_tagged_titled_and_undated():
    document = certificate()
    assert document.root_object["/MarkInfo"]["/Marked"]
    assert document.metadata.title == "Certificate of Completion: Leading Through Uncertainty"
    assert document.metadata.author == "Northlight Leadership Academy"
    assert "/CreationDate" not in document.metadata


@pytest.mark.parametrize(("paper", "millimetres"), [("a4", (297, 210)), ("letter", (279.4, 215.9))])
def test_a_certificate_is_one_page_of_its_paper(paper: str, millimetres: tuple[float, float]):
    (page,) = certificate(paper=paper).pages
    assert [float(length) * 25.4 / 72 for length in page.mediabox[2:]] == pytest.approx(millimetres, abs=0.1)
    assert ANNA.verify_url in page.extract_text()


@pytest.mark.parametrize("paper", PAPERS)
def test_the_border_of_a_paper_has_the_size_of_the_paper(paper: str):
    size = re.search(r'width="([\d.]+mm)" height="([\d.]+mm)"', (FOLDER / f"border-{paper}.svg").read_text())
    assert f"size: {size[1]} {size[2]}" in (FOLDER / f"{paper}.css").read_text()


def test_the_ink_colour_of_the_brand_is_the_colour_of_the_qr_code(tmp_path: Path):
    folder = shutil.copytree(FOLDER, tmp_path / "design")
    brand = folder / "brand.toml"
    brand.write_text(brand.read_text("utf-8").replace("#10283f", "#7a0019"), "utf-8")
    drawn = pypdf.PdfReader(BytesIO(Design(folder).render(ANNA))).pages[0].get_contents().get_data()
    assert b"0.478" in drawn
    assert b"0.478" not in certificate().pages[0].get_contents().get_data()


def test_the_printed_link_opens_the_verification():
    (link,) = certificate().pages[0]["/Annots"]
    assert link.get_object()["/A"]["/URI"] == ANNA.verify_url


@pytest.mark.parametrize("length", [1, 20, 60, 120, 200])
@pytest.mark.parametrize("letter", ["W", "i", "Ab "])
def test_a_name_of_up_to_200_letters_fits_on_one_page(letter: str, length: int):
    assert len(certificate(holder=(letter * length)[:length]).pages) == 1


def test_long_name_title_and_company_together_fit_on_one_page():
    crowded = {"holder": LONG_NAME, "title": "Strategic Alignment and Governance, " * 8, "company": LONG_NAME + " GmbH"}
    assert len(certificate(**crowded).pages) == 1
    assert LONG_NAME in text(**crowded)


def test_a_text_that_does_not_fit_at_the_smallest_size_is_refused():
    with pytest.raises(DoesNotFit, match="title"):
        NORTHLIGHT.render(dataclasses.replace(ANNA, title="endless " * 1000))


def test_a_character_without_a_glyph_is_refused_and_the_error_does_not_quote_the_name():
    with pytest.raises(MissingGlyph, match=r"^the name has U\+10FFFD, which no font has$") as refused:
        NORTHLIGHT.render(dataclasses.replace(ANNA, holder="Zoë \U0010fffd Grünfeld"))
    assert "Zoë" not in str(refused.value)


def test_a_character_of_the_wording_without_a_glyph_is_refused_every_time(tmp_path: Path):
    folder = shutil.copytree(FOLDER, tmp_path / "design")
    words = folder / "wording" / "en.toml"
    words.write_text(words.read_text("utf-8").replace("Scan to verify", "Scan \U0010fffd"), "utf-8")
    design = Design(folder)
    for _ in range(2):
        with pytest.raises(MissingGlyph, match=r"^the wording has U\+10FFFD"):
            design.render(ANNA)


def test_markup_in_a_name_is_printed_as_text():
    assert "<b>Bob</b> {{ 7*7 }} & {% raw %}" in text(holder="<b>Bob</b> {{ 7*7 }} & {% raw %}")
    assert 'of "A" {company} }' in text(company='"A" {company} }')


def test_hostile_texts_fetch_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    marker = tmp_path / "marker.svg"
    marker.write_text('<svg xmlns="http://www.w3.org/2000/svg"><text>TOPSECRET</text></svg>')
    plain = len(NORTHLIGHT.render(ANNA))

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("something was fetched")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(URLFetcher, "open", refuse)
    for hostile in [
        f"<img src={marker.as_uri()}>",
        f'"><a rel=attachment href="{marker.as_uri()}">x</a>',
        f"<link rel=attachment href={marker.as_uri()}>",
        f"</p><style>@import url({marker.as_uri()});p{{background:url({marker.as_uri()})}}</style>",
        f"x;background:url({marker.as_uri()})",
        "<svg><image href='http://169.254.169.254/'/></svg>",
        "<object data=//[::1]/x></object><iframe src=javascript:1>",
        "}}{{ self }}{% include '/etc/passwd' %}</title><base href=file:///>",
    ]:
        texts = dict.fromkeys(["holder", "title", "company", "language"], hostile)
        data = NORTHLIGHT.render(dataclasses.replace(ANNA, **texts))
        document = pypdf.PdfReader(BytesIO(data))
        assert b"TOPSECRET" not in data
        assert not document.attachments
        assert len(document.pages[0]["/Annots"]) == 1
        assert hostile.split()[0] in document.pages[0].extract_text().replace("\n", "")
        assert len(data) < 2 * plain


@pytest.mark.parametrize("address", ["file:///etc/hostname", "http://127.0.0.1:9/x.png", "../render.py", "data:,x"])
@pytest.mark.parametrize(
    "place", ["<img alt=x src='{}'>", "<link rel=stylesheet href='{}'>", "<p style='background:url({})'>"]
)
def test_a_design_that_refers_to_anything_outside_its_folder_is_refused(tmp_path: Path, address: str, place: str):
    folder = shutil.copytree(FOLDER, tmp_path / "design")
    page = folder / "certificate.html"
    page.write_text(page.read_text().replace("<header>", place.format(address) + "<header>"))
    with pytest.raises(InvalidDesign, match="not an image of the design"):
        Design(folder).render(ANNA)


@pytest.mark.parametrize(
    ("required", "message"),
    [
        ("<!-- dynamic -->", "needs <!-- dynamic -->"),
        ('id="title-slot"', "needs, before <!-- dynamic -->, the ids title-slot"),
        ('id="code"', "needs an element with the id code"),
    ],
)
def test_a_design_without_a_required_part_is_refused(tmp_path: Path, required: str, message: str):
    folder = shutil.copytree(FOLDER, tmp_path / "design")
    page = folder / "certificate.html"
    page.write_text(page.read_text("utf-8").replace(required, ""), "utf-8")
    with pytest.raises(InvalidDesign, match=message):
        Design(folder).render(ANNA)


def test_an_image_of_the_design_that_refers_to_a_file_is_refused(tmp_path: Path):
    folder = shutil.copytree(FOLDER, tmp_path / "design")
    (folder / "mark.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/hostname"/></svg>'
    )
    with pytest.raises(InvalidDesign):
        Design(folder).render(ANNA)


def picture(colour: tuple[int, ...], size: tuple[int, int] = (300, 100)) -> Logo:
    file = BytesIO()
    Image.new("RGBA" if len(colour) == 4 else "RGB", size, colour).save(file, "PNG")
    return sanitise(file.getvalue(), "image/png")


def drawing(paint: str, size: tuple[int, int] = (300, 100)) -> Logo:
    width, height = size
    gradient = '<linearGradient id="g"><stop stop-color="#e01"/><stop offset="1" stop-color="#e01"/></linearGradient>'
    shape = f'<rect width="{width}" height="{height}" fill="{paint}"/>'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">{gradient}{shape}</svg>'
    return sanitise(svg.encode(), "image/svg+xml")


def with_logo(logo: Logo | None, **changes: object) -> bytes:
    return NORTHLIGHT.render(dataclasses.replace(ANNA, logo=logo and logo.sha256, **changes), logo)


@pytest.mark.parametrize(
    "logo", [picture((238, 0, 17)), picture((238, 0, 17, 255)), drawing("#e01"), drawing("url(#g)")]
)
def test_the_logo_is_printed_in_its_colours_and_proportions(logo: Logo):
    with_logo(drawing("#00f"))
    with pypdfium2.PdfDocument(with_logo(logo)) as document:
        page = document[0].render(scale=100 / 72).to_pil().convert("RGB")
    red = [red > 200 and green < 60 for red, green, _ in page.get_flattened_data()]
    seen = Image.new("1", page.size)
    seen.putdata(red)
    left, top, right, bottom = seen.getbbox()
    assert right - left == pytest.approx(3 * (bottom - top), rel=0.05)
    assert sum(red) == pytest.approx((right - left) * (bottom - top), rel=0.05)
    assert right < 1110
    assert 90 < top < bottom < 185


def test_a_logo_gives_the_same_bytes_every_time_and_is_on_no_other_page():
    plain, red, blue = with_logo(None), with_logo(picture((255, 0, 0))), with_logo(picture((0, 0, 255)))
    assert len({plain, red, blue}) == 3
    assert with_logo(picture((255, 0, 0))) == red
    assert with_logo(drawing("#0a0")) != red
    assert with_logo(None) == plain
    assert with_logo(picture((0, 0, 255))) == blue


@pytest.mark.parametrize("logo", [picture((1, 2, 3)), picture((1, 2, 3, 4)), drawing("#123"), drawing("url(#g)")])
def test_the_alternative_text_of_a_logo_is_the_name_of_its_company(logo: Logo):
    document = pypdf.PdfReader(BytesIO(with_logo(logo)))
    described = [item["/Alt"] for item in map(pypdf.generic.IndirectObject.get_object, document_objects(document))
                 if isinstance(item, dict) and "/Alt" in item]  # fmt: skip
    assert "Larkspur Logistics" in described
    assert len(document.pages) == 1


def document_objects(document: pypdf.PdfReader) -> list[pypdf.generic.IndirectObject]:
    return [pypdf.generic.IndirectObject(number, 0, document) for number in range(1, document.trailer["/Size"])]


@pytest.mark.parametrize("size", [(4000, 1), (1, 4000), (1, 1), (300, 100)])
@pytest.mark.parametrize("make", [picture, drawing])
def test_a_logo_of_any_proportions_fits_on_one_page(make: object, size: tuple[int, int]):
    logo = make((1, 2, 3) if make is picture else "#123", size)
    data = with_logo(logo, holder=LONG_NAME, title="Strategic Alignment and Governance, " * 8)
    assert len(pypdf.PdfReader(BytesIO(data)).pages) == 1


def test_a_certificate_is_refused_with_another_logo_than_the_one_that_its_content_names():
    logo, other = drawing("#123"), drawing("#456")
    for named, given in [(logo, other), (logo, None), (None, other)]:
        with pytest.raises(ValueError, match="not the one that the content names"):
            NORTHLIGHT.render(dataclasses.replace(ANNA, logo=named and named.sha256), given)


def test_logos_are_not_cached_with_the_static_parts():
    with_logo(picture((9, 9, 9)))
    before = NORTHLIGHT.static_part.cache_info().currsize
    for number in range(5):
        with_logo(picture((number, 0, 0)))
        with_logo(drawing(f"#00{number}"))
    assert NORTHLIGHT.static_part.cache_info().currsize == before


@pytest.mark.parametrize("inside", ['<image href="file:///etc/hostname"/>', '<rect transform="rotate()"/>'])
def test_a_logo_that_was_not_sanitised_is_not_drawable(inside: str):
    raw = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{inside}</svg>'.encode()
    with pytest.raises(UnusableLogo):
        NORTHLIGHT.check_drawable(Logo(raw, "image/svg+xml"))
