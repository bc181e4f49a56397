"""Which live events still wait for attendance marks (L3)."""

from datetime import datetime, timedelta

from earned.domain.enrollment import CompletionRecord
from earned.domain.evaluation import evaluate_record
from earned.domain.requirements import Reason
from earned.domain.training import LiveEvent

KEPT_ON_CALENDAR = timedelta(days=1)


def awaits_mark(completion: CompletionRecord, event: LiveEvent, now: datetime) -> bool:
    """Whether what a record lacks is a mark; one without any facts lacks it as soon as the event has ended."""
    return any(
        item.reason is Reason.ATTENDANCE_NOT_MARKED for item in evaluate_record(completion, event, now).outstanding
    )


def may_be_closed(event: LiveEvent, now: datetime) -> bool:
    """Whether an event may have been taken off the calendar, so that a new enrollment has to put it back."""
    return now - event.ends_at > KEPT_ON_CALENDAR
