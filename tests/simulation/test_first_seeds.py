"""Half of the seeds of a test run; the other half has a file of its own, because pytest shares files among cores."""

from tests.simulation.seeds import run_seeds


def test_no_story_with_any_fault_violates_an_invariant() -> None:
    run_seeds(1, 250)
