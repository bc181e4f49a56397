"""The rules (docs/design.md): a pure function of a training, the facts of one enrollment and the time."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from earned.domain.facts import AttendanceMarked, Fact
from earned.domain.requirements import Reason, Requirement, Verdict
from earned.domain.step_history import BEGINNING, StepHistory, histories
from earned.domain.training import Course, LiveEvent, Training

TOLERANCE = timedelta(minutes=5)  # clock differences (C2)


def evaluate(
    training: Training, facts: Iterable[Fact], now: datetime, enrolled_at: datetime, tolerance: timedelta = TOLERANCE
) -> Verdict:
    """The outstanding requirements, or else the time when the last one was met.

    The verdict does not depend on the order or repetition of `facts` (I4). `now` only decides whether a live event has
    ended (L1). `tolerance` is how much earlier than its predecessor a step of an ordered course may be done (C2).
    """
    if isinstance(training, Course):
        return _evaluate_course(training, facts, enrolled_at, tolerance)
    return _evaluate_live_event(training, facts, now, enrolled_at)


def _evaluate_course(course: Course, facts: Iterable[Fact], enrolled_at: datetime, tolerance: timedelta) -> Verdict:
    """C1: every required step must count. C2: in an ordered course a step counts no earlier than its predecessor."""
    outstanding = []
    due_since = enrolled_at
    predecessor: datetime | None = BEGINNING
    counted_times = []
    required = [step for step in course.steps if step.required]
    for step, history in zip(required, histories(required, facts), strict=True):
        counted = counted_at(history, predecessor, tolerance)
        if counted is None:
            outstanding.append(Requirement(step.kind, step.step_id, step.title, history.why_not(), due_since))
        else:
            counted_times.append(counted)
        if course.ordered:
            predecessor = counted
            due_since = max(counted, enrolled_at) if counted else enrolled_at
    return Verdict(tuple(outstanding), max(counted_times) if not outstanding else None)


def counted_at(history: StepHistory, predecessor: datetime | None, tolerance: timedelta) -> datetime | None:
    """The time when a step was done, but no earlier than when its predecessor counted (C2).

    None if it was not done, or if the predecessor did not count.
    """
    if predecessor is None:
        return None
    done = history.done_at(allowed_from(predecessor, tolerance))
    return max(done, predecessor) if done else None


def allowed_from(predecessor: datetime, tolerance: timedelta) -> datetime:
    return predecessor - tolerance if predecessor > BEGINNING else BEGINNING


def _evaluate_live_event(event: LiveEvent, facts: Iterable[Fact], now: datetime, enrolled_at: datetime) -> Verdict:
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
    """(time, absent) of the marks of this event from its end on (L1), in the order in which they apply.

    Of two marks of one instant the one with the greater source and id applies last.
    """
    marks = (fact for fact in facts if isinstance(fact, AttendanceMarked) and fact.live_event_id == event.live_event_id)
    ordered = sorted({(mark.at, mark.stamp, not mark.present) for mark in marks if mark.at >= event.ends_at})
    return [(at, absent) for at, _, absent in ordered]


def _status_since(marks: Sequence[tuple[datetime, bool]]) -> datetime:
    since = marks[0][0]
    for (_, before), (at, absent) in pairwise(marks):
        if absent != before:
            since = at
    return since


def _outstanding(kind: str, event: LiveEvent, reason: Reason, since: datetime) -> Verdict:
    return Verdict((Requirement(kind, event.live_event_id, event.title, reason, since),), None)
