"""Count the people who wait for their attendance mark at an ended live event (L3)."""

from collections.abc import Iterator
from datetime import datetime

from earned.aws.dynamodb import contexts, enrollment_lists, enrollments
from earned.domain.attendance import accepts_marks, awaits_mark
from earned.domain.enrollment import EnrollmentKey
from earned.domain.training import LiveEvent

MAX_KEYS_PER_QUERY = 5_000
PEOPLE_PER_COUNT = 1_000


def waiting(event: LiveEvent, now: datetime) -> Iterator[int]:
    """The number of waiting people in each thousand enrollments; strongly consistent.

    Costs one query per 5,000 people, and one batch read per 100 people plus one per 100 waiting (their accounts).
    """
    if not accepts_marks(event, now):
        return
    after: EnrollmentKey | None = None
    while True:
        keys = enrollment_lists.list_training_keys(event.live_event_id, after, MAX_KEYS_PER_QUERY)
        for start in range(0, len(keys), PEOPLE_PER_COUNT):
            records = enrollments.get_records(keys[start : start + PEOPLE_PER_COUNT])
            unmarked = [record for record in records if record.is_active and awaits_mark(record, event, now)]
            yield sum(context.is_active for context in contexts.get_contexts(unmarked))
        if len(keys) < MAX_KEYS_PER_QUERY:
            return
        after = keys[-1]
