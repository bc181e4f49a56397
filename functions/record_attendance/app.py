"""Records attendance marks; refuses those made by anyone but an administrator or before the event's end (L1)."""

import os
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import boto3

from earned.aws.dynamodb import enrollments, table, trainings
from earned.aws.settings import from_environment
from earned.aws.sqs import Queue
from earned.aws.sqs_batch import Batch
from earned.domain.errors import Rejected
from earned.domain.people import Role
from earned.domain.training import LiveEvent, Training
from earned.messages.events import ATTENDANCE, AttendanceEvent, read
from earned.usecases.record_facts import record_facts


@dataclass(frozen=True)
class Settings:
    """What this function needs."""

    records_table: str
    generation_queue_url: str
    dead_letter_queue_url: str


settings = from_environment(Settings, os.environ)
table.bind(settings.records_table)
sqs = boto3.client("sqs")
generation = Queue(sqs, settings.generation_queue_url)
dead_letters = Queue(sqs, settings.dead_letter_queue_url)
last_seen: dict[str, Training] = {}


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Record a batch of attendance marks."""
    batch = Batch(event, dead_letters)
    record_facts(batch, batch.read(read_mark), enrollments.record_attendance, generation, timedelta(0))
    return batch.response()


def read_mark(body: str) -> AttendanceEvent:
    """Read a mark; raises `Rejected` when it may not count."""
    mark = read(body, ATTENDANCE)
    if mark.data.marked_by.role != Role.ADMINISTRATOR:
        raise Rejected("not-an-administrator", "only an administrator may mark attendance")
    if _too_early(mark, last_seen.get(mark.data.live_event_id)) is not False and _too_early(mark, _look_up(mark)):
        raise Rejected("marked-before-end", "attendance may be marked once the event has ended")
    return mark


def _too_early(mark: AttendanceEvent, event: Training | None) -> bool | None:
    """Whether a mark was made before the end of its event; None while the event is unknown."""
    return mark.time < event.ends_at if isinstance(event, LiveEvent) else None


def _look_up(mark: AttendanceEvent) -> Training | None:
    """The event as it stands: only a fresh reading may refuse a mark, since events are rescheduled (L3)."""
    event = trainings.training(mark.data.live_event_id)
    if event is not None:
        last_seen[mark.data.live_event_id] = event
    return event
