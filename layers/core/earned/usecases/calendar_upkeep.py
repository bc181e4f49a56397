"""Keep the calendar of live events: announce who waits for a mark, and remove events without waiting people (L3)."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice

from earned.aws.dynamodb import trainings
from earned.aws.eventbridge import Bus
from earned.domain.attendance import awaits_mark, may_be_off_calendar
from earned.domain.enrollment import CompletionRecord
from earned.domain.sweep import DAY, SweepPass, is_full_check_due, period_of
from earned.domain.training import LiveEvent, Training
from earned.messages import announcements
from earned.usecases.unmarked_attendance import waiting

EVENTS_PER_RUN = 2_000


class NotAnnounced(Exception):
    """EventBridge did not accept every announcement."""


def announce_unmarked(bus: Bus, sweep_pass: SweepPass, now: datetime, page_size: int) -> None:
    """Once a day for each ended event with people waiting, before the new pass is saved: a run that fails here begins
    the same pass again.
    """
    found = [
        announcements.unmarked(event, people, period_of(event.live_event_id, sweep_pass.began, DAY), now)
        for event, people in unmarked_events(sweep_pass, now, page_size)
    ]
    if not all(bus.announce(found)):
        raise NotAnnounced


def unmarked_events(sweep_pass: SweepPass, now: datetime, page_size: int) -> Iterator[tuple[LiveEvent, int]]:
    """The ended events whose daily check is due, each with the number of people who wait for a mark."""
    for _, event in islice(trainings.ended_events(now, page_size=page_size), EVENTS_PER_RUN):
        if is_full_check_due(event.live_event_id, sweep_pass, DAY):
            people = _number_waiting(event, now)
            if people:
                yield event, people


def oldest_unmarked(sweep_pass: SweepPass, now: datetime, page_size: int, *, is_first_run: bool) -> timedelta:
    """The wait of the oldest unmarked event; removes events without waiting people from the calendar.

    After the oldest event, only events whose daily full check is due are checked, in the first run of a pass.
    """
    oldest: timedelta | None = None
    for _, event in islice(trainings.ended_events(now, page_size=page_size), EVENTS_PER_RUN):
        is_due = is_first_run and is_full_check_due(event.live_event_id, sweep_pass, DAY)
        if oldest is not None and not is_due:
            continue
        if _has_waiting_people(event, now):
            oldest = oldest or now - event.ends_at
        elif may_be_off_calendar(event, now):
            trainings.remove_from_calendar(event)
    return oldest or timedelta(0)


def restore_to_calendar(checked: Iterable[tuple[CompletionRecord, Training | None]], now: datetime) -> None:
    """Add the events for which somebody waits: a removal and a new enrollment may have happened at the same time."""
    events = {
        training.live_event_id: training
        for record, training in checked
        if isinstance(training, LiveEvent)
        and record.is_active
        and may_be_off_calendar(training, now)
        and awaits_mark(record, training, now)
    }
    for event in events.values():
        trainings.add_to_calendar(event)


def _number_waiting(event: LiveEvent, now: datetime) -> int:
    try:
        return sum(waiting(event, now))
    except ValueError:  # a later release wrote one of the records, and will count it
        return 0


def _has_waiting_people(event: LiveEvent, now: datetime) -> bool:
    try:
        return any(waiting(event, now))
    except ValueError:  # a later release wrote one of the records; assume that the person waits
        return True
