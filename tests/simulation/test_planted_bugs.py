"""Some planted bugs that a few seeds must find; `python -m tests.planted_bugs` looks for all of them."""

import pytest

from tests.planted_bugs.find_seed import find_seed

QUICKLY_FOUND = (
    "a-new-certificate-id-each-time",
    "a-removed-account-keeps-its-enrollments",
    "announce-before-issuing",
    "announce-before-the-document",
    "digest-in-any-order",
    "equal-times-by-arrival",
    "future-clocks-are-accepted",
    "issue-before-the-document",
    "order-by-arrival",
    "quarantine-without-a-reason",
    "refused-events-are-dropped",
    "trust-the-message",
)


@pytest.mark.parametrize("bug", QUICKLY_FOUND)
def test_a_few_seeds_find_a_planted_bug(bug):
    assert find_seed(bug, 1, 20).seed is not None
