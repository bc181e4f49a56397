"""Finds the facts that no verdict depends on; their removal keeps a record small (C5)."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from math import inf

from earned.domain.facts import AttemptsGranted, Fact, QuizGraded, StepDone, VideoWatched
from earned.domain.ranges import RangeSet
from earned.domain.rules import TOLERANCE, allowed_from, counted_at
from earned.domain.step_history import BEGINNING, StepFact, StepHistory, facts_by_step, read_history
from earned.domain.training import Course, Step


def redundant_facts(
    course: Course, facts: Iterable[Fact], before: datetime, tolerance: timedelta = TOLERANCE
) -> set[Fact]:
    """The repetitions whose removal changes no verdict, given that all later facts are from `before` on.

    A fact is redundant if its step had already counted (C5), or if it was too early to count and was repeated later.
    """
    old = facts_by_step({fact for fact in facts if fact.at < before - tolerance})
    found: set[Fact] = set()
    predecessor: datetime | None = BEGINNING
    for step in course.steps:
        step_facts = old[step.step_id]
        history = read_history(step, step_facts)
        step_predecessor = predecessor if step.required else BEGINNING
        counting = _counting_facts(history, step_facts, step_predecessor, tolerance)
        found |= _repeated(step, step_facts).difference(counting)
        if step.required and course.ordered:
            predecessor = counted_at(history, predecessor, tolerance)
    return found


def _counting_facts(
    history: StepHistory, step_facts: Sequence[StepFact], predecessor: datetime | None, tolerance: timedelta
) -> list[StepFact]:
    """The facts by which a step counts: those from the time it may be done until it is done; empty if it does not."""
    if predecessor is None:
        return []
    earliest = allowed_from(predecessor, tolerance)
    done = history.done_at(earliest)
    return [fact for fact in step_facts if done and earliest <= fact.at <= done]


def _repeated(step: Step, step_facts: Iterable[StepFact]) -> set[StepFact]:
    """The facts that later ones contain; empty for a quiz with limited attempts, which counts each attempt."""
    later = _Later(step)
    repeated = set()
    for fact in sorted(step_facts, key=_by_time, reverse=True):
        if later.contain(fact):
            repeated.add(fact)
        else:
            later.add(fact)
    return repeated


class _Later:
    """What the later facts about a step say together."""

    def __init__(self, step: Step) -> None:
        self._step = step
        self._done = False
        self._played = RangeSet()
        self._best: dict[bool, float] = {}  # by whether it is off the scale: such a score never counts

    def contain(self, fact: StepFact) -> bool:
        match fact:
            case StepDone():
                return self._done
            case VideoWatched():
                return all(part in self._played for part in fact.played)
            case QuizGraded():
                return self._step.attempts is None and fact.score <= self._best_like(fact)
            case AttemptsGranted():
                return False

    def add(self, fact: StepFact) -> None:
        match fact:
            case StepDone():
                self._done = True
            case VideoWatched():
                for part in fact.played:
                    self._played.add(part)
            case QuizGraded():
                self._best[self._step.is_off_scale(fact.score)] = max(self._best_like(fact), fact.score)

    def _best_like(self, fact: QuizGraded) -> float:
        return self._best.get(self._step.is_off_scale(fact.score), -inf)


def _by_time(fact: StepFact) -> tuple[datetime, str, object]:
    match fact:
        case StepDone():
            return (fact.at, "", ())
        case VideoWatched():
            return (fact.at, "video", fact.played)
        case QuizGraded():
            return (fact.at, "quiz", (fact.score, fact.attempt))
        case AttemptsGranted():
            return (fact.at, "grant", (fact.attempts, fact.granted_by, fact.grant))
