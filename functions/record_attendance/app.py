"""Records the attendance marks of administrators at ended live events (L1)."""

import os
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from earned import cold_start
from earned.aws import clients
from earned.aws.dynamodb import enrollments, table
from earned.aws.dynamodb.trainings import TrainingCache
from earned.aws.eventbridge import Bus, Refusals
from earned.aws.settings import Seconds, from_environment
from earned.aws.sqs import Queue
from earned.aws.sqs_batch import SqsBatch
from earned.messages.events import ATTENDANCE, reader
from earned.usecases.check_marks import CheckMarks
from earned.usecases.record_facts import RecordFacts


@dataclass(frozen=True)
class Settings:
    records_table: str
    generation_queue_url: str
    dead_letter_queue_url: str
    bus_name: str
    order_tolerance_seconds: Seconds


settings = from_environment(Settings, os.environ)
table.bind(settings.records_table)
sqs = clients.sqs()
generation = Queue(sqs, settings.generation_queue_url)
dead_letters = Queue(sqs, settings.dead_letter_queue_url)
refusals = Refusals(Bus(clients.events(), settings.bus_name), "attendance")
read_mark = reader(ATTENDANCE, settings.order_tolerance_seconds)
check = CheckMarks()
record = RecordFacts(enrollments.record_attendance, TrainingCache(), generation, order_tolerance=timedelta(0))
cold_start.done()


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    batch = SqsBatch(event, dead_letters, refusals)
    record(batch, check(batch, batch.read(read_mark)))
    return batch.response()
