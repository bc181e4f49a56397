"""What a client prefers by its headers; a malformed header never fails."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earned.api.negotiation import language, prefers_html

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


@given(st.text(alphabet=st.sampled_from("ende,;q=.019*/ \ud800\u0661-x")))
def test_any_header_has_an_answer(header: str) -> None:
    assert language(header, AVAILABLE) in AVAILABLE
    assert prefers_html(header) in {True, False}
