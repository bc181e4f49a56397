"""A compiled page draws the bytes that WeasyPrint alone draws, or it draws nothing."""

import dataclasses
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pydyf
import pytest
import time_machine
import weasyprint
from weasyprint import HTML
from weasyprint.text.fonts import FontConfiguration

from earned.document import compiled_internals as internals
from earned.document.compiled import CompiledPages, FilledTemplate, Refused
from earned.document.credential import Attachment
from earned.document.render import Design
from earned.domain.certificate import CertificateContent
from earned.domain.training import TrainingKind
from tests.unit.document.test_pdf import ANNA, FOLDER, drawing
from tools.design.compiled.__main__ import Comparison
from tools.design.compiled.records import (
    certificates_by_locale,
    certificates_of_the_demo,
    numbered,
    random_certificates,
)
from tools.design.preview.samples import certificates, names

RANDOM_RECORDS = 250  # `make compiled-designs` has 10,000


def batch(**changes: object) -> list[CertificateContent]:
    """Certificates of one training: each has another name and another number."""
    people = ["Ada Sample", "Bo Example", "Marguerite Oyelaran-Lindqvist", "Cid Fi", "Dot Avatar-Waltz"]
    return [dataclasses.replace(ANNA, holder=name, **numbered(place), **changes) for place, name in enumerate(people)]


def in_full(folder: Path = FOLDER) -> Design:
    return Design(folder, CompiledPages(is_on=False))


def test_the_fourth_certificate_of_a_page_is_drawn_by_the_compiled_page():
    design, expected = Design(FOLDER), in_full()
    drawn = []
    for content in batch():
        assert design.render(content) == expected.render(content)
        drawn.append(design.compiled.drawn)
    assert drawn == [0, 0, 0, 1, 2]
    assert expected.compiled.drawn == 0


def test_a_text_in_a_place_that_is_not_proven_is_drawn_in_full_first():
    design, expected = Design(FOLDER), in_full()
    for content in batch():
        design.render(content)
    other = [dataclasses.replace(one, title="Another Training") for one in batch()]
    for content in other[:2]:
        before = design.compiled.drawn
        assert design.render(content) == expected.render(content)
    assert design.compiled.drawn == before + 1


def test_each_compiled_certificate_has_its_own_credential():
    design, expected = Design(FOLDER), in_full()
    for place, content in enumerate(batch()):
        credential = Attachment(f'{{"number": {place}}}'.encode(), datetime(2026, 3, 2, tzinfo=UTC))
        assert design.render(content, None, credential) == expected.render(content, None, credential)
    assert design.compiled.drawn == 2
    assert design.render(batch()[0]) == expected.render(batch()[0])


@pytest.mark.parametrize("kind", TrainingKind)
@pytest.mark.parametrize("paper", ["a4", "letter"])
def test_every_kind_and_paper_is_compiled(kind: TrainingKind, paper: str):
    assert Comparison().share([(one, None) for one in batch(kind=kind, paper=paper)]) == {"compiled": 5}


def test_certificates_with_a_logo_are_compiled():
    logo = drawing("#123")
    assert Comparison().share([(one, logo) for one in batch(logo=logo.sha256)]) == {"compiled": 5}


def test_pages_with_another_logo_are_others():
    design, expected = Design(FOLDER), in_full()
    for logo in (drawing("#123"), drawing("#321")):
        for content in batch(logo=logo.sha256):
            assert design.render(content, logo) == expected.render(content, logo)


@pytest.mark.parametrize("locale", ["en-GB", "ru-RU", "el-GR", "ja-JP", "zh-CN", "ko-KR"])
def test_latin_cyrillic_greek_and_cjk_names_are_compiled(locale: str):
    people = dict(certificates_by_locale())[locale]
    assert Comparison().share([(one, None) for one in people]) == {"compiled": len(people)}


@pytest.mark.parametrize("locale", ["ar-EG", "he-IL", "hi-IN"])
def test_right_to_left_names_and_names_with_marks_are_drawn_in_full(locale: str):
    people = dict(certificates_by_locale())[locale]
    assert Comparison().share([(one, None) for one in people]) == {"in full": len(people)}


def test_a_new_worker_compiles_more_than_half_of_the_demo():
    counted = Comparison().count((one, None) for one in certificates_of_the_demo())
    assert counted["compiled"] > counted["in full"]
    assert counted["different"] == counted["unprintable"] == 0


def test_every_script_and_sample_has_the_bytes_of_the_ordinary_way():
    comparison = Comparison()
    samples = [(one.content, one.logo) for one in certificates(["en", "ja"])]
    for contents in ([(one, None) for one in names().values()], samples):
        counted = comparison.share(contents)
        assert counted["different"] == counted["unprintable"] == 0
        assert counted["compiled"]


def test_random_records_have_the_bytes_of_the_ordinary_way():
    comparison = Comparison()
    counted = comparison.count((one, None) for one in random_certificates(7, RANDOM_RECORDS))
    assert counted["different"] == 0
    assert counted["compiled"] > RANDOM_RECORDS / 5


