"""A company's export: when it is running, stalled, closed or reusable."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

RETENTION = timedelta(days=1)


# An unfinished export is given up when its message has used up its five deliveries, twelve minutes apart.
STALL_TIMEOUT = timedelta(minutes=75)
REUSE_WINDOW = timedelta(minutes=1)


class ExportStatus(StrEnum):
    """How an export stands."""

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
    """One export of a company, for the admin who asked; `number` counts theirs, `busy_until` is when a run must end."""

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
        """When it goes away, finished or not."""
        return self.requested_at + RETENTION

    def is_closed(self, now: datetime) -> bool:
        """Whether there is nothing left to do for it."""
        return self.finished_at is not None or now >= self.expires_at

    def is_running(self, now: datetime) -> bool:
        """Whether a run is under way, as far as one can tell."""
        return self.lease_until is not None and now < self.lease_until

    def status(self, now: datetime) -> ExportStatus:
        """How it stands; one that expired, or of which nothing was heard for too long, has failed."""
        if now >= self.expires_at:
            return ExportStatus.FAILED
        if self.finished_at is not None:
            return ExportStatus.DONE
        if now - (self.lease_until or self.requested_at) > STALL_TIMEOUT:
            return ExportStatus.FAILED
        return ExportStatus.QUEUED if self.lease_until is None else ExportStatus.RUNNING

    def is_reusable(self, now: datetime) -> bool:
        """Whether it is what somebody gets who asks for an export now: asked twice, made once."""
        if self.status(now) is ExportStatus.FAILED:
            return False
        return self.finished_at is None or now - self.finished_at < REUSE_WINDOW
