"""The simulator, judged in short: some planted bugs that a few seeds must find. `make mutants` hunts them all."""

import pytest

from tests.planted_bugs.hunt import hunt

QUICKLY_FOUND = (
    "a-new-certificate-id-each-time",
    "a-removed-account-keeps-its-enrollments",
    "announce-before-issuing",
    "announce-before-the-document",
    "digest-in-any-order",
    "issue-before-the-document",
    "order-by-arrival",
    "quarantine-without-a-reason",
    "refused-events-are-dropped",
    "trust-the-message",
)


@pytest.mark.parametrize("bug", QUICKLY_FOUND)
def test_a_few_seeds_find_a_planted_bug(bug):
    assert hunt(bug, 1, 20).seed is not None
