"""The rules (docs/design.md): a pure function of a training, the facts of one enrollment and the time."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from earned.domain.facts import AttemptsGranted, AttendanceMarked, Fact, QuizGraded, StepDone, VideoWatched
from earned.domain.requirements import Reason, Requirement, Verdict
from earned.domain.training import Course, LiveEvent, Step, StepKind, Training

TOLERANCE = timedelta(minutes=5)  # clock differences (C2)
MAX_GAP = 1_000  # milliseconds (C3)
BEGINNING = datetime.min.replace(tzinfo=UTC)


def evaluate(
    training: Training, facts: Iterable[Fact], now: datetime, enrolled_at: datetime, tolerance: timedelta = TOLERANCE
) -> Verdict:
    """The outstanding requirements, or else the time when the last one was met.

    The verdict does not depend on the order or repetition of `facts` (I4). `now` only decides whether a live event has
    ended (L1). `tolerance` is how much earlier than its predecessor a step of an ordered course may be done (C2).
    """
    if isinstance(training, Course):
        return _evaluate_course(training, tuple(facts), enrolled_at, tolerance)
    return _evaluate_live_event(training, tuple(facts), now, enrolled_at)


def _evaluate_course(course: Course, facts: Sequence[Fact], enrolled_at: datetime, tolerance: timedelta) -> Verdict:
    """C1: every required step must count. C2: in an ordered course a step counts no earlier than its predecessor."""
    outstanding = []
    due_since = enrolled_at
    predecessor: datetime | None = BEGINNING
    counted_times = []
    for step in (step for step in course.steps if step.required):
        step_facts = [fact for fact in facts if not isinstance(fact, AttendanceMarked) and fact.step_id == step.step_id]
        counted = counted_at(step, step_facts, predecessor, tolerance)
        if counted is None:
            outstanding.append(Requirement(step.kind, step.step_id, step.title, _why_not(step, step_facts), due_since))
        else:
            counted_times.append(counted)
        if course.ordered:
            predecessor = counted
            due_since = max(counted, enrolled_at) if counted else enrolled_at
    return Verdict(tuple(outstanding), max(counted_times) if not outstanding else None)


def counted_at(
    step: Step, step_facts: Sequence[Fact], predecessor: datetime | None, tolerance: timedelta
) -> datetime | None:
    """The time when a step was done, but no earlier than when its predecessor counted (C2).

    None if it was not done, or if the predecessor did not count.
    """
    if predecessor is None:
        return None
    done = done_at(step, step_facts, allowed_from(predecessor, tolerance))
    return max(done, predecessor) if done else None


def allowed_from(predecessor: datetime, tolerance: timedelta) -> datetime:
    return predecessor - tolerance if predecessor > BEGINNING else BEGINNING


def done_at(step: Step, step_facts: Sequence[Fact], earliest: datetime) -> datetime | None:
    match step.kind:
        case StepKind.VIDEO:
            return _watched(step, step_facts, earliest)
        case StepKind.QUIZ:
            return _passed(step, step_facts, earliest)
        case _:
            return min(
                (fact.at for fact in step_facts if isinstance(fact, StepDone) and fact.at >= earliest), default=None
            )


def _watched(step: Step, step_facts: Sequence[Fact], earliest: datetime) -> datetime | None:
    """C3: the time of the sitting with which the union of the sittings covers the whole video."""
    played: list[tuple[int, int]] = []
    for at, ranges in sorted((f.at, f.played) for f in step_facts if isinstance(f, VideoWatched) and f.at >= earliest):
        played.extend(ranges)
        if covers(played, step.duration):
            return at
    return None


def covers(played: Iterable[tuple[int, int]], duration: int) -> bool:
    """Whether ranges cover [0, duration] in milliseconds, with no gap over a second (C3)."""
    ranges = sorted((start, min(end, duration)) for start, end in played if 0 <= start < min(end, duration))
    reached = 0
    for start, end in ranges:
        if start - reached > MAX_GAP:
            return False
        reached = max(reached, end)
    return bool(ranges) and duration - reached <= MAX_GAP


def _passed(step: Step, step_facts: Sequence[Fact], earliest: datetime) -> datetime | None:
    """C4: the time of the first pass from `earliest` on that was within the attempts allowed at that time."""
    valid = _valid_attempts(step, step_facts)
    return next((a.at for a in valid if round(a.score, 9) >= round(step.passing_score, 9) and a.at >= earliest), None)


def _valid_attempts(step: Step, step_facts: Sequence[Fact]) -> list[QuizGraded]:
    """The attempts within the number allowed when they were made (C4), ordered by time."""
    left = step.attempts
    valid = []
    for fact in _attempts_and_grants(step_facts):
        match fact:
            case AttemptsGranted():
                left = left + fact.attempts if left is not None else None
            case QuizGraded() if fact.score > (fact.score if step.max_score is None else step.max_score):
                pass  # on another scale: no attempt
            case QuizGraded() if left is None or left > 0:
                left = left - 1 if left is not None else None
                valid.append(fact)
    return valid


def _attempts_and_grants(step_facts: Sequence[Fact]) -> list[QuizGraded | AttemptsGranted]:
    """Ordered by time, a grant before an attempt of the same millisecond; a repeated report is left out."""
    once: dict[tuple[bool, str], QuizGraded | AttemptsGranted] = {}
    for fact in sorted((f for f in step_facts if isinstance(f, QuizGraded | AttemptsGranted)), key=_quiz_order):
        once.setdefault(_quiz_order(fact)[1:3], fact)
    return list(once.values())


def _quiz_order(fact: QuizGraded | AttemptsGranted) -> tuple[datetime, bool, str, float]:
    match fact:
        case QuizGraded():
            return (fact.at, True, fact.attempt, fact.score)
        case AttemptsGranted():
            return (fact.at, False, fact.grant, fact.attempts)


def _attempts_exhausted(step: Step, step_facts: Sequence[Fact]) -> bool:
    granted = sum(fact.attempts for fact in _attempts_and_grants(step_facts) if isinstance(fact, AttemptsGranted))
    return step.attempts is not None and len(_valid_attempts(step, step_facts)) >= step.attempts + granted


def _why_not(step: Step, step_facts: Sequence[Fact]) -> Reason:
    if step.kind is StepKind.QUIZ and _attempts_exhausted(step, step_facts):
        return Reason.ATTEMPTS_EXHAUSTED
    if done_at(step, step_facts, BEGINNING) is not None:
        return Reason.OUT_OF_ORDER
    return _NOT_DONE.get(step.kind, Reason.NOT_COMPLETED)


_NOT_DONE = {StepKind.VIDEO: Reason.NOT_WATCHED_TO_THE_END, StepKind.QUIZ: Reason.NOT_PASSED}


def _evaluate_live_event(event: LiveEvent, facts: Sequence[Fact], now: datetime, enrolled_at: datetime) -> Verdict:
    """L1: the event has ended and an administrator marked the person present; L2: the latest mark wins."""
    if event.cancelled:
        return _outstanding("event", event, Reason.EVENT_CANCELLED, enrolled_at)
    if now < event.ends_at:
        return _outstanding("event", event, Reason.EVENT_NOT_ENDED, enrolled_at)
    marks = _marks(event, facts)
    if not marks:
        return _outstanding("attendance", event, Reason.ATTENDANCE_NOT_MARKED, max(event.ends_at, enrolled_at))
    _, absent = marks[-1]
    if absent:
        return _outstanding("attendance", event, Reason.MARKED_ABSENT, _status_since(marks))
    return Verdict((), _status_since(marks))


def corrected_to_absent(event: LiveEvent, facts: Iterable[Fact]) -> datetime | None:
    """The time of the latest mark if it is an absence (L2), even if the live event was cancelled since (L3)."""
    marks = _marks(event, facts)
    return marks[-1][0] if marks and marks[-1][1] else None


def _marks(event: LiveEvent, facts: Iterable[Fact]) -> list[tuple[datetime, bool]]:
    """(time, absent) of the marks of this event from its end on (L1), ordered by time, absent last."""
    marks = (fact for fact in facts if isinstance(fact, AttendanceMarked) and fact.live_event_id == event.live_event_id)
    return sorted({(mark.at, not mark.present) for mark in marks if mark.at >= event.ends_at})


def _status_since(marks: Sequence[tuple[datetime, bool]]) -> datetime:
    since = marks[0][0]
    for (_, before), (at, absent) in pairwise(marks):
        if absent != before:
            since = at
    return since


def _outstanding(kind: str, event: LiveEvent, reason: Reason, since: datetime) -> Verdict:
    return Verdict((Requirement(kind, event.live_event_id, event.title, reason, since),), None)
