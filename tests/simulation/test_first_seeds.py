"""Half of the seeds of every test run; the other half is in a file of its own, so that two cores share them."""

from tests.simulation.seeds import run_seeds


def test_no_story_with_any_fault_violates_an_invariant() -> None:
    run_seeds(1, 250)
