"""Export a company: every active certificate in one ZIP, in bounded memory, across interruptions (A3)."""

from collections.abc import Callable, Iterator
from datetime import timedelta

from aws_lambda_powertools import Logger

from earned.aws.dynamodb import contexts, enrollment_lists, enrollments, exports, people
from earned.aws.s3 import Archives, Documents, UploadLost
from earned.aws.sqs import Queue
from earned.aws.sqs_batch import SqsBatch
from earned.document.archive import Archive
from earned.domain.access import Operation, Viewer, may
from earned.domain.certificate import CertificateStatus
from earned.domain.enrollment import EnrollmentContext, EnrollmentKey
from earned.domain.exports import Export
from earned.domain.file_names import archive_name, file_name
from earned.domain.people import Role
from earned.messages.requests import ExportRequest, export_message, read_export
from earned.usecases.clock import Clock, utc_now

logger = Logger()
PART_SIZE = 8 * 1024 * 1024  # bytes
KEYS_PER_PAGE = 100
MAX_RUN = timedelta(seconds=125)  # a little more than the function's timeout
OutOfTime = Callable[[], bool]


class ExportCertificates:
    """Continues the exports of a batch, until they are done or the function runs out of time."""

    def __init__(
        self,
        documents: Documents,
        archives: Archives,
        requests: Queue,
        *,
        part_size: int = PART_SIZE,
        now: Clock = utc_now,
    ) -> None:
        self._documents = documents
        self._archives = archives
        self._requests = requests
        self._part_size = part_size
        self._now = now

    def __call__(self, batch: SqsBatch, out_of_time: OutOfTime) -> None:
        for message in batch.read(read_export):
            with batch.retry_on_error(message):
                export = self._find(message.event)
                if export is not None:
                    self._run(export, message.message_id, out_of_time)

    def _find(self, request: ExportRequest) -> Export | None:
        candidates = exports.exports_of(request.company_id, request.account_id)
        export = next((one for one in candidates if one.export_id == request.export_id), None)
        return export if export is not None and not export.is_closed(self._now()) else None

    def _run(self, export: Export, lease_owner: str, out_of_time: OutOfTime) -> None:
        """Raises `RecordChanged` while another run holds the lease.

        The lease only saves work. If two runs overlap, S3 refuses parts that do not belong together, and the archive
        that is published first stays. After `UploadLost` the next delivery starts again.
        """
        now = self._now()
        exports.claim_export(export, lease_owner, now, now + MAX_RUN)
        saved = self._archives.saved(export.export_id)
        archive = Archive.load(saved) if saved is not None else self._begin(export)
        try:
            finished = self._fill(export, archive, out_of_time)
            if finished:
                self._publish(export, archive)
        except UploadLost:
            self._begin(export)
            raise
        if not finished:
            self._continue_later(export, archive)

    def _begin(self, export: Export) -> Archive:
        """The readable name is metadata of the object, so that no link contains it."""
        company = people.get_company(export.company_id)
        name = archive_name(company.name if company is not None else export.company_id, export.requested_at)
        archive = Archive.begin(self._archives.begin(export.export_id, name))
        self._save(export, archive)
        return archive

    def _fill(self, export: Export, archive: Archive, out_of_time: OutOfTime) -> bool:
        """Add certificates one by one, at least one; false if time runs out before the last."""
        if archive.state.closed:
            return True
        for context in _contexts(export, archive.state.after):
            self._add(export, archive, context)
            if len(archive.pending) >= self._part_size:
                self._put_part(export, archive)
                self._save(export, archive)
            if out_of_time():
                return False
        archive.close(export.requested_at)
        self._save(export, archive)
        return True

    def _add(self, export: Export, archive: Archive, context: EnrollmentContext) -> None:
        record, issue = context.record, context.record.issue
        admin = Viewer(export.account_id, Role.COMPANY_ADMIN, export.company_id)
        is_issued = context.is_active and record.certificate_status is CertificateStatus.ISSUED
        in_scope = issue is not None and export.scope.includes(record, issue)
        if is_issued and issue is not None and in_scope and may(admin, Operation.EXPORT, record):
            document = self._documents.read(issue.certificate_id, issue.revision)
            archive.add(record, issue, file_name(issue.printed), document)
        archive.state.after = record.key

    def _put_part(self, export: Export, archive: Archive) -> None:
        state = archive.state
        part = archive.take_part(self._part_size)
        state.parts.append(self._archives.add_part(export.export_id, state.upload_id, len(state.parts) + 1, part))

    def _publish(self, export: Export, archive: Archive) -> None:
        state = archive.state
        if not self._archives.is_published(export.export_id):
            while archive.pending:
                self._put_part(export, archive)
            self._archives.publish(export.export_id, state.upload_id, state.parts)
        exports.finish_export(export, len(state.entries), state.failures, self._now())
        extra = {"export_id": export.export_id, "count": len(state.entries), "failures": len(state.failures)}
        logger.info("export done", extra=extra)

    def _continue_later(self, export: Export, archive: Archive) -> None:
        """Release the lease before the message arrives at the next run."""
        self._save(export, archive)
        exports.release_export(export, len(archive.state.entries), self._now())
        self._requests.send([export_message(ExportRequest(export.company_id, export.account_id, export.export_id))])

    def _save(self, export: Export, archive: Archive) -> None:
        self._archives.save(export.export_id, archive.save())


def _contexts(export: Export, after: EnrollmentKey | None) -> Iterator[EnrollmentContext]:
    while keys := enrollment_lists.list_company_keys(export.company_id, after, KEYS_PER_PAGE):
        yield from contexts.get_contexts(enrollments.get_records(keys))
        after = keys[-1]
