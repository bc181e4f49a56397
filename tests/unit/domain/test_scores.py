"""C4: the scale of a quiz, and how a score is compared with its passing score."""

import pytest

from earned.domain.requirements import Reason
from earned.domain.rules import evaluate
from tests.unit.builders import ENROLLED, LATER, after, course, graded, quiz


@pytest.mark.parametrize(("score", "passing"), [(56.99999999999999, 57.0), (0.1 + 0.2, 0.3), (0.3, 0.1 + 0.2)])
def test_a_score_passes_when_it_is_the_passing_score_to_nine_decimals(score: float, passing: float) -> None:
    made = course(quiz(passing_score=passing))
    assert evaluate(made, [graded(score, after(1))], LATER, ENROLLED).complete


def test_a_score_below_the_passing_score_at_the_ninth_decimal_does_not_pass() -> None:
    made = course(quiz(passing_score=57.0))
    assert not evaluate(made, [graded(56.999999999, after(1))], LATER, ENROLLED).complete


def test_a_score_above_the_highest_counts_as_no_attempt() -> None:
    made = course(quiz(passing_score=0.8, max_score=1.0, attempts=1))
    only_beyond = evaluate(made, [graded(5.0, after(1))], LATER, ENROLLED)
    assert [one.reason for one in only_beyond.outstanding] == [Reason.NOT_PASSED]
    assert evaluate(made, [graded(5.0, after(1)), graded(0.8, after(2))], LATER, ENROLLED).completed_at == after(2)
    assert evaluate(made, [graded(1.0, after(1))], LATER, ENROLLED).complete


def test_a_score_is_above_the_highest_when_it_is_so_to_nine_decimals() -> None:
    made = course(quiz(passing_score=0.3, max_score=0.3))
    assert evaluate(made, [graded(0.1 + 0.2, after(1))], LATER, ENROLLED).complete
    assert not evaluate(made, [graded(0.300000001, after(1))], LATER, ENROLLED).complete
