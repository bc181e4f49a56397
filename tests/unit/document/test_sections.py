"""The static and dynamic sections of the certificate: independent of each other, so each can be drawn alone."""

import dataclasses
import re
from collections.abc import Iterator
from itertools import combinations, product
from typing import Any

import pytest
from weasyprint import HTML
from weasyprint.formatting_structure.boxes import TextBox

from earned.document.render import BASE, NORTHLIGHT, PAPERS
from earned.domain.certificate import CertificateContent
from tests.unit.builders import issue

WORDING = NORTHLIGHT.wording
CONTENT = dataclasses.replace(issue().printed, hours=7.5)


def page(content: CertificateContent) -> str:
    """The HTML of a certificate, with the mark of the design in place of a logo."""
    return NORTHLIGHT.page(content).replace('src="logo"', 'src="mark.svg"')


def sections(html: str) -> list[str]:
    """The static elements before, the dynamic ones, and the static ones after."""
    body = html.partition("<body")[2].partition(">")[2].partition("</body>")[0]
    return re.split("<!-- dynamic -->|<!-- static -->", body)


def variants() -> Iterator[CertificateContent]:
    for language, kind, company, logo, paper in product(
        WORDING.languages, [CONTENT.kind], [None, "Larkspur"], [None, "0" * 64], PAPERS
    ):
        yield dataclasses.replace(CONTENT, language=language, kind=kind, company=company, logo=logo, paper=paper)


def boxes(content: CertificateContent) -> list[Any]:
    """The visible boxes of the laid-out page."""
    html = HTML(string=page(content), base_url=BASE, url_fetcher=NORTHLIGHT.images)
    (only,) = html.render(stylesheets=[NORTHLIGHT.styles(content.paper)]).pages
    (root,) = only._page_box.children
    (body,) = root.children
    return [box for box in body.children if box.element.get("class") != "slot"]


@pytest.mark.parametrize("language", WORDING.languages)
def test_the_static_sections_do_not_depend_on_the_person_or_the_training(language: str):
    one = dataclasses.replace(CONTENT, language=language, company="Larkspur", logo="0" * 64)
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
    differs = [first != second for first, second in zip(sections(page(one)), sections(page(other)), strict=True)]
    assert differs == [False, True, False]


def test_no_two_elements_overlap():
    for content in variants():
        laid_out = boxes(content)
        assert {box.style["position"] for box in laid_out} == {"absolute"}
        for one, other in combinations(laid_out, 2):
            assert apart(one, other), f"{content.language} {one.element_tag} {other.element_tag}"


@pytest.mark.parametrize("language", WORDING.languages)
@pytest.mark.parametrize("paper", PAPERS)
def test_the_line_below_the_code_shares_the_baseline_of_the_line_below_the_signature(language: str, paper: str):
    content = dataclasses.replace(CONTENT, language=language, paper=paper)
    words = WORDING.words(content)
    html = HTML(string=page(content), base_url=BASE, url_fetcher=NORTHLIGHT.images)
    [only] = html.render(stylesheets=[NORTHLIGHT.styles(paper)]).pages
    lines = [box for box in only._page_box.descendants(placeholders=True) if isinstance(box, TextBox)]
    baselines = {box.text: box.position_y + box.baseline for box in lines}
    assert baselines[words["scan"]] == pytest.approx(baselines[words["role"]], abs=0.1)


def apart(one: Any, other: Any) -> bool:
    """Whether two boxes have no area in common."""
    (left, right, top, bottom), (other_left, other_right, other_top, other_bottom) = edges(one), edges(other)
    return right <= other_left or other_right <= left or bottom <= other_top or other_bottom <= top


def edges(box: Any) -> tuple[float, float, float, float]:
    """Left, right, top and bottom."""
    return (
        box.position_x,
        box.position_x + box.margin_width(),
        box.position_y,
        box.position_y + box.margin_height(),
    )


def test_the_reading_order_is_provider_holder_training_number_signatory():
    content = dataclasses.replace(CONTENT, company="Larkspur", logo="0" * 64)
    words = WORDING.words(content)
    texts = [
        words["provider"],
        words["heading"],
        words["lead"],
        content.holder,
        "of Larkspur",
        words["statement"],
        content.title,
        "7.5 hours",
        words["number"],
        content.verify_url,
        words["scan"],
        words["signatory"],
    ]
    body = page(content).partition("<body")[2]
    places = [body.index(text) for text in texts]
    assert places == sorted(places)
