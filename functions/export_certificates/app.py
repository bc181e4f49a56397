"""Exports a company's certificates as one ZIP (A3)."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

from earned.aws.dynamodb import table
from earned.aws.s3 import Archives, Documents
from earned.aws.settings import Seconds, from_environment
from earned.aws.sqs import Queue
from earned.aws.sqs_batch import SqsBatch
from earned.usecases.export_certificates import ExportCertificates

HANDOVER_MARGIN_MS = 40_000  # to close an archive of 50,000 enrollments: 3 s of processor, 750 reads of segments
READS = 10  # documents at a time; the SDK keeps as many connections


@dataclass(frozen=True)
class Settings:
    records_table: str
    documents_bucket: str
    exports_bucket: str
    export_queue_url: str
    dead_letter_queue_url: str
    order_tolerance_seconds: Seconds


settings = from_environment(Settings, os.environ)
table.bind(settings.records_table)
# S3 refuses a part that carries the SDK's own checksum when the upload was begun without that kind of checksum.
s3 = boto3.client("s3", config=Config(connect_timeout=2, read_timeout=10, request_checksum_calculation="when_required"))
sqs = boto3.client("sqs")
documents, archives = Documents(s3, settings.documents_bucket), Archives(s3, settings.exports_bucket)
requests, dead_letters = Queue(sqs, settings.export_queue_url), Queue(sqs, settings.dead_letter_queue_url)
export = ExportCertificates(
    documents, archives, requests, settings.order_tolerance_seconds, reads=ThreadPoolExecutor(max_workers=READS)
)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    batch = SqsBatch(event, dead_letters)
    export(batch, lambda: context.get_remaining_time_in_millis() < HANDOVER_MARGIN_MS)
    return batch.response()
