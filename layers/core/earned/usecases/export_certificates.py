"""Export a company, or report across companies: one ZIP, in bounded memory, across interruptions (A3, A4)."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import repeat

from aws_lambda_powertools import Logger

from earned.aws.dynamodb import contexts, enrollment_lists, enrollments, exports, people
from earned.aws.dynamodb.enrollment_keys import row_key
from earned.aws.dynamodb.table import RecordChanged
from earned.aws.s3 import Archives, Documents, Reports, UploadLost
from earned.aws.sqs import Queue
from earned.aws.sqs_batch import SqsBatch
from earned.document.archive import Archive, Segment
from earned.document.tables import CSV, HEADINGS, REPORT_HEADINGS, WORKBOOK, csv_of, workbook_of
from earned.domain.access import Operation, Viewer, may
from earned.domain.certificate import CertificateStatus
from earned.domain.enrollment import CompletionRecord, EnrollmentContext, EnrollmentKey
from earned.domain.enrollment_lines import EnrollmentLine, line_of, report_line_of
from earned.domain.exports import Export, weekly_report
from earned.domain.file_names import archive_name, file_name, report_name
from earned.domain.people import Role
from earned.messages.requests import ExportRequest, WeeklyReport, read_export
from earned.usecases.clock import Clock, utc_now

logger = Logger()
PART_SIZE = 8 * 1024 * 1024  # bytes
KEYS_PER_PAGE = 100
ITEMS_PER_PAGE = 500  # of the whole table, for a report
LINES_PER_SEGMENT = 1_000  # at most, also when no part is full
MAX_RUN = timedelta(seconds=125)  # a little more than the function's timeout
OutOfTime = Callable[[], bool]


class TooManyEnrollments(Exception):
    """More enrollments are in the scope of the export than it may have."""


@dataclass(frozen=True)
class Page:
    """Enrollments in scope, and where the next page begins; a report is at its end after the `last` page."""

    enrollments: list[EnrollmentContext]
    after: EnrollmentKey | None = None
    scanned: tuple[str, str] | None = None
    last: bool = False


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
        reports: Reports | None = None,
        part_size: int = PART_SIZE,
        items_per_page: int = ITEMS_PER_PAGE,
        max_enrollments: int | None = None,
        now: Clock = utc_now,
    ) -> None:
        self._documents = documents
        self._archives = archives
        self._requests = requests
        self._order_tolerance = order_tolerance
        self._reads = reads
        self._reports = reports
        self._part_size = part_size
        self._items_per_page = items_per_page
        self._max_enrollments = max_enrollments
        self._now = now

    def __call__(self, batch: SqsBatch, out_of_time: OutOfTime) -> None:
        for message in batch.read(read_export):
            with batch.retry_on_error(message):
                export = self._find(message.event)
                if export is not None and not self._run(export, message.message_id, out_of_time):
                    self._requests.deliver_again(message.receipt)
                    batch.retry([message])

    def _find(self, request: ExportRequest | WeeklyReport) -> Export | None:
        if isinstance(request, WeeklyReport):
            request = _begin_weekly(request)
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
                exports.release_export(export, _count(export, archive), self._now())
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
        archive = Archive.begin(self._archives.begin(export.export_id, _name(export)))
        self._archives.save(export.export_id, archive.save())
        return archive

    def _fill(self, export: Export, archive: Archive, out_of_time: OutOfTime) -> bool:
        """Add enrollments one by one, at least one; false if time runs out before the last."""
        if archive.state.closed:
            return True
        for page in self._pages(export, archive):
            wanted = page.enrollments
            documents = repeat(None, len(wanted)) if export.is_report else self._reads.map(self._read, wanted)
            for context, document in zip(wanted, documents, strict=True):
                self._add(export, archive, context, document)
                self._checkpoint(export, archive)
                if out_of_time():
                    return False
            archive.state.after, archive.state.scanned = page.after, page.scanned
            if not page.last and out_of_time():
                return False
        self._close(export, archive)
        return True

    def _pages(self, export: Export, archive: Archive) -> Iterator[Page]:
        return self._scan(export, archive) if export.is_report else _list(export, archive)

    def _scan(self, export: Export, archive: Archive) -> Iterator[Page]:
        """The whole table, eventually consistent. A record of a later release is left out and counted in the log."""
        after, last = archive.state.after, False
        position = row_key(after) if after is not None else archive.state.scanned
        while not last:
            scanned = enrollment_lists.scan(0, 1, position, self._items_per_page)
            position, last = scanned.after, scanned.after is None
            if scanned.unreadable:
                logger.error("records left out of a report", extra={"count": len(scanned.unreadable)})
            yield Page(_in_scope(export, scanned.records), scanned=position, last=last)

    def _read(self, context: EnrollmentContext) -> bytes | None:
        issue = context.record.issue
        if issue is None or context.record.certificate_status is not CertificateStatus.ISSUED:
            return None
        return self._documents.read(issue.certificate_id, issue.revision)

    def _add(self, export: Export, archive: Archive, context: EnrollmentContext, document: bytes | None) -> None:
        if archive.state.lines == (self._max_enrollments or export.max_enrollments):
            raise TooManyEnrollments
        if export.is_report:
            line = report_line_of(context, self._now(), self._order_tolerance)
        else:
            line = line_of(context, _add_document(archive, context, document), self._now(), self._order_tolerance)
        archive.add_line(line)
        archive.state.after = context.record.key

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
        headings = REPORT_HEADINGS if export.is_report else HEADINGS
        tables = {
            CSV: csv_of(self._lines(export, archive), headings),
            WORKBOOK: workbook_of(self._lines(export, archive), export.requested_at, headings),
        }
        if export.is_weekly and self._reports is not None:
            self._reports.put(export.requested_at.date(), tables)
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
        count = _count(export, archive)
        exports.finish_export(export, count, archive.failures, self._now())
        extra = {"export_id": export.export_id, "count": count, "failures": len(archive.failures)}
        logger.info("export done", extra=extra)

    def _save(self, export: Export, archive: Archive) -> None:
        self._save_segment(export, archive)
        self._archives.save(export.export_id, archive.save())

    def _save_segment(self, export: Export, archive: Archive) -> None:
        """Before the state that names it."""
        if archive.segment.lines:
            self._archives.save_segment(export.export_id, *archive.take_segment())


def _begin_weekly(request: WeeklyReport) -> ExportRequest:
    """The message may come again: only the first adds the report."""
    export = weekly_report(request.weekly_report)
    with suppress(RecordChanged):
        exports.add_export(export)
    return ExportRequest(export.company_id, export.account_id, export.export_id)


def _name(export: Export) -> str:
    if export.is_report:
        return report_name(export.requested_at)
    company = people.get_company(export.company_id)
    return archive_name(company.name if company is not None else export.company_id, export.requested_at)


def _count(export: Export, archive: Archive) -> int:
    return archive.state.lines if export.is_report else len(archive.entries)


def _add_document(archive: Archive, context: EnrollmentContext, document: bytes | None) -> str:
    """The document's name in the archive; empty without one."""
    record, issue = context.record, context.record.issue
    if issue is None or record.certificate_status is not CertificateStatus.ISSUED:
        return ""
    return archive.add(record, issue, file_name(issue.printed), document)


def _list(export: Export, archive: Archive) -> Iterator[Page]:
    after = archive.state.after
    while keys := enrollment_lists.list_company_keys(export.company_id, after, KEYS_PER_PAGE):
        after = keys[-1]
        yield Page(_in_scope(export, enrollments.get_records(keys)), after=after)


def _in_scope(export: Export, records: list[CompletionRecord]) -> list[EnrollmentContext]:
    found = contexts.get_contexts([one for one in records if export.scope.includes(one)])
    return [one for one in found if one.is_active and _may_have(export, one.record)]


def _may_have(export: Export, record: CompletionRecord) -> bool:
    if export.is_report:
        return may(Viewer(export.account_id, Role.ADMINISTRATOR), Operation.REPORT, record)
    return may(Viewer(export.account_id, Role.COMPANY_ADMIN, export.company_id), Operation.EXPORT, record)
