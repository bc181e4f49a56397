"""Requests the evaluation of every enrollment that a changed training or account concerns."""

import os
from dataclasses import dataclass
from typing import Any

from earned import cold_start
from earned.aws import clients
from earned.aws.dynamodb import table
from earned.aws.settings import from_environment
from earned.aws.sqs import Queue
from earned.aws.sqs_batch import SqsBatch
from earned.usecases.fan_out_changes import FanOutChanges


@dataclass(frozen=True)
class Settings:
    records_table: str
    evaluation_queue_url: str
    dead_letter_queue_url: str


settings = from_environment(Settings, os.environ)
table.bind(settings.records_table)
sqs = clients.sqs()
evaluation = Queue(sqs, settings.evaluation_queue_url)
dead_letters = Queue(sqs, settings.dead_letter_queue_url)
fan_out = FanOutChanges(evaluation)
cold_start.done()


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    batch = SqsBatch(event, dead_letters)
    fan_out(batch)
    return batch.response()
