"""Finds the facts that no verdict depends on; their removal keeps a record small (C5)."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from earned.domain.facts import AttendanceMarked, Fact, QuizGraded, StepDone, VideoWatched
from earned.domain.rules import BEGINNING, TOLERANCE, allowed_from, counted_at, done_at
from earned.domain.training import Course, Step


def redundant_facts(
    course: Course, facts: Iterable[Fact], before: datetime, tolerance: timedelta = TOLERANCE
) -> set[Fact]:
    """The repetitions whose removal changes no verdict, given that all later facts are from `before` on.

    A fact is redundant if its step had already counted (C5), or if it was too early to count and was repeated later.
    """
    old = {fact for fact in facts if fact.at < before - tolerance}
    found: set[Fact] = set()
    predecessor: datetime | None = BEGINNING
    for step in course.steps:
        step_facts = [fact for fact in old if not isinstance(fact, AttendanceMarked) and fact.step_id == step.step_id]
        step_predecessor = predecessor if step.required else BEGINNING
        counting = _counting_facts(step, step_facts, step_predecessor, tolerance)
        found |= _repeated(step, step_facts).difference(counting)
        if step.required and course.ordered:
            predecessor = counted_at(step, step_facts, predecessor, tolerance)
    return found


def _counting_facts(
    step: Step, step_facts: Sequence[Fact], predecessor: datetime | None, tolerance: timedelta
) -> list[Fact]:
    """The facts by which a step counts: those from the time it may be done until it is done; empty if it does not."""
    if predecessor is None:
        return []
    earliest = allowed_from(predecessor, tolerance)
    done = done_at(step, step_facts, earliest)
    return [fact for fact in step_facts if done and earliest <= fact.at <= done]


def _repeated(step: Step, step_facts: Iterable[Fact]) -> set[Fact]:
    """The facts that later ones contain; empty for a quiz with limited attempts, which counts each attempt."""
    later: list[Fact] = []
    repeated = set()
    for fact in sorted(step_facts, key=lambda one: (one.at, repr(one)), reverse=True):
        if _contained(step, fact, later):
            repeated.add(fact)
        else:
            later.append(fact)
    return repeated


def _contained(step: Step, fact: Fact, later: Iterable[Fact]) -> bool:
    match fact:
        case StepDone():
            return any(isinstance(one, StepDone) for one in later)
        case VideoWatched():
            played = _merge_ranges(part for one in later if isinstance(one, VideoWatched) for part in one.played)
            return all(any(a <= start and end <= b for a, b in played) for start, end in fact.played)
        case QuizGraded() if step.attempts is None:
            return any(isinstance(one, QuizGraded) and one.score >= fact.score for one in later)
    return False


def _merge_ranges(played: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(played):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
