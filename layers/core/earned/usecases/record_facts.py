"""Record facts: one update per enrollment and batch, then requests for the certificates that are due."""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from earned.aws.dynamodb import enrollments
from earned.aws.dynamodb.enrollments import RecordClosed, RecordFull
from earned.aws.dynamodb.trainings import TrainingCache
from earned.aws.sqs import Queue
from earned.aws.sqs_batch import ReceivedMessage, SqsBatch
from earned.domain.compaction import redundant_facts
from earned.domain.enrollment import CompletionRecord, EarlyFacts, EnrollmentKey
from earned.domain.errors import Rejected
from earned.domain.evaluation import is_due
from earned.domain.fact_codec import decode, encode
from earned.domain.facts import AttendanceMarked, Fact, QuizGraded
from earned.domain.training import Course, Training
from earned.messages.requests import generation_message
from earned.usecases.clock import Clock, utc_now

MAX_DELIVERY_DELAY = timedelta(days=4 + 14)  # infra/queues.yaml: retention of a queue plus its dead-letter queue
COMPACTION_THRESHOLD = 1024  # bytes, a write unit


class _EnrollmentData(Protocol):
    @property
    def key(self) -> EnrollmentKey: ...


class FactEvent(Protocol):
    """An event that carries a fact about an enrollment."""

    @property
    def time(self) -> datetime: ...
    @property
    def data(self) -> _EnrollmentData: ...
    def fact(self) -> Fact: ...


Messages = Sequence[ReceivedMessage[FactEvent]]
AddFacts = Callable[[EnrollmentKey, Collection[bytes]], CompletionRecord | EarlyFacts]


class RecordFacts:
    """Adds the facts of a batch to their records and requests every certificate that is due.

    The record after the update decides, never whether this update changed it: a repeated delivery repeats the request,
    so a lost reply loses nothing (docs/design.md §3).
    """

    def __init__(
        self,
        add_facts: AddFacts,
        trainings: TrainingCache,
        generation: Queue,
        order_tolerance: timedelta,
        now: Clock = utc_now,
    ) -> None:
        self._add_facts = add_facts
        self._trainings = trainings
        self._generation = generation
        self._tolerance = order_tolerance
        self._now = now

    def __call__(self, batch: SqsBatch, messages: Messages) -> None:
        due: list[tuple[CompletionRecord, Messages]] = []
        for key, group in _by_enrollment(messages).items():
            with batch.retry_on_error(*group):
                record = self._record(batch, key, group)
                if record is not None and self._is_due(batch, record, group):
                    due.append((record, group))
        with batch.retry_on_error(*(message for _, group in due for message in group)):
            self._generation.send(
                [generation_message(record, since=max(message.sent for message in group)) for record, group in due]
            )

    def _record(self, batch: SqsBatch, key: EnrollmentKey, group: Messages) -> CompletionRecord | None:
        """None while the enrollment is unknown or closed."""
        try:
            record = self._add(batch, key, group)
        except RecordClosed:
            _quarantine_later_than_removal(batch, key, group)
            return None
        if record is None:
            return None
        if isinstance(record, EarlyFacts):
            _quarantine_mismatched_account(batch, key, group)
            return None
        _quarantine_mismatched_training(batch, record, group)
        return record

    def _add(self, batch: SqsBatch, key: EnrollmentKey, group: Messages) -> CompletionRecord | EarlyFacts | None:
        """The record after the update; None if it is full and takes none of the messages, which are quarantined."""
        try:
            return self._add_facts(key, _stored(group))
        except RecordFull:
            self._make_room(key)
        record = None
        for message in group:
            try:
                record = self._add_facts(key, _stored([message]))
            except RecordFull:
                batch.quarantine(
                    message, Rejected("record-full", "data.enrollment_id: its record has no room for further facts")
                )
        return record

    def _make_room(self, key: EnrollmentKey) -> None:
        record = enrollments.get_record(key.enrollment_id)
        course = self._training_of(record) if record is not None and record.key == key else None
        if record is not None and isinstance(course, Course):
            self._compact(record, course)

    def _is_due(self, batch: SqsBatch, record: CompletionRecord, group: Messages) -> bool:
        training = self._training_of(record)
        if training is None:
            return False
        if isinstance(training, Course):
            _quarantine_scores_out_of_range(batch, training, group)
        due = is_due(record, training, self._now(), self._tolerance)
        if not due and isinstance(training, Course):
            self._compact(record, training)
        return due

    def _training_of(self, record: CompletionRecord) -> Training | None:
        return (
            None if record.training_version is None else self._trainings.at(record.training_id, record.training_version)
        )

    def _compact(self, record: CompletionRecord, course: Course) -> None:
        """Remove redundant facts once they fill a write unit, so that repeated reviewing costs no more (C5)."""
        if sum(map(len, record.evidence)) <= COMPACTION_THRESHOLD:
            return
        before = self._now() - MAX_DELIVERY_DELAY
        known = decode(record.enrollment_id, record.evidence, course)
        redundant = redundant_facts(course, known, before, self._tolerance)
        facts = record.evidence & {stored for fact in redundant for stored in encode(record.enrollment_id, fact)}
        if sum(map(len, facts)) > COMPACTION_THRESHOLD:
            enrollments.remove_facts(record, facts)


def _stored(group: Messages) -> frozenset[bytes]:
    events = (message.event for message in group)
    return frozenset(stored for event in events for stored in encode(event.data.key.enrollment_id, event.fact()))


def _by_enrollment(messages: Messages) -> dict[EnrollmentKey, list[ReceivedMessage[FactEvent]]]:
    groups = defaultdict(list)
    for message in messages:
        groups[message.event.data.key].append(message)
    return groups


def _quarantine_mismatched_account(batch: SqsBatch, key: EnrollmentKey, group: Messages) -> None:
    """Events that name another account than the enrollment's never count.

    An unknown enrollment may still be created for this account, so its events are kept.
    """
    existing = enrollments.get_record(key.enrollment_id)
    if existing is not None and existing.account_id != key.account_id:
        for message in group:
            batch.quarantine(message, Rejected("account-mismatch", "data.account_id: is not the enrollment's account"))


def _quarantine_mismatched_training(batch: SqsBatch, record: CompletionRecord, group: Messages) -> None:
    for message in group:
        fact = message.event.fact()
        if isinstance(fact, AttendanceMarked) and fact.live_event_id != record.training_id:
            rejection = Rejected("training-mismatch", "data.live_event_id: is not the training of the enrollment")
            batch.quarantine(message, rejection)


def _quarantine_scores_out_of_range(batch: SqsBatch, course: Course, group: Messages) -> None:
    """A recorded score above the highest counts as no attempt (C4)."""
    steps = {step.step_id: step for step in course.steps}
    for message in group:
        fact = message.event.fact()
        if isinstance(fact, QuizGraded) and fact.step_id in steps and steps[fact.step_id].is_off_scale(fact.score):
            batch.quarantine(message, Rejected("score-out-of-range", "data.score: must not exceed max_score"))


def _quarantine_later_than_removal(batch: SqsBatch, key: EnrollmentKey, group: Messages) -> None:
    """What is dated before the removal changes nothing and is not refused."""
    removal = enrollments.get_removal(key)
    for message in group:
        if removal is not None and message.event.time > removal.at:
            batch.quarantine(message, Rejected("removed", "time: is later than the removal of the enrollment"))
