"""Exports a company's certificates as one ZIP (A3), or reports across companies (A4)."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from earned import cold_start
from earned.aws import clients
from earned.aws.dynamodb import table
from earned.aws.s3 import Archives, Documents, Reports
from earned.aws.settings import Seconds, from_environment
from earned.aws.sqs import Queue
from earned.aws.sqs_batch import SqsBatch
from earned.usecases.export_certificates import ExportCertificates

HANDOVER_MARGIN_MS = 40_000  # to close a report of 200,000: 10 s of processor, 400 reads
READS = 10  # documents at a time; the SDK keeps as many connections


@dataclass(frozen=True)
class Settings:
    records_table: str
    documents_bucket: str
    exports_bucket: str
    export_queue_url: str
    dead_letter_queue_url: str
    order_tolerance_seconds: Seconds
    report_bucket: str = ""


settings = from_environment(Settings, os.environ)
table.bind(settings.records_table)
s3 = clients.s3()
sqs = clients.sqs()
documents, archives = Documents(s3, settings.documents_bucket), Archives(s3, settings.exports_bucket)
requests, dead_letters = Queue(sqs, settings.export_queue_url), Queue(sqs, settings.dead_letter_queue_url)
reports = Reports(s3, settings.report_bucket) if settings.report_bucket else None
export = ExportCertificates(
    documents,
    archives,
    requests,
    settings.order_tolerance_seconds,
    reads=ThreadPoolExecutor(max_workers=READS),
    reports=reports,
)
cold_start.done()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    batch = SqsBatch(event, dead_letters)
    export(batch, lambda: context.get_remaining_time_in_millis() < HANDOVER_MARGIN_MS)
    return batch.response()
