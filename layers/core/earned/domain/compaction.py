"""Facts that no verdict depends on, so that a record stays small."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from earned.domain.facts import AttendanceMarked, Fact, QuizGraded, StepDone, VideoWatched
from earned.domain.rules import BEGINNING, TOLERANCE, _counted, _done, _earliest
from earned.domain.training import Course, Step


def redundant_facts(
    course: Course, facts: Iterable[Fact], before: datetime, tolerance: timedelta = TOLERANCE
) -> set[Fact]:
    """Repetitions from before a time without which every verdict stays what it is, whatever is added from that time on.

    What is done again after it counted says nothing new (C5), nor does what is too early to count and was done again.
    """
    old = {fact for fact in facts if fact.at < before - tolerance}
    found: set[Fact] = set()
    predecessor: datetime | None = BEGINNING
    for step in course.steps:
        own = [fact for fact in old if not isinstance(fact, AttendanceMarked) and fact.step_id == step.step_id]
        ahead = predecessor if step.required else BEGINNING
        found |= _repeated(step, own).difference(_counting_facts(step, own, ahead, tolerance))
        if step.required and course.ordered:
            predecessor = _counted(step, own, predecessor, tolerance)
    return found


def _counting_facts(step: Step, own: Sequence[Fact], predecessor: datetime | None, tolerance: timedelta) -> list[Fact]:
    """What a step counts by: all from when on it may be done until it is; nothing while it does not count."""
    if predecessor is None:
        return []
    earliest = _earliest(predecessor, tolerance)
    done = _done(step, own, earliest)
    return [fact for fact in own if done and earliest <= fact.at <= done]


def _repeated(step: Step, own: Iterable[Fact]) -> set[Fact]:
    """The facts that later ones contain. Of a quiz with a number of attempts each is counted, so none is contained."""
    later: list[Fact] = []
    repeated = set()
    for fact in sorted(own, key=lambda one: (one.at, repr(one)), reverse=True):
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
    """Ranges that touch, as one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(played):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
