"""The page as a reader sees and searches it: sizes, positions and shapes of printed texts."""
# letters of many scripts

import dataclasses
import shutil
from io import BytesIO
from pathlib import Path

import pypdf
import pypdfium2
import pytest

from earned.document.deployed_designs import DEPLOYED_DESIGNS
from earned.document.deployed_designs import FOLDER as DESIGN_FOLDERS
from earned.document.render import DESIGNS, NORTHLIGHT, Design
from earned.document.wording import InvalidDesign
from earned.domain.people import Logo
from tests.unit.document.test_pdf import ANNA, certificate, drawing
from tests.unit.document.test_wording import LANGUAGES
from tools.design.preview.samples import LONG_NAME, RIGHT_TO_LEFT_COMPANY

Box = tuple[float, float, float, float]  # left, bottom, right, top, in points


def text_page(logo: Logo | None = None, **changes: object) -> pypdfium2.PdfTextPage:
    content = dataclasses.replace(ANNA, logo=logo and logo.sha256, **changes)
    return pypdfium2.PdfDocument(DESIGNS.render(content, logo))[0].get_textpage()


def boxes_of(found: str, page: pypdfium2.PdfTextPage) -> list[Box]:
    """The ink of each character of a text on the page."""
    place = page.search(found, match_case=True).get_next()
    assert place is not None, found
    first, number = place
    return [page.get_charbox(index) for index in range(first, first + number)]


@pytest.mark.parametrize("design", sorted(DEPLOYED_DESIGNS))
def test_a_search_finds_the_provider_the_number_and_the_address(design: str):
    page = text_page(design=design)
    for found in ("Northlight", "Northlight Leadership Academy", "k3f7 m2qz", ANNA.verify_url):
        assert page.search(found).get_next(), found


def test_extractors_without_replacement_texts_find_the_provider_too():
    assert "NORTHLIGHT LEADERSHIP ACADEMY" in certificate().pages[0].extract_text()


def test_number_and_address_have_no_ligatures():
    number = "ffifflfbfhfjfkftctststffiq"
    page = text_page(certificate_id=number, verify_url=f"https://learn.example/verify/{number}?revision=1")
    lefts = [left for left, *_ in boxes_of(f"verify/{number}", page)]
    assert lefts == sorted(set(lefts))  # the letters of a ligature have one box


def test_a_long_name_beside_a_logo_takes_two_lines_that_are_larger_than_the_title():
    page = text_page(drawing("#123"), holder=LONG_NAME, title="Maximiliana")
    [first, *_] = boxes_of("Maximiliana Theodora", page)
    [second, *_] = boxes_of("Featherstonehaugh", page)
    title = boxes_of("Maximiliana", text_page(holder="Ada", title="Maximiliana"))[0]
    assert second[3] < first[1]
    assert first[3] - first[1] > 1.15 * (title[3] - title[1])


def test_the_full_stop_of_a_right_to_left_company_is_on_its_left():
    page = text_page(company=RIGHT_TO_LEFT_COMPANY)
    characters = [(c, page.get_charbox(index)) for index, c in enumerate(page.get_text_range())]
    letters = [box for c, box in characters if c in "شركةم"]
    bottom = max(box[1] for box in letters)
    stops = [box[0] for c, box in characters if c == "." and abs(box[1] - bottom) < 6]
    assert len(stops) == RIGHT_TO_LEFT_COMPANY.count(".")
    assert min(stops) < min(box[0] for box in letters)
    assert max(stops) < max(box[0] for box in letters)


def test_a_compatibility_ideograph_keeps_its_shape():
    [kept], [composed] = (boxes_of(name, text_page(holder=name, language="ja")) for name in ("\ufa1b", "\u798f"))
    assert kept != composed


@pytest.mark.parametrize("title", ["Fire 🧯", "🚀", "👩‍🚀 at work", "Step 3️⃣", "❤️ ☎ ✅", "🇩🇪 👍🏽"])
def test_an_emoji_in_a_title_is_printed(title: str):
    assert DESIGNS.render(dataclasses.replace(ANNA, title=title))


@pytest.mark.parametrize("name", ["Қарлығаш Өтеғұлова", "Ọlọ́runfẹ́mi"])
def test_all_letters_of_a_name_are_in_one_font(name: str):
    alone, nobody = fonts_of(name), fonts_of("")
    assert len(alone - nobody) == 1


def fonts_of(holder: str) -> set[str]:
    """The fonts of the part that differs from person to person."""
    content = dataclasses.replace(ANNA, holder=holder, company=None)
    fonts = pypdf.PdfReader(BytesIO(NORTHLIGHT.render(content))).pages[0]["/Resources"]["/Font"]
    return {font.get_object()["/BaseFont"].partition("+")[2] for font in fonts.values()}


def test_the_design_of_a_training_is_the_one_that_is_printed():
    default, plain = (NORTHLIGHT.render(ANNA), DESIGNS.render(dataclasses.replace(ANNA, design="plain")))
    assert {"default", "plain"} == DEPLOYED_DESIGNS
    assert DESIGNS.render(ANNA) == default
    assert plain == Design(DESIGN_FOLDERS / "plain").render(ANNA) != default


@pytest.mark.parametrize("name", ["mauve", "", "../default", "default/wording"])
def test_a_design_that_is_not_deployed_is_refused(name: str):
    with pytest.raises(InvalidDesign, match="is not deployed"):
        DESIGNS.render(dataclasses.replace(ANNA, design=name))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_design_that_is_based_on_another_has_its_wording(language: str):
    content = dataclasses.replace(ANNA, language=language)
    assert Design(DESIGN_FOLDERS / "plain").wording.words(content) == NORTHLIGHT.wording.words(content)


def test_a_file_that_neither_folder_has_is_named_by_the_folder_of_the_design(tmp_path: Path):
    shutil.copytree(DESIGN_FOLDERS, tmp_path / "designs")
    (tmp_path / "designs/default/a4.css").unlink()
    with pytest.raises(FileNotFoundError, match=r"plain.a4\.css"):
        Design(tmp_path / "designs/plain").render(ANNA)
