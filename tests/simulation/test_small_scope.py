"""The small scope of every test run; `python -m tests.simulation.small` goes through all of it, which takes long."""

from tests.simulation.chunks import python

SOME = ("1", "4", "5", "8")


def test_every_interleaving_with_a_crash_at_every_boundary_ends_in_two_certificates() -> None:
    told = python("-m", "tests.simulation.small", *SOME)
    assert len(told.splitlines()) == len(SOME)
