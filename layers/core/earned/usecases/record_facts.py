"""Facts into records: one update per enrollment and batch, then the certificates that are due after it."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

from earned.aws.dynamodb import enrollments, trainings
from earned.aws.dynamodb.enrollments import RecordClosed
from earned.aws.sqs import Queue
from earned.aws.sqs_batch import Batch, ReceivedMessage
from earned.domain.compaction import redundant_facts
from earned.domain.enrollment import CompletionRecord
from earned.domain.errors import Rejected
from earned.domain.evaluation import is_due
from earned.domain.fact_codec import decode, encode
from earned.domain.facts import AttendanceMarked, Fact
from earned.domain.training import Course, Training
from earned.messages.requests import generation_message

MAX_DELIVERY_DELAY = timedelta(days=4 + 14)  # infra/queues.yaml: in a queue, then in its dead-letter queue


COMPACTION_THRESHOLD = 1024  # bytes, a write unit


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


Add = Callable[[str, str, Iterable[bytes]], CompletionRecord]


def record_facts(
    batch: Batch, received: Sequence[ReceivedMessage[FactEvent]], add: Add, generation: Queue, tolerance: timedelta
) -> None:
    """Add the facts of a batch to their records and ask for every certificate that is due.

    What decides is the record after the update, never whether this update was the one that changed it: a repeated
    delivery therefore repeats the request and nothing is lost when a reply is (DESIGN §3).
    """
    due: list[tuple[CompletionRecord, Sequence[ReceivedMessage[FactEvent]]]] = []
    for (enrollment_id, account_id), group in _by_enrollment(received).items():
        with batch.retry_on_error(*group):
            try:
                completion = add(enrollment_id, account_id, [encode(one.event.fact()) for one in group])
            except RecordClosed:
                continue
            _refuse_misplaced(batch, completion, group)
            training = _training_of(completion)
            if training is None:
                continue
            if is_due(completion, training, datetime.now(UTC), tolerance):
                due.append((completion, group))
            elif isinstance(training, Course):
                _compact(completion, training, tolerance)
    with batch.retry_on_error(*(one for _, group in due for one in group)):
        generation.send(
            [generation_message(completion, since=max(one.sent for one in group)) for completion, group in due]
        )


def _by_enrollment(
    received: Iterable[ReceivedMessage[FactEvent]],
) -> dict[tuple[str, str], list[ReceivedMessage[FactEvent]]]:
    groups = defaultdict(list)
    for one in received:
        groups[one.event.data.enrollment_id, one.event.data.account_id].append(one)
    return groups


def _training_of(completion: CompletionRecord) -> Training | None:
    """The training version that a record names.

    A record that names none waits for its training or its account; it is judged when that arrives.
    """
    if completion.training_id is None or completion.training_version is None:
        return None
    return trainings.training_at(completion.training_id, completion.training_version)


def _compact(completion: CompletionRecord, course: Course, tolerance: timedelta) -> None:
    """Take out repetitions once they fill a write unit: whoever rewatches for a year pays no more for an event (C5)."""
    if sum(map(len, completion.evidence)) <= COMPACTION_THRESHOLD:
        return
    before = datetime.now(UTC) - MAX_DELIVERY_DELAY
    spared = redundant_facts(course, decode(completion.evidence, course), before, tolerance)
    facts = completion.evidence & {encode(fact) for fact in spared}
    if sum(map(len, facts)) > COMPACTION_THRESHOLD:
        enrollments.remove_facts(completion, facts)


def _refuse_misplaced(batch: Batch, completion: CompletionRecord, group: Sequence[ReceivedMessage[FactEvent]]) -> None:
    """Quarantine events that name another account or training than the enrollment's; where they are they count nothing.

    An enrollment that is not there yet may still come for this account, so its events are kept.
    """
    if completion.training_id is None:
        existing = enrollments.enrollment(completion.enrollment_id)
        if existing is not None and existing.account_id != completion.account_id:
            for one in group:
                batch.quarantine(one, Rejected("account-mismatch"))
        return
    for one in group:
        fact = one.event.fact()
        if isinstance(fact, AttendanceMarked) and fact.live_event_id != completion.training_id:
            batch.quarantine(one, Rejected("training-mismatch"))
