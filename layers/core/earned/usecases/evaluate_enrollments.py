"""Evaluate enrollments again after a change that they depend on, at any number of learners (C6)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import assert_never

from earned.aws.dynamodb import contexts, enrollment_lists, enrollments
from earned.aws.dynamodb.table import RecordChanged
from earned.aws.sqs import Queue
from earned.aws.sqs_batch import SqsBatch
from earned.domain.enrollment import CompletionRecord, EnrollmentContext, EnrollmentKey
from earned.domain.evaluation import is_due
from earned.messages.requests import (
    AccountChanged,
    EnrollmentsChanged,
    EvaluationRequest,
    OutgoingMessage,
    TrainingChanged,
    evaluation_message,
    generation_message,
    read_evaluation,
)
from earned.usecases.clock import Clock, utc_now

KEYS_PER_PAGE = 500
ENROLLMENTS_PER_MESSAGE = 25


class EvaluateEnrollments:
    """Fans a change out to its enrollments, and evaluates the enrollments that a message names."""

    def __init__(
        self,
        evaluation: Queue,
        generation: Queue,
        order_tolerance: timedelta,
        *,
        keys_per_page: int = KEYS_PER_PAGE,
        enrollments_per_message: int = ENROLLMENTS_PER_MESSAGE,
        now: Clock = utc_now,
    ) -> None:
        self._evaluation = evaluation
        self._generation = generation
        self._tolerance = order_tolerance
        self._keys_per_page = keys_per_page
        self._enrollments_per_message = enrollments_per_message
        self._now = now

    def __call__(self, batch: SqsBatch) -> None:
        for message in batch.read(read_evaluation):
            with batch.retry_on_error(message):
                self._carry_out(message.event, message.sent, message.group)

    def _carry_out(self, request: EvaluationRequest, since: int, group: str | None) -> None:
        """Idempotent; SQS received the request at `since`, in milliseconds since 1970.

        The messages of a fan-out keep its message group: a course of a hundred thousand delays no other group.
        """
        match request:
            case EnrollmentsChanged():
                self._generation.send(self._evaluate(request.enrollments, since))
            case AccountChanged(account_id, after):
                keys = enrollment_lists.list_account_keys(account_id, after, self._keys_per_page)
                self._evaluation.send(self._fan_out(keys, AccountChanged, account_id, group))
            case TrainingChanged(training_id, after):
                keys = enrollment_lists.list_training_keys(training_id, after, self._keys_per_page)
                self._evaluation.send(self._fan_out(keys, TrainingChanged, training_id, group))
            case _:
                assert_never(request)

    def _fan_out(
        self,
        keys: list[EnrollmentKey],
        more: type[AccountChanged] | type[TrainingChanged],
        subject: str,
        group: str | None,
    ) -> list[OutgoingMessage]:
        """Messages that name a few enrollments each; after a full page, one more that continues from there."""
        size = self._enrollments_per_message
        chunks = [keys[start : start + size] for start in range(0, len(keys), size)]
        messages = [evaluation_message(EnrollmentsChanged(tuple(chunk)), group or subject) for chunk in chunks]
        if len(keys) == self._keys_per_page:
            messages.append(evaluation_message(more(subject, keys[-1]), group or subject))
        return messages

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
