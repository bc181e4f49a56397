"""Records what learners did: lessons, videos, quizzes and granted attempts."""

import os
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import boto3

from earned.aws.dynamodb import enrollments, table
from earned.aws.settings import from_environment
from earned.aws.sqs import Queue
from earned.aws.sqs_batch import Batch
from earned.messages.events import PROGRESS, read
from earned.usecases.record_facts import record_facts


@dataclass(frozen=True)
class Settings:
    """What this function needs."""

    records_table: str
    generation_queue_url: str
    dead_letter_queue_url: str
    order_tolerance_seconds: str


settings = from_environment(Settings, os.environ)
table.bind(settings.records_table)
sqs = boto3.client("sqs")
generation = Queue(sqs, settings.generation_queue_url)
dead_letters = Queue(sqs, settings.dead_letter_queue_url)
tolerance = timedelta(seconds=float(settings.order_tolerance_seconds))


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Record a batch of progress events."""
    batch = Batch(event, dead_letters)
    received = batch.read(lambda body: read(body, PROGRESS))
    record_facts(batch, received, enrollments.record_progress, generation, tolerance)
    return batch.response()
