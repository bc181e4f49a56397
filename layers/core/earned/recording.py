"""Facts into records: one update per enrollment and batch, then the certificates that are due after it."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

from earned import store
from earned.facts import encode
from earned.intake import Batch, Received
from earned.judgement import is_due
from earned.models import AttendanceMarked, Completion, Fact, Rejected
from earned.queues import Queue, generation_of


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
            if _earned(completion, tolerance):
                due.append((completion, group))
    with batch.again_on_error(*(one for _, group in due for one in group)):
        generation.send([generation_of(completion, since=max(one.sent for one in group)) for completion, group in due])


def _by_enrollment(received: Iterable[Received[FactEvent]]) -> dict[tuple[str, str], list[Received[FactEvent]]]:
    groups = defaultdict(list)
    for one in received:
        groups[one.event.data.enrollment_id, one.event.data.account_id].append(one)
    return groups


def _earned(completion: Completion, tolerance: timedelta) -> bool:
    """Whether a certificate is due, by the training version that the record names.

    A record that names none waits for its training or its account; it is judged when that arrives.
    """
    if completion.training_id is None or completion.training_version is None:
        return False
    training = store.training_at(completion.training_id, completion.training_version)
    return is_due(completion, training, datetime.now(UTC), tolerance)


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
