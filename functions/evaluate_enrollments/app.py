"""Evaluates enrollments again after a change to their training or account (C6)."""

import os
from dataclasses import dataclass
from typing import Any

from earned import cold_start
from earned.aws import clients
from earned.aws.dynamodb import table
from earned.aws.settings import Seconds, from_environment
from earned.aws.sqs import Queue
from earned.aws.sqs_batch import SqsBatch
from earned.usecases.evaluate_enrollments import EvaluateEnrollments


@dataclass(frozen=True)
class Settings:
    records_table: str
    generation_queue_url: str
    dead_letter_queue_url: str
    order_tolerance_seconds: Seconds


settings = from_environment(Settings, os.environ)
table.bind(settings.records_table)
sqs = clients.sqs()
generation = Queue(sqs, settings.generation_queue_url)
dead_letters = Queue(sqs, settings.dead_letter_queue_url)
evaluate = EvaluateEnrollments(generation, settings.order_tolerance_seconds)
cold_start.done()


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    batch = SqsBatch(event, dead_letters)
    evaluate(batch)
    return batch.response()
