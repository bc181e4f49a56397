"""The benchmark of the credential measures what a warm worker does."""

from tools.bench.credential import measure


def test_most_of_its_certificates_are_drawn_by_compiled_pages() -> None:
    assert measure(10)["share_compiled"] > 0.75
