"""Evaluate enrollments again after a change that they depend on (C6)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from earned.aws.dynamodb import contexts, enrollments
from earned.aws.dynamodb.table import RecordChanged
from earned.aws.sqs import Queue
from earned.aws.sqs_batch import SqsBatch
from earned.domain.enrollment import CompletionRecord, EnrollmentContext, EnrollmentKey
from earned.domain.evaluation import is_due
from earned.messages.requests import OutgoingMessage, generation_message, read_evaluation
from earned.usecases.clock import Clock, utc_now


class EvaluateEnrollments:
    """Evaluates the enrollments that a message names; idempotent."""

    def __init__(self, generation: Queue, order_tolerance: timedelta, *, now: Clock = utc_now) -> None:
        self._generation = generation
        self._tolerance = order_tolerance
        self._now = now

    def __call__(self, batch: SqsBatch) -> None:
        """`since` of a generation request is when SQS received the evaluation request."""
        for message in batch.read(read_evaluation):
            with batch.retry_on_error(message):
                self._generation.send(self._evaluate(message.event.enrollments, message.sent))

    def _evaluate(self, keys: Sequence[EnrollmentKey], since: int) -> list[OutgoingMessage]:
        found = contexts.get_contexts(enrollments.get_records(keys))
        messages = (self._evaluate_one(context, since) for context in found)
        return [message for message in messages if message is not None]

    def _evaluate_one(self, context: EnrollmentContext, since: int) -> OutgoingMessage | None:
        if context.account is not None and context.account.removed_at is not None:
            return self._withdraw(context.record, context.account.removed_at, since)
        record = context.record
        if record.awaits_certificate:
            try:
                record = _refresh(context)
            except RecordChanged:
                return None
        due = is_due(record, context.training, self._now(), self._tolerance)
        return generation_message(record, since=since) if due else None

    def _withdraw(self, record: CompletionRecord, at: datetime, since: int) -> OutgoingMessage | None:
        request = f"account-removed.{record.enrollment_id}"
        withdrawn = enrollments.withdraw(record.key, at, request)
        if not isinstance(withdrawn, CompletionRecord) or withdrawn.issue is None:
            return None
        return generation_message(withdrawn, since=since, request=request)


def _refresh(context: EnrollmentContext) -> CompletionRecord:
    record = context.record
    version = context.training.version if context.training is not None else None
    if version == record.training_version and (context.account is None or record.account_known):
        return record
    return enrollments.note_training_version(record, version, context.account)
