"""Records companies, accounts, trainings and enrollments from the portal's events."""

import os
from dataclasses import dataclass
from typing import Any

import boto3

from earned.aws.dynamodb import table
from earned.aws.settings import from_environment
from earned.aws.sqs import Queue
from earned.aws.sqs_batch import SqsBatch
from earned.messages.events import DIRECTORY, read
from earned.usecases.record_directory import RecordDirectory


@dataclass(frozen=True)
class Settings:
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
record = RecordDirectory(evaluation, generation)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    batch = SqsBatch(event, dead_letters)
    record(batch, batch.read(lambda body: read(body, DIRECTORY)))
    return batch.response()
