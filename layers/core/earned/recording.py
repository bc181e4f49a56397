"""Facts into records: one update per enrollment and batch, then the certificates that are due after it."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

from earned import store
from earned.facts import decode, encode
from earned.intake import Batch, Received
from earned.judgement import is_due
from earned.models import AttendanceMarked, Completion, Course, Fact, Rejected, Training
from earned.queues import Queue, generation_of
from earned.rules import superfluous

ARRIVE_WITHIN = timedelta(days=4 + 14)  # infra/queues.yaml: in a queue, then in its dead-letter queue
SPARED_AT_ONCE = 1024  # bytes, a write unit


class _OfEnrollment(Protocol):
    @property
    def enrollment_id(self) -> str: ...
    @property
    def account_id(self) -> str: ...


class FactEvent(Protocol):
    """An event that tells a fact about an enrollment."""

    @property
    def data(self) -> _OfEnrollment:
        """Whose enrollment."""

    def fact(self) -> Fact:
        """What happened."""


Add = Callable[[str, str, Iterable[bytes]], Completion]


def record_facts(
    batch: Batch, received: Sequence[Received[FactEvent]], add: Add, generation: Queue, tolerance: timedelta
) -> None:
    """Add the facts of a batch to their records and ask for every certificate that is due.

    What decides is the record after the update, never whether this update was the one that changed it: a repeated
    delivery therefore repeats the request and nothing is lost when a reply is (DESIGN §3).
    """
    due: list[tuple[Completion, Sequence[Received[FactEvent]]]] = []
    for (enrollment_id, account_id), group in _by_enrollment(received).items():
        with batch.again_on_error(*group):
            try:
                completion = add(enrollment_id, account_id, [encode(one.event.fact()) for one in group])
            except store.Closed:
                continue
            _refuse_misplaced(batch, completion, group)
            training = _training_of(completion)
            if training is None:
                continue
            if is_due(completion, training, datetime.now(UTC), tolerance):
                due.append((completion, group))
            elif isinstance(training, Course):
                _spare(completion, training, tolerance)
    with batch.again_on_error(*(one for _, group in due for one in group)):
        generation.send([generation_of(completion, since=max(one.sent for one in group)) for completion, group in due])


def _by_enrollment(received: Iterable[Received[FactEvent]]) -> dict[tuple[str, str], list[Received[FactEvent]]]:
    groups = defaultdict(list)
    for one in received:
        groups[one.event.data.enrollment_id, one.event.data.account_id].append(one)
    return groups


def _training_of(completion: Completion) -> Training | None:
    """The training version that a record names.

    A record that names none waits for its training or its account; it is judged when that arrives.
    """
    if completion.training_id is None or completion.training_version is None:
        return None
    return store.training_at(completion.training_id, completion.training_version)


def _spare(completion: Completion, course: Course, tolerance: timedelta) -> None:
    """Take out repetitions once they fill a write unit: whoever rewatches for a year pays no more for an event (C5)."""
    if sum(map(len, completion.evidence)) <= SPARED_AT_ONCE:
        return
    before = datetime.now(UTC) - ARRIVE_WITHIN
    spared = superfluous(course, decode(completion.evidence, course), before, tolerance)
    facts = completion.evidence & {encode(fact) for fact in spared}
    if sum(map(len, facts)) > SPARED_AT_ONCE:
        store.spare(completion, facts)


def _refuse_misplaced(batch: Batch, completion: Completion, group: Sequence[Received[FactEvent]]) -> None:
    """Quarantine events that name another account or training than the enrollment's; where they are they count nothing.

    An enrollment that is not there yet may still come for this account, so its events are kept.
    """
    if completion.training_id is None:
        existing = store.enrollment(completion.enrollment_id)
        if existing is not None and existing.account_id != completion.account_id:
            for one in group:
                batch.quarantine(one, Rejected("account-mismatch"))
        return
    for one in group:
        fact = one.event.fact()
        if isinstance(fact, AttendanceMarked) and fact.live_event_id != completion.training_id:
            batch.quarantine(one, Rejected("training-mismatch"))
