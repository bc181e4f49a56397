"""The other half of the seeds of a test run."""

from tests.simulation.seeds import run_seeds


def test_no_story_with_any_fault_violates_an_invariant() -> None:
    run_seeds(251, 500)
