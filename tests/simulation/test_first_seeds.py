"""Half of the seeds of every test run; the other half is in a file of its own, so that two cores share them."""

from tests.simulation.chunks import run_seeds


def test_no_story_with_any_fault_violates_an_invariant() -> None:
    run_seeds(1, 250)


def test_a_withdrawal_delivered_again_is_told_as_the_same_event_though_the_enrollment_was_told_once_more() -> None:
    run_seeds(2961, 2961)
