"""A company's export and its states."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from earned.domain.certificate import Issuance
from earned.domain.enrollment import CompletionRecord

RETENTION = timedelta(days=1)


# An unfinished export has failed once its message has had five deliveries, twelve minutes apart.
STALL_TIMEOUT = timedelta(minutes=75)
REUSE_WINDOW = timedelta(minutes=1)


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
    """Which of a company's certificates an export contains; None means all."""

    training_id: str | None = None
    account_ids: tuple[str, ...] | None = None
    issued_from: datetime | None = None
    issued_to: datetime | None = None

    def includes(self, record: CompletionRecord, issue: Issuance) -> bool:
        return (
            self.training_id in (None, record.training_id)
            and (self.account_ids is None or record.account_id in self.account_ids)
            and (self.issued_from is None or self.issued_from <= issue.issued_at)
            and (self.issued_to is None or issue.issued_at <= self.issued_to)
        )


EVERYTHING = ExportScope()


@dataclass(frozen=True)
class Export:
    """One export of a company for one admin; `number` counts that admin's exports, `lease_until` ends a run's lease.

    `recalled_at` is when a certificate of the company was last revoked or withdrawn.
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

    @property
    def is_out_of_date(self) -> bool:
        """Whether the archive may contain a certificate that no longer stands (A5)."""
        return self.recalled_at is not None and self.recalled_at >= self.requested_at

    @property
    def expires_at(self) -> datetime:
        return self.requested_at + RETENTION

    def is_closed(self, now: datetime) -> bool:
        return self.finished_at is not None or now >= self.expires_at

    def is_running(self, now: datetime) -> bool:
        return self.lease_until is not None and now < self.lease_until

    def status(self, now: datetime) -> ExportStatus:
        """Failed if it is out of date or expired, or if no run has held its lease for `STALL_TIMEOUT`."""
        if self.is_out_of_date or now >= self.expires_at:
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
