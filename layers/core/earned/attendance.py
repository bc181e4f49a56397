"""Who still waits to be marked at a live event that has ended (L3): the rules as of now, and nothing else."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from earned import store
from earned.judgement import judge
from earned.models import Completion, LiveEvent, Reason

KEYS_PER_QUERY = 5_000
PEOPLE_PER_COUNT = 1_000
KEPT_ON_CALENDAR = timedelta(days=1)


def waiting(event: LiveEvent, now: datetime) -> Iterator[int]:
    """How many people wait for their mark, in each thousand enrollments; strongly consistent.

    Costs a query for five thousand people and a batch read for a hundred, two if they wait: their accounts.
    """
    if not awaits_mark(Completion("", ""), event, now):
        return
    after: store.Key | None = None
    while True:
        keys = store.keys_of_training(event.live_event_id, after, KEYS_PER_QUERY)
        for start in range(0, len(keys), PEOPLE_PER_COUNT):
            some = store.completions(keys[start : start + PEOPLE_PER_COUNT])
            unmarked = [one for one in some if one.stands and awaits_mark(one, event, now)]
            yield sum(case.stands for case in store.cases(unmarked))
        if len(keys) < KEYS_PER_QUERY:
            return
        after = keys[-1]


def awaits_mark(completion: Completion, event: LiveEvent, now: datetime) -> bool:
    """Whether what a record lacks is a mark; one without any facts lacks it as soon as the event has ended."""
    return any(item.reason is Reason.ATTENDANCE_NOT_MARKED for item in judge(completion, event, now).outstanding)


def may_be_closed(event: LiveEvent, now: datetime) -> bool:
    """Whether an event may have been taken off the calendar, so that a new enrollment has to put it back."""
    return now - event.ends_at > KEPT_ON_CALENDAR
