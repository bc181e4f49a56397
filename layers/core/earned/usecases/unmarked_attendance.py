"""Who still waits to be marked at a live event that has ended (L3): the rules as of now, and nothing else."""

from collections.abc import Iterator
from datetime import datetime

from earned.aws.dynamodb import contexts as case_reads
from earned.aws.dynamodb import enrollments
from earned.domain.attendance import awaits_mark
from earned.domain.enrollment import CompletionRecord, Key
from earned.domain.training import LiveEvent

MAX_KEYS_PER_QUERY = 5_000


PEOPLE_PER_COUNT = 1_000


def waiting(event: LiveEvent, now: datetime) -> Iterator[int]:
    """How many people wait for their mark, in each thousand enrollments; strongly consistent.

    Costs a query for five thousand people and a batch read for a hundred, two if they wait: their accounts.
    """
    if not awaits_mark(CompletionRecord("", ""), event, now):
        return
    after: Key | None = None
    while True:
        keys = enrollments.list_training_keys(event.live_event_id, after, MAX_KEYS_PER_QUERY)
        for start in range(0, len(keys), PEOPLE_PER_COUNT):
            some = enrollments.completions(keys[start : start + PEOPLE_PER_COUNT])
            unmarked = [one for one in some if one.is_active and awaits_mark(one, event, now)]
            yield sum(case.is_active for case in case_reads.cases(unmarked))
        if len(keys) < MAX_KEYS_PER_QUERY:
            return
        after = keys[-1]
