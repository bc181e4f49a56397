"""The worst records that can exist are judged in about the time of sorting them: the steps are counted, not timed."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from earned.aws.dynamodb.enrollments import MAX_FACTS
from earned.domain.compaction import redundant_facts
from earned.domain.facts import Fact
from earned.domain.rules import evaluate
from earned.domain.training import Course
from tests.unit.builders import ENROLLED, LATER, after, course, done, graded, granted, lesson, quiz, video, watched


def lines_of(work: Callable[[], Any]) -> int:
    """How many lines of Python run in a call."""
    lines = 0

    def trace(_frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal lines
        lines += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return lines


def scattered(number: int) -> list[Fact]:
    """Sittings that never meet, in an order that is not theirs."""
    return [watched((place, place + 20), at=after(ms=index)) for index, place in enumerate(_shuffled(number, 400))]


def meeting(number: int) -> list[Fact]:
    """Sittings that cover a video with the last one."""
    return [watched((place, place + 400), at=after(ms=index)) for index, place in enumerate(_shuffled(number, 400))]


def _shuffled(number: int, step: int) -> list[int]:
    return [step * (index * 7_919 % number) for index in range(number)]


def attempts(number: int) -> list[Fact]:
    return [graded(1, after(ms=index), event=str(index)) for index in range(number)]


def grants(number: int) -> list[Fact]:
    return [granted(1, after(ms=index), event=str(index)) for index in range(number)]


def lessons(number: int) -> list[Fact]:
    return [done(f"s{index % 150}", after(ms=index)) for index in range(number)]


LONG = 400 * MAX_FACTS
WORST: dict[str, tuple[Course, Callable[[int], list[Fact]]]] = {
    "sittings that never meet": (course(video(duration=LONG)), scattered),
    "sittings that meet with the last": (course(video(duration=400 * 1_000)), meeting),
    "sittings out of order": (course(lesson("x"), video(duration=LONG)), scattered),
    "attempts": (course(quiz(attempts=2)), attempts),
    "attempts without a limit": (course(quiz()), attempts),
    "grants": (course(quiz(attempts=1)), grants),
    "a course of 150 steps": (course(*(lesson(f"s{index}") for index in range(150))), lessons),
}


@pytest.mark.parametrize(("training", "facts"), WORST.values(), ids=WORST)
def test_a_record_of_twice_the_facts_takes_little_more_than_twice_the_steps(
    training: Course, facts: Callable[[int], list[Fact]]
) -> None:
    half, whole = facts(1_000), facts(2_000)

    assert lines_of(lambda: evaluate(training, whole, LATER, ENROLLED)) <= 2.6 * lines_of(
        lambda: evaluate(training, half, LATER, ENROLLED)
    )
    assert lines_of(lambda: redundant_facts(training, whole, LATER)) <= 2.6 * lines_of(
        lambda: redundant_facts(training, half, LATER)
    )


@pytest.mark.parametrize(("training", "facts"), WORST.values(), ids=WORST)
def test_a_record_of_a_thousand_facts_is_judged_in_eighty_steps_a_fact(
    training: Course, facts: Callable[[int], list[Fact]]
) -> None:
    known = facts(1_000)

    assert lines_of(lambda: evaluate(training, known, LATER, ENROLLED)) <= 80 * len(known)
