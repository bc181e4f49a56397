import dataclasses
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import unicodedata
from datetime import date
from io import BytesIO
from pathlib import Path

import pypdf
import pytest

from earned import pdf
from earned.models import Printed, TrainingKind

FOLDER = Path(pdf.__file__).with_name("certificate")
ANNA = Printed(
    certificate_id="k3f7m2qzt5vx4hbrn6wdyc2jpa",
    holder="Marguerite Oyelaran-Lindqvist",
    title="Leading Through Uncertainty",
    kind=TrainingKind.COURSE,
    completed_on=date(2026, 11, 14),
    hours=24.0,
    company="Larkspur Logistics",
    language="en",
    verify_url="https://learn.northlight.example/verify/k3f7m2qzt5vx4hbrn6wdyc2jpa",
)
LONG_NAME = (
    "Maximiliana Theodora Konstantinopoulou-Featherstonehaugh von und zu Hohenlohe-Langenburg, Marchioness of Nether"
)
FRESH = """
import hashlib
from tests.unit.test_pdf import ANNA
from earned.pdf import render
print(hashlib.sha256(render(ANNA)).hexdigest())
"""


def certificate(**changes: object) -> pypdf.PdfReader:
    return pypdf.PdfReader(BytesIO(pdf.render(dataclasses.replace(ANNA, **changes))))


def text(**changes: object) -> str:
    """The text of the page, its lines joined by single spaces."""
    return " ".join(certificate(**changes).pages[0].extract_text().split())


def in_a_fresh_process(hash_seed: str) -> str:
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": f"{root}:{root / 'layers/core'}"}
    done = subprocess.run([sys.executable, "-c", FRESH], env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_same_record_gives_the_same_bytes_in_any_process():
    pdf.render(dataclasses.replace(ANNA, holder="Somebody Else"))
    digest = hashlib.sha256(pdf.render(ANNA)).hexdigest()
    assert digest == hashlib.sha256(pdf.render(ANNA)).hexdigest()
    assert digest == in_a_fresh_process("1") == in_a_fresh_process("4242")


def test_the_page_says_what_the_record_says():
    page = text()
    for expected in ["Certificate of Completion", ANNA.holder, ANNA.title, "14 November 2026", "24 hours",
                     "of Larkspur Logistics", "k3f7 m2qz t5vx 4hbr n6wd yc2j pa", ANNA.verify_url]:  # fmt: skip
        assert expected in page


def test_a_live_event_is_attended_not_completed():
    page = text(kind=TrainingKind.LIVE_EVENT)
    assert "Certificate of Attendance" in page
    assert "Completion" not in page


def test_hours_and_company_are_left_out_where_there_are_none():
    page = text(hours=None, company=None)
    assert "hour" not in page
    assert "14 November 2026 Ingrid Solvang" in page


@pytest.mark.parametrize(("hours", "printed"), [(1.0, "1 hour "), (7.5, "7.5 hours"), (24.0, "24 hours")])
def test_hours_read_naturally(hours: float, printed: str):
    assert printed in text(hours=hours)


def test_an_unknown_language_is_worded_in_english():
    assert certificate(language="tlh").root_object["/Lang"] == "en"


def test_the_document_is_tagged_titled_and_undated():
    document = certificate()
    assert document.root_object["/MarkInfo"]["/Marked"]
    assert document.metadata.title == "Certificate of Completion: Leading Through Uncertainty"
    assert document.metadata.author == "Northlight Leadership Academy"
    assert "/CreationDate" not in document.metadata


def test_the_printed_link_opens_the_verification():
    (link,) = certificate().pages[0]["/Annots"]
    assert link.get_object()["/A"]["/URI"] == ANNA.verify_url


@pytest.mark.parametrize("length", [1, 20, 60, 120, 200])
@pytest.mark.parametrize("letter", ["W", "i", "Ab "])
def test_any_name_up_to_200_letters_fits_on_the_one_page(letter: str, length: int):
    assert len(certificate(holder=(letter * length)[:length]).pages) == 1


def test_long_name_title_and_company_together_fit_on_the_one_page():
    crowded = {"holder": LONG_NAME, "title": "Strategic Alignment and Governance, " * 8, "company": LONG_NAME + " GmbH"}
    assert len(certificate(**crowded).pages) == 1
    assert LONG_NAME in text(**crowded)


def test_a_text_that_fits_at_no_size_is_refused():
    with pytest.raises(pdf.DoesNotFit, match="title"):
        pdf.render(dataclasses.replace(ANNA, title="endless " * 1000))


def test_a_character_that_no_font_has_is_refused_without_quoting_the_name():
    with pytest.raises(pdf.MissingGlyph, match=r"U\+10FFFD") as refused:
        pdf.render(dataclasses.replace(ANNA, holder="Zoë \U0010fffd Grünfeld"))
    assert "Zoë" not in str(refused.value)


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("Zoe\u0308", "Zoë"),
        ("\u202eevil\u202c Name", "evil Name"),
        ("A\u2066\u200f\ufeffB\u00ad", "AB"),
        ("  One\t\nTwo\u2028\u00a0Three ", "One Two Three"),
        ("Nul\x00Bell\x07Del\x7f \x07 End", "NulBellDel End"),
        ("lone\ud800", "lone"),
        ("می\u200cخواهم", "می\u200cخواهم"),  # noqa: RUF001
    ],
)
def test_printable_text_is_composed_and_hides_nothing(raw: str, clean: str):
    assert pdf.printable(raw) == clean
    assert unicodedata.is_normalized("NFC", clean)


def test_markup_in_a_name_is_text_on_the_page():
    assert "<b>Bob</b> {{ 7*7 }} & {% raw %}" in text(holder="<b>Bob</b> {{ 7*7 }} & {% raw %}")
    assert 'of "A" {company} }' in text(company='"A" {company} }')


def test_hostile_texts_fetch_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    marker = tmp_path / "marker.svg"
    marker.write_text('<svg xmlns="http://www.w3.org/2000/svg"><text>TOPSECRET</text></svg>')
    plain = len(pdf.render(ANNA))

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("something was fetched")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(pdf.URLFetcher, "open", refuse)
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
        data = pdf.render(dataclasses.replace(ANNA, holder=hostile, title=hostile, company=hostile, language=hostile))
        document = pypdf.PdfReader(BytesIO(data))
        assert b"TOPSECRET" not in data
        assert not document.attachments
        assert len(document.pages[0]["/Annots"]) == 1
        assert hostile.split()[0] in document.pages[0].extract_text().replace("\n", "")
        assert len(data) < 2 * plain


@pytest.mark.parametrize("address", ["file:///etc/hostname", "http://127.0.0.1:9/x.png", "../pdf.py", "data:,x"])
@pytest.mark.parametrize(
    "place", ["<img alt=x src='{}'>", "<link rel=stylesheet href='{}'>", "<p style='background:url({})'>"]
)
def test_a_design_that_asks_for_more_than_its_folder_is_refused(tmp_path: Path, address: str, place: str):
    folder = shutil.copytree(FOLDER, tmp_path / "design")
    page = folder / "certificate.html"
    page.write_text(page.read_text().replace("<header>", place.format(address) + "<header>"))
    with pytest.raises(pdf.FaultyDesign, match="not an image of the design"):
        pdf.render(ANNA, pdf.Design(folder))


def test_an_image_of_the_design_cannot_ask_for_more_either(tmp_path: Path):
    folder = shutil.copytree(FOLDER, tmp_path / "design")
    (folder / "mark.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/hostname"/></svg>'
    )
    with pytest.raises(pdf.FaultyDesign):
        pdf.render(ANNA, pdf.Design(folder))
