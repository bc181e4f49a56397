"""Keeps what the portal says of companies, accounts, trainings and enrollments, and asks who it may complete."""

import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, assert_never

import boto3

from earned.aws.dynamodb import contexts as case_reads
from earned.aws.dynamodb import enrollments, people, table, trainings
from earned.aws.settings import from_environment
from earned.aws.sqs import Queue
from earned.aws.sqs_batch import Batch
from earned.domain.attendance import may_be_closed
from earned.domain.errors import Rejected
from earned.domain.training import LiveEvent
from earned.messages.events import (
    DIRECTORY,
    AccountRemovedEvent,
    AccountSavedEvent,
    CompanySavedEvent,
    CoursePublishedEvent,
    DirectoryEvent,
    EnrollmentCreatedEvent,
    EnrollmentRemovedEvent,
    LiveEventCancelledEvent,
    LiveEventScheduledEvent,
    read,
)
from earned.messages.requests import (
    AccountChanged,
    EnrollmentsChanged,
    OutgoingMessage,
    TrainingChanged,
    evaluation_message,
    generation_message,
)

LOOK_AGAIN_SECONDS = 5


@dataclass(frozen=True)
class Settings:
    """What this function needs."""

    records_table: str
    evaluation_queue_url: str
    generation_queue_url: str
    dead_letter_queue_url: str


settings = from_environment(Settings, os.environ)
table.bind(settings.records_table)
sqs = boto3.client("sqs")
evaluation = Queue(sqs, settings.evaluation_queue_url)
generation = Queue(sqs, settings.generation_queue_url)
dead_letters = Queue(sqs, settings.dead_letter_queue_url)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Keep a batch of directory events, in any order."""
    batch = Batch(event, dead_letters)
    for received in batch.read(lambda body: read(body, DIRECTORY)):
        with batch.retry_on_error(received):
            try:
                evaluation.send(keep(received.event))
            except Rejected as rejection:
                batch.quarantine(received, rejection)
    return batch.response()


def keep(event: DirectoryEvent) -> list[OutgoingMessage]:
    """Keep what an event says, and return the requests to judge again whoever it may matter to.

    The requests are made whether or not this event was the newest: an earlier try may have kept it and died.
    """
    match event:
        case CompanySavedEvent():
            people.save_company(event.data.company(), event.time)
            return []
        case AccountSavedEvent():
            people.save_account(event.data.account(), event.time)
            return [_judge_account(event.data.account_id, event.data.company_id)]
        case AccountRemovedEvent():
            people.remove_account(event.data.account_id, event.time)
            return [_judge_account(event.data.account_id)]
        case CoursePublishedEvent() | LiveEventScheduledEvent():
            training = event.training()
            trainings.save_training(training)
            return [_judge_training(training.training_id)]
        case LiveEventCancelledEvent():
            trainings.cancel_live_event(event.data.live_event_id, event.time)
            return [_judge_training(event.data.live_event_id)]
        case EnrollmentCreatedEvent():
            return enroll(event)
        case EnrollmentRemovedEvent():
            withdraw(event)
            return []
        case _:
            assert_never(event)


def enroll(event: EnrollmentCreatedEvent) -> list[OutgoingMessage]:
    """Record an enrollment with its company and the training version it is judged by, as far as they are known.

    What is not known yet may arrive at this very moment, so the record is looked at again a little later.
    """
    enrolled = event.record()
    context = case_reads.cases([replace(enrolled, company_id=None)])[0]  # nothing is asked of its company
    if context.account is not None:
        enrolled = replace(enrolled, account_known=True, company_id=enrolled.company_id or context.account.company_id)
    if context.training is not None:
        enrolled = replace(enrolled, training_version=context.training.version)
    if enrolled.company_id is not None and (context.account is None or context.account.company_id != enrolled.company_id):
        people.add_account_company(enrolled.account_id, enrolled.company_id)
    try:
        record = enrollments.enroll(enrolled)
    except enrollments.EnrollmentTaken:
        raise Rejected("enrollment-taken", "this enrollment_id belongs to another account") from None
    if isinstance(context.training, LiveEvent) and may_be_closed(context.training, datetime.now(UTC)):
        trainings.add_to_calendar(context.training)
    known = context.account is not None and not context.account.removed and context.training is not None
    if known and not record.evidence:
        return []
    changed = EnrollmentsChanged(((record.enrollment_id, record.account_id),))
    return [
        evaluation_message(changed, record.company_id or record.account_id, 0 if known else LOOK_AGAIN_SECONDS)
    ]


def withdraw(event: EnrollmentRemovedEvent) -> None:
    """Remove an enrollment; its certificate, if it had one, is withdrawn with it (A5)."""
    withdrawn = enrollments.withdraw(event.data.enrollment_id, event.data.account_id, event.time, event.identity)
    if withdrawn.issue is not None:
        generation.send([generation_message(withdrawn, request=event.identity)])


def _judge_account(account_id: str, company_id: str | None = None) -> OutgoingMessage:
    return evaluation_message(AccountChanged(account_id), company_id or account_id)


def _judge_training(training_id: str) -> OutgoingMessage:
    return evaluation_message(TrainingChanged(training_id), training_id)
