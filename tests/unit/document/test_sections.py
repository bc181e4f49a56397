"""The page of the design folder: parts that are still or live, side by side, so that each can be drawn alone."""

import dataclasses
import re
from collections.abc import Iterator
from itertools import combinations, product
from typing import Any

import pytest
from weasyprint import HTML

from earned.document import render as pdf
from earned.domain.certificate import CertificateContent
from tests.unit.builders import issue

WORDING = pdf.NORTHLIGHT.wording
PRINTED = dataclasses.replace(issue().printed, hours=7.5)


def page(printed: CertificateContent) -> str:
    """The HTML of a certificate; instead of a logo the mark of the design, which is as good here."""
    return pdf.NORTHLIGHT.page(printed).replace('src="logo"', 'src="mark.svg"')


def parts(html: str) -> list[str]:
    """What is still, what is live, and what is still again."""
    body = html.partition("<body")[2].partition(">")[2].partition("</body>")[0]
    return re.split("<!-- live -->|<!-- still -->", body)


def variants() -> Iterator[CertificateContent]:
    for language, kind, company, logo, paper in product(
        WORDING.languages, [PRINTED.kind], [None, "Larkspur"], [None, "0" * 64], pdf.PAPERS
    ):
        yield dataclasses.replace(PRINTED, language=language, kind=kind, company=company, logo=logo, paper=paper)


def boxes(printed: CertificateContent) -> list[Any]:
    """The boxes that show something, as laid out."""
    html = HTML(string=page(printed), base_url=pdf.BASE, url_fetcher=pdf.NORTHLIGHT.images)
    (only,) = html.render(stylesheets=[pdf.NORTHLIGHT.styles(printed.paper)]).pages
    (root,) = only._page_box.children
    (body,) = root.children
    return [box for box in body.children if box.element.get("class") != "slot"]


@pytest.mark.parametrize("language", WORDING.languages)
def test_what_is_still_says_nothing_of_the_person_or_the_training(language: str):
    one = dataclasses.replace(PRINTED, language=language, company="Larkspur", logo="0" * 64)
    other = CertificateContent(
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
    (before, live, after), (its_before, its_live, its_after) = (parts(page(printed)) for printed in (one, other))
    assert (before, after) == (its_before, its_after)
    assert live != its_live


def test_each_element_stands_apart_from_all_others():
    for printed in variants():
        laid_out = boxes(printed)
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
        words["number"],
        printed.verify_url,
        words["scan"],
        words["signatory"],
    ]
    body = page(printed).partition("<body")[2]
    places = [body.index(text) for text in said]
    assert places == sorted(places)
