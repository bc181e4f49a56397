"""A company's export and its states."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

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
class Export:
    """One export of a company for one admin; `number` counts that admin's exports, `lease_until` ends a run's lease."""

    company_id: str
    account_id: str
    number: int
    export_id: str
    requested_at: datetime
    lease_until: datetime | None = None
    finished_at: datetime | None = None
    count: int = 0
    failures: tuple[Failure, ...] = ()

    @property
    def expires_at(self) -> datetime:
        return self.requested_at + RETENTION

    def is_closed(self, now: datetime) -> bool:
        return self.finished_at is not None or now >= self.expires_at

    def is_running(self, now: datetime) -> bool:
        return self.lease_until is not None and now < self.lease_until

    def status(self, now: datetime) -> ExportStatus:
        """Failed if it expired, or if no run has held its lease for `STALL_TIMEOUT`."""
        if now >= self.expires_at:
            return ExportStatus.FAILED
        if self.finished_at is not None:
            return ExportStatus.DONE
        if now - (self.lease_until or self.requested_at) > STALL_TIMEOUT:
            return ExportStatus.FAILED
        return ExportStatus.QUEUED if self.lease_until is None else ExportStatus.RUNNING

    def is_reusable(self, now: datetime) -> bool:
        if self.status(now) is ExportStatus.FAILED:
            return False
        return self.finished_at is None or now - self.finished_at < REUSE_WINDOW
