"""Judges enrollments again when something they depend on has changed, at any number of learners (C6)."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, assert_never

import boto3

from earned.aws.dynamodb import contexts as case_reads
from earned.aws.dynamodb import enrollments, table
from earned.aws.settings import from_environment
from earned.aws.sqs import Queue
from earned.aws.sqs_batch import Batch
from earned.domain import enrollment
from earned.domain.enrollment import CompletionRecord
from earned.domain.errors import Rejected
from earned.domain.evaluation import is_due
from earned.messages.requests import (
    AccountChanged,
    EnrollmentsChanged,
    EvaluationRequest,
    OutgoingMessage,
    TrainingChanged,
    UnknownMessage,
    evaluation_message,
    generation_message,
    read_evaluation,
)

KEYS_PER_PAGE = 500
ENROLLMENTS_PER_MESSAGE = 25


Due = tuple[CompletionRecord, dict[str, Any]]


@dataclass(frozen=True)
class Settings:
    """What this function needs."""

    records_table: str
    evaluation_queue_url: str
    generation_queue_url: str
    dead_letter_queue_url: str
    order_tolerance_seconds: str


settings = from_environment(Settings, os.environ)
table.bind(settings.records_table)
sqs = boto3.client("sqs")
evaluation = Queue(sqs, settings.evaluation_queue_url)
generation = Queue(sqs, settings.generation_queue_url)
dead_letters = Queue(sqs, settings.dead_letter_queue_url)
tolerance = timedelta(seconds=float(settings.order_tolerance_seconds))


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Spread what concerns many, and judge what names its enrollments."""
    batch = Batch(event, dead_letters)
    for received in batch.read(read_request):
        with batch.retry_on_error(received):
            evaluate(received.event, received.sent, received.group)
    return batch.response()


def read_request(body: str) -> EvaluationRequest:
    """Read a request; raises `Rejected` for anything else."""
    try:
        return read_evaluation(body)
    except UnknownMessage:
        raise Rejected("not-an-evaluation-request") from None


def evaluate(request: EvaluationRequest, since: int, group: str | None) -> None:
    """Carry out one request that arrived at `since`, in milliseconds since 1970; repeating it is harmless.

    What it is spread into stays in its message group: a course of a hundred thousand delays nobody else.
    """
    match request:
        case EnrollmentsChanged():
            judged = [judge_again(context) for context in case_reads.cases(enrollments.records(request.enrollments))]
            generation.send(
                [generation_message(record, since=since, **more) for record, more in filter(None, judged)]
            )
        case AccountChanged():
            keys = enrollments.list_account_keys(request.account_id, request.after, KEYS_PER_PAGE)
            evaluation.send(spread(keys, AccountChanged, request.account_id, group))
        case TrainingChanged():
            keys = enrollments.list_training_keys(request.training_id, request.after, KEYS_PER_PAGE)
            evaluation.send(spread(keys, TrainingChanged, request.training_id, group))
        case _:
            assert_never(request)


def spread(
    keys: list[enrollment.Key], more: type[AccountChanged] | type[TrainingChanged], subject: str, group: str | None
) -> list[OutgoingMessage]:
    """Messages that name a few enrollments each, and one that goes on where a full page ended."""
    chunks = [keys[start : start + ENROLLMENTS_PER_MESSAGE] for start in range(0, len(keys), ENROLLMENTS_PER_MESSAGE)]
    messages = [evaluation_message(EnrollmentsChanged(tuple(chunk)), group or subject) for chunk in chunks]
    if len(keys) == KEYS_PER_PAGE:
        messages.append(evaluation_message(more(subject, keys[-1]), group or subject))
    return messages


def judge_again(context: enrollment.EnrollmentContext) -> Due | None:
    """Bring one record up to date, and return it when something is due about its certificate after that."""
    record = context.record
    if context.account is not None and context.account.removed:
        return withdraw(record)
    if record.awaits_certificate:
        try:
            record = bring_up_to_date(context)
        except table.RecordChanged:
            return None
    return (record, {}) if is_due(record, context.training, datetime.now(UTC), tolerance) else None


def withdraw(record: CompletionRecord) -> Due | None:
    """Remove an enrollment with its account; its certificate, if it had one, is withdrawn (A5)."""
    request = f"account-removed.{record.enrollment_id}"
    withdrawn = enrollments.withdraw(record.enrollment_id, record.account_id, datetime.now(UTC), request)
    return (withdrawn, {"request": request}) if withdrawn.issue is not None else None


def bring_up_to_date(context: enrollment.EnrollmentContext) -> CompletionRecord:
    """Note the training version and the account in the record where it does not know them yet."""
    record = context.record
    version = context.training.version if context.training is not None else None
    if version == record.training_version and (context.account is None or record.account_known):
        return record
    return enrollments.note_training_version(record, version, context.account)
