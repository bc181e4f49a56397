"""The page of the design folder: sections that are still or live, side by side, so that each can be drawn alone."""

import dataclasses
import re
from collections.abc import Iterator
from itertools import combinations, product
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup
from weasyprint import CSS, HTML

from earned import pdf
from earned.models import Printed
from earned.wording import Wording
from tests.unit.builders import issue

FOLDER = Path(pdf.__file__).with_name("certificate")
WORDING = Wording(FOLDER)
TEMPLATE = Environment(autoescape=True, undefined=StrictUndefined).from_string(
    (FOLDER / "certificate.html").read_text("utf-8")
)
PRINTED = dataclasses.replace(issue().printed, hours=7.5)
CODE = Markup('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"></svg>')
SLOTS = dict.fromkeys(("holder", "company", "title"), 1)


def page(printed: Printed) -> str:
    """The HTML of a certificate; instead of a logo the mark of the design, which is as good here."""
    html = TEMPLATE.render(WORDING.texts(printed), code=CODE, scale=SLOTS)
    return html.replace('src="logo"', 'src="mark.svg"')


def sections(html: str) -> list[tuple[str, str]]:
    """What each comment says, and what stands between it and the next one."""
    body = html.partition("<body")[2].partition(">")[2].partition("</body>")[0]
    parts = re.split(r"<!-- (.*?) -->", body)
    assert not parts[0].strip()
    return list(zip(parts[1::2], parts[2::2], strict=True))


def variants() -> Iterator[Printed]:
    for language, kind, company, logo, paper in product(
        WORDING.languages, [PRINTED.kind], [None, "Larkspur"], [None, "0" * 64], pdf.PAPERS
    ):
        yield dataclasses.replace(PRINTED, language=language, kind=kind, company=company, logo=logo, paper=paper)


def boxes(printed: Printed) -> list[Any]:
    """The boxes of the sections, as laid out."""
    sheets = [(FOLDER / name).read_text("utf-8") for name in ("certificate.css", f"{printed.paper}.css")]
    styles = WORDING.brand.colour("\n".join(sheets))
    base = f"{FOLDER.as_uri()}/"
    document = HTML(string=page(printed), base_url=base).render(stylesheets=[CSS(string=styles, base_url=base)])
    (only,) = document.pages
    (html,) = only._page_box.children
    (body,) = html.children
    return list(body.children)


@pytest.mark.parametrize("language", WORDING.languages)
def test_what_is_still_says_nothing_of_the_person_or_the_training(language: str):
    one = dataclasses.replace(PRINTED, language=language, company="Larkspur", logo="0" * 64)
    other = Printed(
        certificate_id="zzzz7m2qzt5vx4hbrn6wdyc2jp",
        holder="Someone",
        title="Something",
        kind=one.kind,
        completed_on=one.completed_on.replace(year=2031),
        hours=None,
        company="Fernhill",
        language=language,
        verify_url="https://elsewhere.example",
        logo="f" * 64,
    )
    still = [[part for kind, part in sections(page(printed)) if kind == "still"] for printed in (one, other)]
    assert still[0] == still[1]
    assert {kind for kind, _ in sections(page(one))} == {"still", "live"}


def test_each_section_is_one_element_apart_from_all_others():
    for printed in variants():
        laid_out = boxes(printed)
        assert len(laid_out) == len(sections(page(printed)))
        assert {box.style["position"] for box in laid_out} == {"absolute"}
        for one, other in combinations(laid_out, 2):
            assert apart(one, other), f"{printed.language} {one.element_tag} {other.element_tag}"


def apart(one: Any, other: Any) -> bool:
    """Whether two boxes have no point in common."""
    (left, right, top, bottom), (its_left, its_right, its_top, its_bottom) = edges(one), edges(other)
    return right <= its_left or its_right <= left or bottom <= its_top or its_bottom <= top


def edges(box: Any) -> tuple[float, float, float, float]:
    """Left, right, top and bottom."""
    return (
        box.position_x,
        box.position_x + box.margin_width(),
        box.position_y,
        box.position_y + box.margin_height(),
    )


def test_the_page_is_read_in_the_order_in_which_one_would_say_it():
    printed = dataclasses.replace(PRINTED, company="Larkspur", logo="0" * 64)
    words = WORDING.words(printed)
    said = [
        words["provider"],
        words["heading"],
        words["lead"],
        printed.holder,
        "of Larkspur",
        words["statement"],
        printed.title,
        "7.5 hours",
        words["signatory"],
        words["scan"],
        words["number"],
        printed.verify_url,
    ]
    body = page(printed).partition("<body")[2]
    places = [body.index(text) for text in said]
    assert places == sorted(places)
