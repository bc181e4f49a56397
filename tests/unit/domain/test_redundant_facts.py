"""Redundant facts (C5): removing them changes no verdict, now or after later facts."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earned.domain.compaction import redundant_facts
from earned.domain.facts import Fact
from earned.domain.rules import TOLERANCE, evaluate
from earned.domain.training import Course, Step
from tests.unit.builders import (
    ENROLLED,
    LATER,
    MILLISECOND,
    after,
    course,
    done,
    graded,
    granted,
    lesson,
    quiz,
    video,
    watched,
)

BEFORE = after(60) + TOLERANCE
STEPS = [
    lesson("a"),
    video("b"),
    quiz("c"),
    quiz("d", attempts=2),
    lesson("e", required=False),
    quiz("f", passing_score=50.0, max_score=60.0),
]
PARTS = [(0, 20_000), (10_000, 40_000), (0, 60_000), (40_000, 60_000)]


def facts(first: int, last: int) -> st.SearchStrategy[Fact]:
    """Any fact about the steps between two minutes."""
    at = st.integers(first, last).map(after)
    return st.one_of(
        st.builds(done, st.sampled_from("ae"), at),
        st.builds(
            lambda parts, at: watched(*parts, at=at, step_id="b"), st.lists(st.sampled_from(PARTS), min_size=1), at
        ),
        st.builds(graded, st.sampled_from([50, 60, 80]), at, st.sampled_from("cdf")),
        st.builds(granted, st.just(1), at, st.just("d")),
    )


def verdict(training: Course, known: Any, tolerance: timedelta = TOLERANCE) -> Any:
    return evaluate(training, known, LATER, ENROLLED, tolerance)


@settings(max_examples=500, deadline=None)
@given(
    st.permutations(STEPS),
    st.booleans(),
    st.lists(facts(0, 90), max_size=25),
    st.lists(facts(65, 120), max_size=8),
)
def test_removing_redundant_facts_changes_no_verdict_now_or_later(
    steps: list[Step], ordered: bool, known: list[Fact], to_come: list[Fact]
) -> None:
    training = course(*steps, ordered=ordered)
    kept = set(known) - redundant_facts(training, known, BEFORE)
    assert verdict(training, kept) == verdict(training, known)
    assert verdict(training, [*kept, *to_come]) == verdict(training, [*known, *to_come])


@pytest.mark.parametrize(
    ("step", "again"),
    [
        (lesson("a"), lambda at: done("a", at)),
        (video("b"), lambda at: watched(at=at, step_id="b")),
        (quiz("c"), lambda at: graded(90, at, "c")),
        (quiz("c"), lambda at: graded(10, at, "c")),
    ],
    ids=["lesson", "video", "passed quiz", "failed quiz"],
)
def test_of_a_step_repeated_daily_for_a_year_at_most_two_facts_are_kept(step: Step, again: Any) -> None:
    days: list[datetime] = [ENROLLED + timedelta(days=day) for day in range(365)]
    known = {again(day) for day in days}
    assert len(known - redundant_facts(course(lesson("x"), step), known, days[-1] + timedelta(days=1))) == 1
    assert len(known - redundant_facts(course(step), known, days[-1] + timedelta(days=1))) <= 2


def test_recent_facts_are_kept() -> None:
    known = {done("a", after(minute)) for minute in range(10)}
    assert redundant_facts(course(lesson("a")), known, after(0)) == set()


def test_attempts_at_a_quiz_with_a_limit_are_kept() -> None:
    known = {graded(10, after(minute), "d") for minute in range(10)}
    assert redundant_facts(course(quiz("d", attempts=2)), known, LATER) == set()


@pytest.mark.parametrize("pieces", [[(0, 20_000), (20_000, 40_000)], [(0, 30_000), (10_000, 40_000)]])
def test_a_sitting_is_redundant_when_later_ones_together_cover_it(pieces: list[tuple[int, int]]) -> None:
    first = watched((0, 40_000), at=after(1), step_id="b")
    later = [watched(piece, at=after(minute), step_id="b") for minute, piece in enumerate(pieces, start=2)]
    assert redundant_facts(course(video("b")), [first, *later], LATER) == {first}


WAITING = course(lesson("x"), lesson("a"), lesson("b"), quiz("c"))  # no step counts, because x is not done


def test_of_facts_too_early_to_count_the_latest_of_each_step_is_kept() -> None:
    known = [done(step, after(minute)) for step in "ab" for minute in range(3)]
    assert redundant_facts(WAITING, known, LATER) == {done(step, after(minute)) for step in "ab" for minute in range(2)}


def test_of_equal_attempts_at_the_same_time_the_same_one_is_kept_in_any_order() -> None:
    known = [graded(10, after(1), "c", event=f"event-{number}") for number in range(9)]
    assert redundant_facts(WAITING, known, LATER) == set(sorted(known, key=repr)[:-1])


def test_a_better_score_is_not_made_redundant_by_a_worse_one() -> None:
    assert redundant_facts(WAITING, [graded(90, after(1), "c"), graded(10, after(2), "c")], LATER) == set()


def test_only_facts_older_than_the_tolerance_are_redundant() -> None:
    first, second = done("a", after(1)), done("a", after(2))
    assert redundant_facts(WAITING, [first, second], second.at + TOLERANCE) == set()
    assert redundant_facts(WAITING, [first, second], second.at + TOLERANCE + MILLISECOND) == {first}


@pytest.mark.parametrize(
    ("step", "counted"),
    [(lesson("a"), after(10) - TOLERANCE), (lesson("a"), after(11)), (lesson("a", required=False), after(1))],
    ids=["at the start of the tolerance", "after its predecessor", "optional, before its predecessor"],
)
def test_the_fact_by_which_a_step_counted_is_kept(step: Step, counted: datetime) -> None:
    known = [done("x", after(10)), done("a", counted), done("a", after(20))]
    assert redundant_facts(course(lesson("x"), step), known, LATER) == set()


def test_the_fact_by_which_an_optional_step_counted_is_kept_whatever_precedes_it() -> None:
    known = [done("a", after(1)), done("a", after(2))]
    assert redundant_facts(course(lesson("x"), lesson("a", required=False)), known, LATER) == set()


def test_a_score_is_not_made_redundant_by_one_that_is_off_the_scale() -> None:
    off_scale = quiz("c", max_score=100.0)
    known = {graded(90, after(1), "c"), graded(500, after(2), "c")}
    assert redundant_facts(course(lesson("a"), off_scale), known, BEFORE) == set()
