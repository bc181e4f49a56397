"""Decides which live events and people wait for attendance marks (L3)."""

from datetime import datetime, timedelta

from earned.domain.enrollment import CompletionRecord
from earned.domain.evaluation import evaluate_record
from earned.domain.requirements import Reason, Verdict
from earned.domain.rules import evaluate
from earned.domain.training import LiveEvent

CALENDAR_RETENTION = timedelta(days=1)


def accepts_marks(event: LiveEvent, now: datetime) -> bool:
    """Whether an unmarked person waits for a mark: the event has ended and is not cancelled (L1, L3)."""
    return _lacks_mark(evaluate(event, (), now, event.ends_at))


def awaits_mark(record: CompletionRecord, event: LiveEvent, now: datetime) -> bool:
    return _lacks_mark(evaluate_record(record, event, now))


def may_be_off_calendar(event: LiveEvent, now: datetime) -> bool:
    return now - event.ends_at > CALENDAR_RETENTION


def _lacks_mark(verdict: Verdict) -> bool:
    return any(item.reason is Reason.ATTENDANCE_NOT_MARKED for item in verdict.outstanding)