@pytest.mark.parametrize(
    "changes",
    [
        {"holder": "Ọlọ́runfẹ́mi"},
        {"holder": "ليلى نور"},
        {"title": "Fire 🧯"},
        {"title": "Strategic Alignment and Governance, " * 4},
        {"holder": "Maximiliana Theodora Konstantinopoulou-Featherstonehaugh"},
        {"verify_url": ANNA.verify_url + "0" * 60},
    ],
)
def test_what_may_be_laid_out_differently_is_drawn_in_full(changes: dict[str, object]):
    design, expected = Design(FOLDER), in_full()
    for content in batch():
        design.render(content)
    before = design.compiled.drawn
    content = dataclasses.replace(ANNA, **changes)
    for _ in range(5):
        assert design.render(content) == expected.render(content)
    assert design.compiled.drawn == before


def test_a_page_with_a_scaled_text_is_not_compiled():
    design, expected = Design(FOLDER), in_full()
    for place, name in enumerate(
        ["Ada Sample", "Marguerite Oyelaran-Lindqvist of Lee", "Bo Example", "Cid Fi", "Dot Fi"]
    ):
        content = dataclasses.replace(ANNA, holder=name, **numbered(place))
        assert design.render(content) == expected.render(content)
    assert design.compiled.faults == []


def test_a_design_whose_boxes_shrink_with_their_text_is_not_compiled(tmp_path: Path):
    folder = shutil.copytree(FOLDER, tmp_path / "design")
    style = folder / "certificate.css"
    style.write_text(style.read_text("utf-8").replace("#holder { left: 0; right: 0;", "#holder { left: 20mm;"), "utf-8")
    design, expected = Design(folder), in_full(folder)
    people = ["Marguerite Oyelaran-Lindqvist", "Marguerite Oyelaran-Lindqvist", "Ada", "Bo", "Cid"]
    for place, name in enumerate(people):
        content = dataclasses.replace(ANNA, holder=name, **numbered(place))
        assert design.render(content) == expected.render(content)
    assert design.compiled.faults == ["difference"]
    assert design.compiled.drawn == 0


def test_another_version_switches_compiled_designs_off():
    design = in_full()
    for content in batch():
        design.render(content)
    assert design.compiled.drawn == 0
    assert design.compiled.faults == ["version"]


def test_certificates_with_emoji_are_the_same_on_another_day():
    content = dataclasses.replace(ANNA, title="Fire 🧯")
    with time_machine.travel(date(2026, 11, 14)):
        first = in_full().render(content)
    with time_machine.travel(date(2027, 11, 14)):
        assert in_full().render(content) == first


def test_a_template_is_divided_into_tags_and_texts():
    filled = FilledTemplate.divide(
        '<title>A &amp; B</title><p>\n  x  y <a href="https://a.example/?a=1&amp;b=2">z</a></p>'
    )
    assert filled.texts == ("A & B", "x y", "z")
    assert filled.address == "https://a.example/?a=1&b=2"


@pytest.mark.parametrize("text", ["e\u0323\u0301", "\u05d0", "a\u200db"])
def test_texts_whose_characters_depend_on_each_other_are_refused(text: str):
    with pytest.raises(Refused):
        FilledTemplate.divide(f'<p>{text}<a href="https://a.example">b</a></p>').check_simple()


# What compiled designs use of WeasyPrint and pydyf that is not public.


def test_the_tested_versions_are_the_installed_ones():
    assert (weasyprint.__version__, pydyf.VERSION) == internals.TESTED_VERSIONS
    assert internals.IS_TESTED_VERSION


def laid_out() -> weasyprint.Document:
    html = '<p style="text-align: center; margin: 0; width: 300px">Ada <a href="https://a.example">Sample</a></p>'
    return HTML(string=html).render(font_config=FontConfiguration())


def test_the_texts_of_a_line_have_their_block_and_the_size_that_shaping_gives_them():
    [page] = laid_out().pages
    [line] = internals.text_lines(page)
    assert line.block.width == 300
    assert [box.text for box in line.texts] == ["Ada ", "Sample"]
    for box in line.texts:
        assert internals.Line.shape(box.text, box.style).width == pytest.approx(box.width)


def test_a_link_has_one_box():
    [page] = laid_out().pages
    [link] = internals.link_boxes(page)
    assert link.hit_area()[2] == pytest.approx(link.children[0].width)


def test_a_pen_draws_with_the_fonts_that_it_has_learnt_and_numbers_their_objects():
    [page] = laid_out().pages
    [line] = internals.text_lines(page)
    pen = internals.Pen()
    style = line.texts[0].style
    pen.learn([internals.Line.shape("Ada", style)])
    pen.begin()
    assert not pen.has_learnt_fonts
    operators = pen.show(internals.Line.shape("Bo", style), 10, 20)
    assert operators is not None
    assert operators.startswith(b"1 0 0 -1 10 20 Tm /")
    assert operators.endswith(b"TJ")
    assert pen.has_learnt_fonts
    objects = pen.font_objects(40)
    assert [one.number for one in objects] == list(range(40, 40 + len(objects)))
    assert b"begincmap" in objects[1].stream


def test_metadata_names_the_title_and_the_level_of_pdf_a():
    document = laid_out()
    document.metadata.title = "A & B"
    stream = internals.metadata_stream(document.metadata, 7)
    assert stream.number == 7
    assert b"A &amp; B" in stream.stream[0]
    assert b'pdfaid:conformance="A"' in stream.stream[0]


def test_a_rectangle_is_in_points_from_the_bottom():
    assert internals.rectangle(4, 8, 12, 16, 100) == [3, 69, 9, 63]
