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


@given(st.text(alphabet=st.sampled_from("ende,;q=.019*/ \ud800\u0661-x")))
def test_any_header_has_an_answer(header: str) -> None:
    assert language(header, AVAILABLE) in AVAILABLE
    assert prefers_html(header) in {True, False}
