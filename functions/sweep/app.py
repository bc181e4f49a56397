"""Sweeps the table on a schedule for faults that no message corrects."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from earned import cold_start
from earned.aws import clients
from earned.aws.dynamodb import table
from earned.aws.eventbridge import Bus
from earned.aws.s3 import Documents
from earned.aws.settings import Seconds, from_environment
from earned.aws.sqs import Queue
from earned.usecases.sweep import Sweep


@dataclass(frozen=True)
class Settings:
    records_table: str
    documents_bucket: str
    evaluation_queue_url: str
    generation_queue_url: str
    bus_name: str
    order_tolerance_seconds: Seconds


settings = from_environment(Settings, os.environ)
table.bind(settings.records_table)
sqs = clients.sqs()
documents = Documents(clients.s3(), settings.documents_bucket)
evaluation = Queue(sqs, settings.evaluation_queue_url)
generation = Queue(sqs, settings.generation_queue_url)
bus = Bus(clients.events(), settings.bus_name)
background = ThreadPoolExecutor(max_workers=10)  # as many as the client's connections
sweep = Sweep(documents, evaluation, generation, bus, settings.order_tolerance_seconds, background)
cold_start.done()


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Continue the scheduled pass; `{"everything": true}` continues another one, which checks every document."""
    return sweep(everything=bool(event.get("everything")))
