"""What the facts of one step say: when it was done, and why it does not count (C1 to C4).

The facts are sorted once; every question after that takes one pass or less.
"""

from abc import ABC, abstractmethod
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from earned.domain.facts import AttemptsGranted, AttendanceMarked, Fact, QuizGraded, StepDone, VideoWatched
from earned.domain.ranges import covers, first_covering
from earned.domain.requirements import Reason
from earned.domain.training import SCORE_DECIMALS, Completion, Step

BEGINNING = datetime.min.replace(tzinfo=UTC)
StepFact = StepDone | VideoWatched | QuizGraded | AttemptsGranted


class StepHistory(ABC):
    @abstractmethod
    def done_at(self, earliest: datetime) -> datetime | None:
        """When the step was done by facts from `earliest` on alone."""

    @abstractmethod
    def why_not(self) -> Reason:
        """Why a step does not count; out of order if only its predecessor or its time is in the way."""

    def score_from(self, _earliest: datetime) -> float | None:
        """The score by which a quiz was done by facts from `earliest` on; None of other steps."""
        return None


def histories(steps: Iterable[Step], facts: Iterable[Fact]) -> Iterator[StepHistory]:
    of_steps = facts_by_step(facts)
    return (read_history(step, of_steps[step.step_id]) for step in steps)


def facts_by_step(facts: Iterable[Fact]) -> defaultdict[str, list[StepFact]]:
    of_steps: defaultdict[str, list[StepFact]] = defaultdict(list)
    for fact in facts:
        if not isinstance(fact, AttendanceMarked):
            of_steps[fact.step_id].append(fact)
    return of_steps


def read_history(step: Step, step_facts: Sequence[StepFact]) -> StepHistory:
    match step.kind.completion:
        case Completion.DONE:
            return _LessonHistory(step_facts)
        case Completion.WATCHED:
            return _VideoHistory(step, step_facts)
        case Completion.PASSED:
            return _QuizHistory(step, step_facts)


class _LessonHistory(StepHistory):
    def __init__(self, step_facts: Iterable[StepFact]) -> None:
        self._times = sorted(fact.at for fact in step_facts if isinstance(fact, StepDone))

    def done_at(self, earliest: datetime) -> datetime | None:
        return _first_from(self._times, earliest)

    def why_not(self) -> Reason:
        return Reason.OUT_OF_ORDER if self._times else Reason.NOT_COMPLETED


class _VideoHistory(StepHistory):
    """C3: the time of the sitting with which the union of the sittings covers the whole video."""

    def __init__(self, step: Step, step_facts: Iterable[StepFact]) -> None:
        sittings = sorted((fact.at, fact.played) for fact in step_facts if isinstance(fact, VideoWatched))
        self._played = [(at, part) for at, played in sittings for part in played]
        self._duration = step.duration

    def done_at(self, earliest: datetime) -> datetime | None:
        played = [one for one in self._played if one[0] >= earliest]
        index = first_covering([part for _, part in played], self._duration)
        return None if index is None else played[index][0]

    def why_not(self) -> Reason:
        watched = covers((part for _, part in self._played), self._duration)
        return Reason.OUT_OF_ORDER if watched else Reason.NOT_WATCHED_TO_THE_END


class _QuizHistory(StepHistory):
    """C4: the passes within the attempts that were allowed when they were made.

    Attempts are ordered by time, a grant before an attempt of the same millisecond; a repeated report is left out.
    """

    def __init__(self, step: Step, step_facts: Iterable[StepFact]) -> None:
        left = step.attempts
        self._passes: list[datetime] = []
        self._scores: list[float] = []
        passing_score = round(step.passing_score, SCORE_DECIMALS)
        for fact in _without_repetitions(step_facts):
            match fact:
                case AttemptsGranted():
                    left = left + fact.attempts if left is not None else None
                case QuizGraded() if step.is_off_scale(fact.score):
                    pass  # on another scale: no attempt
                case QuizGraded() if left is None or left > 0:
                    left = left - 1 if left is not None else None
                    if round(fact.score, SCORE_DECIMALS) >= passing_score:
                        self._passes.append(fact.at)
                        self._scores.append(fact.score)
        self._exhausted = left == 0

    def done_at(self, earliest: datetime) -> datetime | None:
        return _first_from(self._passes, earliest)

    def score_from(self, earliest: datetime) -> float | None:
        index = bisect_left(self._passes, earliest)
        return self._scores[index] if index < len(self._scores) else None

    def why_not(self) -> Reason:
        if self._exhausted:
            return Reason.ATTEMPTS_EXHAUSTED
        return Reason.OUT_OF_ORDER if self._passes else Reason.NOT_PASSED


def _without_repetitions(step_facts: Iterable[StepFact]) -> Iterable[QuizGraded | AttemptsGranted]:
    once: dict[tuple[bool, str], QuizGraded | AttemptsGranted] = {}
    for fact in sorted((one for one in step_facts if isinstance(one, QuizGraded | AttemptsGranted)), key=_quiz_order):
        once.setdefault(_quiz_order(fact)[1:3], fact)
    return once.values()


def _quiz_order(fact: QuizGraded | AttemptsGranted) -> tuple[datetime, bool, str, float]:
    match fact:
        case QuizGraded():
            return (fact.at, True, fact.attempt, fact.score)
        case AttemptsGranted():
            return (fact.at, False, fact.grant, fact.attempts)


def _first_from(times: Sequence[datetime], earliest: datetime) -> datetime | None:
    index = bisect_left(times, earliest)
    return times[index] if index < len(times) else None
