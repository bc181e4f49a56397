"""The sweep's findings: records and documents that no message corrected (docs/design.md §3)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zlib import crc32

from earned.domain.enrollment import CompletionRecord, EnrollmentContext
from earned.domain.evaluation import absent_since, evaluate_for_issue, is_due
from earned.domain.training import Training

GRACE = timedelta(minutes=5)
DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class SweepPass:
    """One pass of the sweep over the whole table: its start, the start of the pass before, and its position.

    A pass without a position is complete.
    """

    began: datetime
    before: datetime | None = None
    after: tuple[str, str] | None = None

    @classmethod
    def following(cls, last: "SweepPass | None", now: datetime) -> "SweepPass":
        if last is not None and last.after is not None:
            return last
        return cls(began=now, before=last.began if last else None)


class Finding(StrEnum):
    JUST_COMPLETED = "just-completed"
    COMPLETE_NOT_ISSUED = "complete-not-issued"
    HELD = "held"
    ABSENT_NOT_REVOKED = "absent-not-revoked"
    ISSUED_WITHOUT_DOCUMENT = "issued-without-document"
    DOCUMENT_DIFFERS = "document-differs"
    OTHER_VERSION = "other-version"
    STALE_VERSION = "out-of-date"
    ACCOUNT_REMOVED = "account-removed"
    UNREADABLE = "unreadable"


def needs_recheck(record: CompletionRecord, training: Training | None, now: datetime, tolerance: timedelta) -> bool:
    """Decided without the account or the document: the caller reads a suspect record again with its context."""
    if not record.is_active:
        return False
    unrecorded = record.awaits_certificate and (not record.account_known or _lags(record, training))
    return unrecorded or is_due(record, training, now, tolerance)


def classify(context: EnrollmentContext, now: datetime, tolerance: timedelta) -> Finding | None:
    """None if the record needs no correction; the document is not checked."""
    record, training, account = context.record, context.training, context.account
    if not record.is_active:
        return None
    if account is not None and account.removed:
        return Finding.ACCOUNT_REMOVED
    if absent_since(record, training) is not None:
        return Finding.ABSENT_NOT_REVOKED
    if not record.awaits_certificate:
        return None
    if _lags(record, training) or (account is not None and not record.account_known):
        return Finding.STALE_VERSION
    completed_at = evaluate_for_issue(record, training, account, now, tolerance).completed_at
    if completed_at is None:
        return None
    if record.hold is not None:
        return Finding.HELD
    return Finding.COMPLETE_NOT_ISSUED if now - completed_at > GRACE else Finding.JUST_COMPLETED


def is_full_check_due(subject: str, sweep_pass: SweepPass) -> bool:
    """Whether a subject's own time of day lies between the start of the last pass and the start of this one.

    Each subject gets one full check a day, however long a pass takes, and one in the first pass.
    """
    return sweep_pass.before is None or day_of(subject, sweep_pass.began) > day_of(subject, sweep_pass.before)


def day_of(subject: str, at: datetime) -> int:
    """The number of a day that begins at the subject's own time of day."""
    shift = timedelta(seconds=crc32(subject.encode()) % DAY.total_seconds())
    return (at - _EPOCH - shift) // DAY


def _lags(record: CompletionRecord, training: Training | None) -> bool:
    """Whether a record names an older training version than the newest, or none (C6)."""
    if training is None:
        return False
    return record.training_version is None or record.training_version < training.version
