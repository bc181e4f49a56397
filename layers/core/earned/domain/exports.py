"""An export of a company, or a report across companies, and its states."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from earned.domain.enrollment import CompletionRecord

RETENTION = timedelta(days=1)
EVERY_COMPANY = ""  # in place of a company's id, which has at least one character: a report
SCHEDULE = ""  # in place of an account's id: the weekly report
MAX_ENROLLMENTS = 50_000  # in the scope of an export
MAX_IN_REPORT = 200_000
MAX_PER_HOUR = 10  # new exports of a company, and new reports
# An unfinished export has failed once its message has had five deliveries, twelve minutes apart.
STALL_TIMEOUT = timedelta(minutes=75)
REUSE_WINDOW = timedelta(minutes=1)


class ExportFailed(StrEnum):
    """Why an export has no archive; a stable code."""

    OUT_OF_DATE = "out-of-date"
    TOO_MANY = "too-many"


class ExportStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Failure:
    """A certificate whose document is not in the archive, and why."""

    certificate_id: str
    account_id: str
    training_id: str
    reason: Literal["document-missing", "document-differs"]


@dataclass(frozen=True)
class ExportScope:
    """Which enrollments of a company, or of all, an export contains; None means all.

    A range of days contains the enrollments whose certificate was issued in it.
    """

    training_id: str | None = None
    account_ids: tuple[str, ...] | None = None
    issued_from: datetime | None = None
    issued_to: datetime | None = None

    def includes(self, record: CompletionRecord) -> bool:
        return (
            self.training_id in (None, record.training_id)
            and (self.account_ids is None or record.account_id in self.account_ids)
            and self._includes_time(record.issue.issued_at if record.issue is not None else None)
        )

    def _includes_time(self, issued_at: datetime | None) -> bool:
        if issued_at is None:
            return self.issued_from is None and self.issued_to is None
        return (self.issued_from is None or self.issued_from <= issued_at) and (
            self.issued_to is None or issued_at <= self.issued_to
        )


EVERYTHING = ExportScope()


@dataclass(frozen=True)
class Export:
    """One export of a company for one admin; `number` counts that admin's exports, `lease_until` ends a run's lease.

    A report is the export of `EVERY_COMPANY` for an administrator (A4): tables without certificates.
    `count` is of certificates, in a report of enrollments. `recalled_at` is when a certificate of the company was last
    revoked or withdrawn.
    """

    company_id: str
    account_id: str
    number: int
    export_id: str
    requested_at: datetime
    lease_until: datetime | None = None
    finished_at: datetime | None = None
    count: int = 0
    failures: tuple[Failure, ...] = ()
    scope: ExportScope = EVERYTHING
    recalled_at: datetime | None = None
    too_many: bool = False

    @property
    def is_report(self) -> bool:
        return self.company_id == EVERY_COMPANY

    @property
    def is_weekly(self) -> bool:
        return self.is_report and self.account_id == SCHEDULE

    @property
    def max_enrollments(self) -> int:
        return MAX_IN_REPORT if self.is_report else MAX_ENROLLMENTS

    @property
    def reason(self) -> ExportFailed | None:
        """Out of date: the archive may contain a certificate that no longer stands (A5)."""
        if self.too_many:
            return ExportFailed.TOO_MANY
        is_out_of_date = self.recalled_at is not None and self.recalled_at >= self.requested_at
        return ExportFailed.OUT_OF_DATE if is_out_of_date else None

    @property
    def expires_at(self) -> datetime:
        return self.requested_at + RETENTION

    def is_closed(self, now: datetime) -> bool:
        return self.finished_at is not None or now >= self.expires_at

    def is_running(self, now: datetime) -> bool:
        return self.lease_until is not None and now < self.lease_until

    def status(self, now: datetime) -> ExportStatus:
        """Failed for its `reason`, if it has expired, or if no run has held its lease for `STALL_TIMEOUT`."""
        if self.reason is not None or now >= self.expires_at:
            return ExportStatus.FAILED
        if self.finished_at is not None:
            return ExportStatus.DONE
        if now - (self.lease_until or self.requested_at) > STALL_TIMEOUT:
            return ExportStatus.FAILED
        return ExportStatus.QUEUED if self.lease_until is None else ExportStatus.RUNNING

    def is_reusable(self, scope: ExportScope, now: datetime) -> bool:
        """Whether a request for `scope` may get this export, if nothing was issued since it was requested."""
        if self.status(now) is ExportStatus.FAILED or self.scope != scope:
            return False
        return self.finished_at is None or now - self.finished_at < REUSE_WINDOW


def weekly_report(at: datetime) -> Export:
    """The report that is scheduled for `at`; the same of every message about it."""
    return Export(EVERY_COMPANY, SCHEDULE, at.toordinal(), f"weekly-{at.date().isoformat()}", at)
