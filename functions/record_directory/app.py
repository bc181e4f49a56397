"""Records companies, accounts, trainings and enrollments from the portal's events."""

import os
from dataclasses import dataclass
from typing import Any

from earned import cold_start
from earned.aws import clients
from earned.aws.dynamodb import table
from earned.aws.eventbridge import Bus, Refusals
from earned.aws.settings import Seconds, from_environment
from earned.aws.sqs import Queue
from earned.aws.sqs_batch import SqsBatch
from earned.document.deployed_designs import DEPLOYED_DESIGNS
from earned.domain.training import DEFAULT_DESIGN
from earned.messages.events import DIRECTORY, reader
from earned.usecases.record_directory import RecordDirectory


@dataclass(frozen=True)
class Settings:
    records_table: str
    change_queue_url: str
    evaluation_queue_url: str
    generation_queue_url: str
    dead_letter_queue_url: str
    bus_name: str
    order_tolerance_seconds: Seconds


settings = from_environment(Settings, os.environ)
table.bind(settings.records_table)
sqs = clients.sqs()
changes = Queue(sqs, settings.change_queue_url)
evaluation = Queue(sqs, settings.evaluation_queue_url)
generation = Queue(sqs, settings.generation_queue_url)
dead_letters = Queue(sqs, settings.dead_letter_queue_url)
refusals = Refusals(Bus(clients.events(), settings.bus_name), "directory")
read_event = reader(DIRECTORY, settings.order_tolerance_seconds)
record = RecordDirectory(changes, evaluation, generation, designs=DEPLOYED_DESIGNS | {DEFAULT_DESIGN})
cold_start.done()


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    batch = SqsBatch(event, dead_letters, refusals)
    record(batch, batch.read(read_event))
    return batch.response()
