"""What a client prefers by its headers; a malformed header never fails."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earned.api.negotiation import language, prefers_html, prefers_json

AVAILABLE = {"en", "de", "ar"}


@pytest.mark.parametrize(
    ("header", "preferred"),
    [
        ("", "en"),
        ("de", "de"),
        ("DE-at", "de"),
        ("fr, de;q=0.2", "de"),
        ("en;q=0.5, de;q=0.6", "de"),
        ("de, ar", "de"),
        ("de;q=0, ar;q=0.1", "ar"),
        ("*", "en"),
        ("de;q=nonsense", "en"),
        ("de;q=2", "en"),
    ],
)
def test_the_first_of_the_most_wanted_available_languages_is_chosen(header: str, preferred: str) -> None:
    assert language(header, AVAILABLE) == preferred


@pytest.mark.parametrize(
    ("accept", "preferred"),
    [
        ("", False),
        ("*/*", False),
        ("application/json", True),
        ("application/vc", False),
        ("application/json, application/vc", False),
        ("application/json, application/vc;q=0.9", True),
        ("application/json;q=0.9, */*;q=0.8", True),
        ("application/json;q=0.8, */*;q=0.9", False),
        ("application/json, */*", False),
    ],
)
def test_json_is_preferred_only_if_it_is_wanted_more_than_a_credential(accept: str, preferred: bool) -> None:
    assert prefers_json(accept) is preferred


@pytest.mark.parametrize(
    ("accept", "preferred"),
    [
        ("", False),
        ("*/*", False),
        ("text/html", True),
        ("TEXT/HTML", True),
        ("text/html;q=0", False),
        ("text/html;q=0.0", False),
        ("text/html;q=0.001", True),
        ("application/json", False),
        ("text/html, application/json", False),
        ("text/html, application/json;q=0.9", True),
        ("text/html;q=0.9, application/json", False),
        ("text/html, application/json;q=0", True),
        ("text/html, application/*", True),
        ("text/html;q=0.9, application/*", False),
        ("text/html;q=0.8, */*;q=0.8", True),
        ("text/html;q=0.7, */*;q=0.8", False),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", True),
        ("text/html;level=1;q=0.2, application/json;q=0.1", True),
        ("text/html;v=b3;q=0.1, application/json;q=0.2", False),
        ("text/html;q=2", False),
        ("text/html;q=-0.1", False),
        ("text/html;q=inf", False),
        ("text/html;q=1.000, application/json;q=0.999", True),
        ("text/html;q=0.5559, application/json;q=0.5551", False),
        ("text/html, application/json;q=1", False),
    ],
)
def test_a_page_is_preferred_only_if_it_is_wanted_more_than_json(accept: str, preferred: bool) -> None:
    """Weights have three decimals; of equal ones, JSON wins where it is named."""
    assert prefers_html(accept) is preferred


@pytest.mark.parametrize(("before", "preferred"), [(49, True), (50, False)])
def test_no_more_than_fifty_preferences_are_read(before: int, preferred: bool) -> None:
    assert prefers_html("a/b," * before + "text/html") is preferred


@given(st.text(alphabet=st.sampled_from("ende,;q=.019*/ \ud800\u0661-x")))
def test_any_header_has_an_answer(header: str) -> None:
    assert language(header, AVAILABLE) in AVAILABLE
    assert prefers_html(header) in {True, False}
