"""The result that a credential states: the score by which the only required quiz of a course counted."""

from datetime import timedelta

import pytest

from earned.domain.certificate import QuizResult
from earned.domain.facts import Fact
from earned.domain.results import quiz_result
from earned.domain.training import Course, Step, Training
from tests.unit.builders import after, completion, course, done, graded, lesson, live_event, marked, quiz

TOLERANCE = timedelta(minutes=5)
LESSON_THEN_QUIZ = course(lesson(), quiz(max_score=100.0))


def result(training: Training, *facts: Fact) -> QuizResult | None:
    return quiz_result(completion(*facts), training, TOLERANCE)


def test_the_first_pass_counts_whatever_follows() -> None:
    attempts = graded(40, after(1)), graded(75, after(2)), graded(95, after(3)), graded(10, after(4))
    assert result(LESSON_THEN_QUIZ, done(), *attempts) == QuizResult(75.0, 70.0, 100.0)


def test_a_pass_before_its_predecessor_counted_is_no_result() -> None:
    facts = graded(99, after(0)), done(at=after(60)), graded(80, after(61))
    assert result(LESSON_THEN_QUIZ, *facts) == QuizResult(80.0, 70.0, 100.0)


def test_an_unordered_course_takes_the_first_pass() -> None:
    facts = graded(99, after(0)), done(at=after(60)), graded(80, after(61))
    assert result(course(lesson(), quiz(), ordered=False), *facts) == QuizResult(99.0, 70.0)


def test_a_pass_beyond_the_attempts_is_no_result() -> None:
    assert result(course(quiz(attempts=1)), graded(10, after(1)), graded(90, after(2))) is None


@pytest.mark.parametrize("skipped", [lesson("skipped", required=False), quiz("skipped", required=False)])
def test_an_optional_step_that_was_skipped_before_the_quiz_is_no_predecessor(skipped: Step) -> None:
    ordered = course(lesson(), skipped, quiz(max_score=100.0))
    assert result(ordered, done(), graded(80, after(1))) == QuizResult(80.0, 70.0, 100.0)


@pytest.mark.parametrize("place", [0, 1])
def test_an_optional_quiz_beside_the_required_one_changes_nothing(place: int) -> None:
    steps = [quiz(max_score=100.0)]
    steps.insert(place, quiz("extra", required=False))
    facts = graded(90, after(1), "extra"), graded(80, after(2))
    assert result(course(*steps), *facts) == QuizResult(80.0, 70.0, 100.0)


@pytest.mark.parametrize(
    "training",
    [
        course(lesson()),
        course(quiz("one"), quiz("two")),
        course(lesson(), quiz(required=False)),
        live_event(),
    ],
)
def test_without_exactly_one_required_quiz_there_is_no_result(training: Course) -> None:
    facts = done(), graded(90, after(1)), graded(90, after(1), "one"), graded(90, after(2), "two"), marked(True)
    assert result(training, *facts) is None
