"""Makes a company's export: all certificates that stand in one ZIP, in bounded memory, whatever interrupts it (A3)."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from botocore.config import Config

from earned.aws.dynamodb import contexts as case_reads
from earned.aws.dynamodb import enrollments, people, table
from earned.aws.dynamodb import exports as export_rows
from earned.aws.s3 import Archives, Documents, UploadLost
from earned.aws.settings import from_environment
from earned.aws.sqs import Queue
from earned.aws.sqs_batch import Batch
from earned.document.archive import Archive
from earned.domain import enrollment
from earned.domain.access import Operation, Viewer, may
from earned.domain.certificate import CertificateStatus
from earned.domain.errors import Rejected
from earned.domain.exports import Export
from earned.domain.file_names import archive_name, file_name
from earned.domain.people import Role
from earned.messages.requests import ExportRequest, UnknownMessage, export_message, read_export

logger = Logger()
PART_SIZE = 8 * 1024 * 1024
KEYS_PER_PAGE = 100
MAX_RUN = timedelta(seconds=125)  # a little more than the function's timeout
TIME_TO_HAND_OVER = 20_000  # milliseconds
Late = Callable[[], bool]


@dataclass(frozen=True)
class Settings:
    """What this function needs."""

    records_table: str
    documents_bucket: str
    exports_bucket: str
    export_queue_url: str
    dead_letter_queue_url: str


settings = from_environment(Settings, os.environ)
table.bind(settings.records_table)
# Without checksums of the SDK's own: S3 refuses those of a part when the upload was not begun with the same kind.
s3 = boto3.client("s3", config=Config(connect_timeout=2, read_timeout=10, request_checksum_calculation="when_required"))
sqs = boto3.client("sqs")
documents = Documents(s3, settings.documents_bucket)
archives = Archives(s3, settings.exports_bucket)
export_queue = Queue(sqs, settings.export_queue_url)
dead_letters = Queue(sqs, settings.dead_letter_queue_url)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Go on with the exports of a batch, until they are done or time runs out."""
    batch = Batch(event, dead_letters)
    for received in batch.read(read_request):
        with batch.retry_on_error(received):
            export = find(received.event)
            if export is not None:
                run(export, received.message_id, lambda: context.get_remaining_time_in_millis() < TIME_TO_HAND_OVER)
    return batch.response()


def read_request(body: str) -> ExportRequest:
    """Read a request; raises `Rejected` for anything else."""
    try:
        return read_export(body)
    except UnknownMessage:
        raise Rejected("not-an-export-request") from None


def find(request: ExportRequest) -> Export | None:
    """The export that a message speaks of, or None when there is nothing left to do for it."""
    asked = export_rows.exports_of(request.company_id, request.account_id)
    export = next((export for export in asked if export.export_id == request.export_id), None)
    return export if export is not None and not export.is_closed(datetime.now(UTC)) else None


def run(export: Export, lease_owner: str, late: Late) -> None:
    """Go on with an export from where it was left; raises `store.Changed` while another run is at work on it.

    That only saves work. Should two run at once all the same, S3 refuses parts that do not belong together, and the
    archive that is published first stays. After `UploadLost` the next delivery begins anew.
    """
    now = datetime.now(UTC)
    export_rows.claim_export(export, lease_owner, now, now + MAX_RUN)
    saved = archives.saved(export.export_id)
    archive = Archive.load(saved) if saved is not None else begin(export)
    try:
        finished = fill(export, archive, late) and publish(export, archive)
    except UploadLost:
        begin(export)
        raise
    if not finished:
        hand_over(export, archive)


def begin(export: Export) -> Archive:
    """Begin the archive; its readable name travels with the object, so that no link has to carry it."""
    company = people.company(export.company_id)
    name = archive_name(company.name if company is not None else export.company_id, export.requested_at)
    archive = Archive.begin(archives.begin(export.export_id, name))
    archives.save(export.export_id, archive.save())
    return archive


def fill(export: Export, archive: Archive, late: Late) -> bool:
    """Add one certificate after the other, at least one; False when time ran out before the last of them."""
    if archive.state.closed:
        return True
    for context in cases_of(export, archive.state.after):
        add(export, archive, context)
        if len(archive.pending) >= PART_SIZE:
            keep_part(export, archive)
            archives.save(export.export_id, archive.save())
        if late():
            return False
    archive.close(export.requested_at)
    archives.save(export.export_id, archive.save())
    return True


def cases_of(export: Export, after: enrollment.Key | None) -> Iterator[enrollment.EnrollmentContext]:
    """What the company's people are enrolled in, in the order of their ids."""
    while keys := enrollments.list_company_keys(export.company_id, after, KEYS_PER_PAGE):
        yield from case_reads.cases(enrollments.records(keys))
        after = keys[-1]


def add(export: Export, archive: Archive, context: enrollment.EnrollmentContext) -> None:
    """Add a certificate, if it stands and the admin may have it."""
    record, issue = context.record, context.record.issue
    admin = Viewer(export.account_id, Role.COMPANY_ADMIN, export.company_id)
    is_active = context.is_active and record.certificate_status is CertificateStatus.ISSUED
    if is_active and issue is not None and may(admin, Operation.EXPORT, record):
        document = documents.read(issue.printed.certificate_id, issue.revision)
        archive.add(record, issue, file_name(issue.printed), document)
    archive.state.after = (record.enrollment_id, record.account_id)


def keep_part(export: Export, archive: Archive) -> None:
    """Move a part's worth of bytes to S3."""
    state = archive.state
    part = archive.cut(PART_SIZE)
    state.parts.append(archives.add_part(export.export_id, state.upload_id, len(state.parts) + 1, part))


def publish(export: Export, archive: Archive) -> bool:
    """Make the archive appear, whole, unless a run that was interrupted did, and note what came of it."""
    state = archive.state
    if not archives.is_published(export.export_id):
        while archive.pending:
            keep_part(export, archive)
        archives.publish(export.export_id, state.upload_id, state.parts)
    export_rows.finish_export(export, len(state.entries), state.failures, datetime.now(UTC))
    extra = {"export_id": export.export_id, "count": len(state.entries), "failures": len(state.failures)}
    logger.info("export done", extra=extra)
    return True


def hand_over(export: Export, archive: Archive) -> None:
    """Leave the rest to another run: it must be free to take when its message arrives."""
    archives.save(export.export_id, archive.save())
    export_rows.release_export(export, len(archive.state.entries), datetime.now(UTC))
    export_queue.send([export_message(ExportRequest(export.company_id, export.account_id, export.export_id))])
