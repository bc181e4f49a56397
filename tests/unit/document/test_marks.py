"""Every combining mark stands on its letter: by the ink of the printed page, in each deployed design."""
# letters of many scripts

import dataclasses
import shutil
import unicodedata
from itertools import product
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image, ImageChops

from earned.document.deployed_designs import DEPLOYED_DESIGNS
from earned.document.fitting import DoesNotFit
from earned.document.marks import MAX_MARKS
from earned.document.missing_glyph import MissingGlyph
from earned.document.render import DESIGNS, Design
from tests.unit.document.test_pdf import ANNA, FOLDER

DOTS_PER_POINT = 4
# The holder's slot, in points from the left and the bottom of the page.
SLOT = (150, 324, 690, 399)
ACUTE, GRAVE, CIRCUMFLEX, TILDE, MACRON, CARON = "\u0301\u0300\u0302\u0303\u0304\u030c"
# The letters of a language and the marks that it sets on them.
USED = {
    "Yoruba": ("ẹọmnẸỌMN", [ACUTE, GRAVE, MACRON]),
    "Igbo": ("ịụọṅỊỤỌ", [ACUTE, GRAVE, MACRON]),
    "Navajo": ("ąęįǫĄĘĮǪ", [ACUTE]),
    "Lithuanian": ("ąęėįųūĄĘĖĮŲŪ", [ACUTE, GRAVE, TILDE]),
    "Lithuanian consonants": ("jlmrJLMR", [TILDE]),
    "Lithuanian, dotted": (["i\u0307", "j\u0307"], [ACUTE, GRAVE, TILDE]),
    "Ewe": ("ɛɔʋŋɖɣƒƐƆƲŊƉƔ", [ACUTE, GRAVE, TILDE, CIRCUMFLEX, CARON]),
    "Dinka": ("ɛɔɣƐƆ", ["\u0308"]),
    "Guarani": ("gG", [TILDE]),
    "Hausa": ("ɓɗƙƴ", [ACUTE, GRAVE]),
    "Russian, stressed": ("аеиоуыэюяАЕИОУЫЭЮЯ", [ACUTE]),
    "Ukrainian, stressed": ("іїєІЇЄ", [ACUTE]),
    "Serbian, stressed": ("аеиоурАЕИОУР", [ACUTE, GRAVE, "\u030f", "\u0311", MACRON]),
}
SPACED = "o\u030d"  # sets a name without marks in the same font, behind it
PER_NAME = 8
SPACE = 28  # dots; the widest gap in a letter is narrower, the narrowest space wider


def pairs(language: str) -> list[tuple[str, str]]:
    """Letters and marks that Unicode does not compose."""
    letters, marks = USED[language]
    return [(letter, mark) for letter, mark in product(letters, marks) if not is_composed(letter + mark)]


def is_composed(text: str) -> bool:
    return unicodedata.normalize("NFC", text) != text


def printed(name: str, design: str) -> Image.Image:
    """The ink of a printed name, white on black."""
    content = dataclasses.replace(ANNA, holder=name, company=None, design=design)
    [page] = pypdfium2.PdfDocument(DESIGNS.render(content))
    left, bottom, right, top = SLOT
    crop = (left, bottom, page.get_width() - right, page.get_height() - top)
    picture = page.render(scale=DOTS_PER_POINT, crop=crop).to_pil().convert("L")
    return picture.point([255 * (grey < 128) for grey in range(256)])


def letters_in(picture: Image.Image) -> list[tuple[int, int]]:
    """The left and the right end of each letter; `ы` has a gap in it that is narrower than a space."""
    columns = list(picture.resize((picture.width, 1), Image.Resampling.BOX).get_flattened_data())
    edges = [x for x in range(1, picture.width) if bool(columns[x]) != bool(columns[x - 1])]
    gaps = [(end, start) for end, start in zip(edges[1::2], edges[2::2], strict=False) if start - end > SPACE]
    return list(zip([edges[0], *(start for _, start in gaps)], [*(end for end, _ in gaps), edges[-1]], strict=True))


def ink_between(picture: Image.Image, left: int, right: int) -> tuple[int, int]:
    box = picture.crop((left, 0, right, picture.height)).getbbox()
    assert box is not None
    return left + box[0], left + box[2]


@pytest.mark.parametrize("design", sorted(DEPLOYED_DESIGNS))
@pytest.mark.parametrize("language", USED)
def test_every_mark_of_a_language_is_printed_on_its_letter(language: str, design: str):
    used = pairs(language)
    for some in (used[first : first + PER_NAME] for first in range(0, len(used), PER_NAME)):
        plain = printed(" ".join(["n", *(letter for letter, _ in some), SPACED]), design)
        marked = printed(" ".join(["n", *(letter + mark for letter, mark in some), SPACED]), design)
        added = ImageChops.difference(marked, plain)
        places = letters_in(plain)
        assert len(places) == len(some) + 2
        for number, (letter, mark) in enumerate(some, 1):
            before, (left, right), after = places[number - 1 : number + 2]
            ends = ink_between(added, (before[1] + left) // 2, (right + after[0]) // 2)
            assert left <= sum(ends) / 2 <= right, f"{letter}{mark} {unicodedata.name(mark)}"


@pytest.mark.parametrize("name", ["Ọlọ́runfẹ́mi", "Jǫ́", "Rū̃ta", "Ʋ̀ra", "Юли́я Ю́"])
def test_a_name_is_refused_when_the_font_of_the_design_has_no_place_for_its_marks(tmp_path: Path, name: str):
    folder = shutil.copytree(FOLDER, tmp_path / "design")
    styles = (folder / "certificate.css").read_text("utf-8")
    (folder / "certificate.css").write_text(styles.replace(".extended {", ".elsewhere {"), "utf-8")
    with pytest.raises(MissingGlyph, match=r"^the name has U\+03\w\w, which no font places on its letter$"):
        Design(folder).render(dataclasses.replace(ANNA, holder=name))


@pytest.mark.parametrize("name", ["林\u0301", "1\u0302"])
def test_a_mark_on_a_character_that_takes_none_is_refused(name: str):
    with pytest.raises(MissingGlyph, match="which no font places on its letter"):
        DESIGNS.render(dataclasses.replace(ANNA, holder=name))


@pytest.mark.parametrize("slot", ["holder", "title", "company"])
def test_more_marks_on_a_letter_than_there_is_room_for_are_refused(slot: str):
    for mark, number in [(ACUTE, 600), (ACUTE, MAX_MARKS + 1), ("\u0e31", 600)]:
        with pytest.raises(DoesNotFit, match=f"the {slot} has more marks on one letter"):
            DESIGNS.render(dataclasses.replace(ANNA, **{slot: "x" + mark * number}))
    assert DESIGNS.render(dataclasses.replace(ANNA, **{slot: "x" + ACUTE * MAX_MARKS}))
