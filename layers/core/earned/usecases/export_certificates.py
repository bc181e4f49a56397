"""Export a company: certificates and tables in one ZIP, in bounded memory, across interruptions (A3)."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from datetime import timedelta

from aws_lambda_powertools import Logger

from earned.aws.dynamodb import contexts, enrollment_lists, enrollments, exports, people
from earned.aws.s3 import Archives, Documents, UploadLost
from earned.aws.sqs import Queue
from earned.aws.sqs_batch import SqsBatch
from earned.document.archive import Archive, Segment
from earned.document.tables import CSV, WORKBOOK, csv_of, workbook_of
from earned.domain.access import Operation, Viewer, may
from earned.domain.certificate import CertificateStatus
from earned.domain.enrollment import EnrollmentContext, EnrollmentKey
from earned.domain.enrollment_lines import EnrollmentLine, line_of
from earned.domain.exports import MAX_ENROLLMENTS, Export
from earned.domain.file_names import archive_name, file_name
from earned.domain.people import Role
from earned.messages.requests import ExportRequest, read_export
from earned.usecases.clock import Clock, utc_now

logger = Logger()
PART_SIZE = 8 * 1024 * 1024  # bytes
KEYS_PER_PAGE = 100
LINES_PER_SEGMENT = 1_000  # at most, also when no part is full
MAX_RUN = timedelta(seconds=125)  # a little more than the function's timeout
OutOfTime = Callable[[], bool]


class TooManyEnrollments(Exception):
    """More enrollments are in the scope of the export than it may have."""


class ExportCertificates:
    """Continues the exports of a batch, until they are done or the function runs out of time.

    A run that runs out of time shows its message again at once and leaves it for a retry: the next run continues. SQS
    counts the receives, so that no message goes round for ever (docs/decisions/0038).
    """

    def __init__(
        self,
        documents: Documents,
        archives: Archives,
        requests: Queue,
        order_tolerance: timedelta,
        reads: Executor,
        *,
        part_size: int = PART_SIZE,
        max_enrollments: int = MAX_ENROLLMENTS,
        now: Clock = utc_now,
    ) -> None:
        self._documents = documents
        self._archives = archives
        self._requests = requests
        self._order_tolerance = order_tolerance
        self._reads = reads
        self._part_size = part_size
        self._max_enrollments = max_enrollments
        self._now = now

    def __call__(self, batch: SqsBatch, out_of_time: OutOfTime) -> None:
        for message in batch.read(read_export):
            with batch.retry_on_error(message):
                export = self._find(message.event)
                if export is not None and not self._run(export, message.message_id, out_of_time):
                    self._requests.deliver_again(message.receipt)
                    batch.retry([message])

    def _find(self, request: ExportRequest) -> Export | None:
        candidates = exports.exports_of(request.company_id, request.account_id)
        export = next((one for one in candidates if one.export_id == request.export_id), None)
        return export if export is not None and not export.is_closed(self._now()) else None

    def _run(self, export: Export, lease_owner: str, out_of_time: OutOfTime) -> bool:
        """False if time ran out. Raises `RecordChanged` while another run holds the lease.

        The lease only saves work. If two runs overlap, S3 refuses parts that do not belong together, and the archive
        that is published first stays. After `UploadLost` the next delivery starts again.
        """
        now = self._now()
        exports.claim_export(export, lease_owner, now, now + MAX_RUN)
        archive = self._resume(export) or self._begin(export)
        try:
            if not self._fill(export, archive, out_of_time):
                self._save(export, archive)
                exports.release_export(export, len(archive.entries), self._now())
                return False
            self._publish(export, archive)
        except UploadLost:
            self._begin(export)
            raise
        except TooManyEnrollments:
            exports.finish_without_archive(export, self._now())
            logger.warning("export refused: too many enrollments", extra={"export_id": export.export_id})
        return True

    def _resume(self, export: Export) -> Archive | None:
        saved = self._archives.saved(export.export_id)
        if saved is None:
            return None
        return Archive.load(saved, lambda name: self._archives.segment(export.export_id, name))

    def _begin(self, export: Export) -> Archive:
        """The readable name is metadata of the object, so that no link contains it."""
        company = people.get_company(export.company_id)
        name = archive_name(company.name if company is not None else export.company_id, export.requested_at)
        archive = Archive.begin(self._archives.begin(export.export_id, name))
        self._archives.save(export.export_id, archive.save())
        return archive

    def _fill(self, export: Export, archive: Archive, out_of_time: OutOfTime) -> bool:
        """Add enrollments one by one, at least one; false if time runs out before the last."""
        if archive.state.closed:
            return True
        for keys in _pages(export.company_id, archive.state.after):
            wanted = _in_scope(export, keys)
            for context, document in zip(wanted, self._reads.map(self._read, wanted), strict=True):
                self._add(archive, context, document)
                self._checkpoint(export, archive)
                if out_of_time():
                    return False
            archive.state.after = keys[-1]
            if out_of_time():
                return False
        self._close(export, archive)
        return True

    def _read(self, context: EnrollmentContext) -> bytes | None:
        issue = context.record.issue
        if issue is None or context.record.certificate_status is not CertificateStatus.ISSUED:
            return None
        return self._documents.read(issue.certificate_id, issue.revision)

    def _add(self, archive: Archive, context: EnrollmentContext, document: bytes | None) -> None:
        record, issue, name = context.record, context.record.issue, ""
        if archive.state.lines == self._max_enrollments:
            raise TooManyEnrollments
        if issue is not None and record.certificate_status is CertificateStatus.ISSUED:
            name = archive.add(record, issue, file_name(issue.printed), document)
        archive.add_line(line_of(context, name, self._now(), self._order_tolerance))
        archive.state.after = record.key

    def _checkpoint(self, export: Export, archive: Archive) -> None:
        is_part_full = len(archive.pending) >= self._part_size
        if is_part_full or len(archive.segment.lines) >= LINES_PER_SEGMENT:
            self._save_segment(export, archive)  # first: it tells whose documents are in the part
            if is_part_full:
                self._put_part(export, archive)
            self._save(export, archive)

    def _put_part(self, export: Export, archive: Archive) -> None:
        state = archive.state
        part = archive.take_part(self._part_size)
        state.parts.append(self._archives.add_part(export.export_id, state.upload_id, len(state.parts) + 1, part))

    def _close(self, export: Export, archive: Archive) -> None:
        self._save_segment(export, archive)
        tables = {
            CSV: csv_of(self._lines(export, archive)),
            WORKBOOK: workbook_of(self._lines(export, archive), export.requested_at),
        }
        archive.close(export.requested_at, tables)
        self._save(export, archive)

    def _lines(self, export: Export, archive: Archive) -> Iterator[EnrollmentLine]:
        """Segment by segment, so that they are never in memory together."""
        for name in archive.state.segments:
            yield from Segment.load(self._archives.segment(export.export_id, name)).lines

    def _publish(self, export: Export, archive: Archive) -> None:
        state = archive.state
        if not self._archives.is_published(export.export_id):
            while archive.pending:
                self._put_part(export, archive)
            self._archives.publish(export.export_id, state.upload_id, state.parts)
        exports.finish_export(export, len(archive.entries), archive.failures, self._now())
        extra = {"export_id": export.export_id, "count": len(archive.entries), "failures": len(archive.failures)}
        logger.info("export done", extra=extra)

    def _save(self, export: Export, archive: Archive) -> None:
        self._save_segment(export, archive)
        self._archives.save(export.export_id, archive.save())

    def _save_segment(self, export: Export, archive: Archive) -> None:
        """Before the state that names it."""
        if archive.segment.lines:
            self._archives.save_segment(export.export_id, *archive.take_segment())


def _pages(company_id: str, after: EnrollmentKey | None) -> Iterator[list[EnrollmentKey]]:
    while keys := enrollment_lists.list_company_keys(company_id, after, KEYS_PER_PAGE):
        yield keys
        after = keys[-1]


def _in_scope(export: Export, keys: list[EnrollmentKey]) -> list[EnrollmentContext]:
    admin = Viewer(export.account_id, Role.COMPANY_ADMIN, export.company_id)
    records = [one for one in enrollments.get_records(keys) if export.scope.includes(one)]
    found = contexts.get_contexts(records)
    return [one for one in found if one.is_active and may(admin, Operation.EXPORT, one.record)]
