"""Records the progress of learners: lessons, videos, quizzes and granted attempts."""

import os
from dataclasses import dataclass
from typing import Any

import boto3

from earned.aws.dynamodb import enrollments, table
from earned.aws.dynamodb.trainings import TrainingCache
from earned.aws.settings import Seconds, from_environment
from earned.aws.sqs import Queue
from earned.aws.sqs_batch import SqsBatch
from earned.messages.events import PROGRESS, read
from earned.usecases.record_facts import RecordFacts


@dataclass(frozen=True)
class Settings:
    records_table: str
    generation_queue_url: str
    dead_letter_queue_url: str
    order_tolerance_seconds: Seconds


settings = from_environment(Settings, os.environ)
table.bind(settings.records_table)
sqs = boto3.client("sqs")
generation = Queue(sqs, settings.generation_queue_url)
dead_letters = Queue(sqs, settings.dead_letter_queue_url)
record = RecordFacts(enrollments.record_progress, TrainingCache(), generation, settings.order_tolerance_seconds)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    batch = SqsBatch(event, dead_letters)
    record(batch, batch.read(lambda body: read(body, PROGRESS)))
    return batch.response()
