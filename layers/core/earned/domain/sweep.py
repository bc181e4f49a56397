"""What the sweep looks for (DESIGN §3): records and documents that messages should have put right and did not."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zlib import crc32

from earned.domain.enrollment import CompletionRecord, EnrollmentContext
from earned.domain.evaluation import absent_since, evaluate_for_issue, is_due
from earned.domain.training import Training


@dataclass(frozen=True)
class SweepPass:
    """One turn of the sweep through all records: when it and the one before began, and the position it is at.

    Without a position it is over.
    """

    began: datetime
    before: datetime | None = None
    after: tuple[str, str] | None = None


GRACE = timedelta(minutes=5)


DAY = timedelta(days=1)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Finding(StrEnum):
    """Something that is not as it should be."""

    JUST_COMPLETED = "just-completed"
    COMPLETE_NOT_ISSUED = "complete-not-issued"
    HELD = "held"
    ABSENT_NOT_REVOKED = "absent-not-revoked"
    ISSUED_WITHOUT_DOCUMENT = "issued-without-document"
    DOCUMENT_DIFFERS = "document-differs"
    STALE_VERSION = "out-of-date"
    ACCOUNT_REMOVED = "account-removed"
    UNREADABLE = "unreadable"


def needs_recheck(completion: CompletionRecord, training: Training | None, now: datetime, tolerance: timedelta) -> bool:
    """Whether a record is worth reading again with all that belongs to it, as far as it and its training tell."""
    if not completion.is_active:
        return False
    unnoted = completion.awaits_certificate and (not completion.account_known or _lags(completion, training))
    return unnoted or is_due(completion, training, now, tolerance)


def find(case: EnrollmentContext, now: datetime, tolerance: timedelta) -> Finding | None:
    """What is wrong with a record, or None; its document is not looked at."""
    completion, training, account = case.completion, case.training, case.account
    if not completion.is_active:
        return None
    if account is not None and account.removed:
        return Finding.ACCOUNT_REMOVED
    if absent_since(completion, training) is not None:
        return Finding.ABSENT_NOT_REVOKED
    if not completion.awaits_certificate:
        return None
    if _lags(completion, training) or (account is not None and not completion.account_known):
        return Finding.STALE_VERSION
    completed_at = evaluate_for_issue(completion, training, account, now, tolerance).completed_at
    if completed_at is None:
        return None
    if completion.hold is not None:
        return Finding.HELD
    return Finding.COMPLETE_NOT_ISSUED if now - completed_at > GRACE else Finding.JUST_COMPLETED


def is_full_check_due(subject: str, sweep_pass: SweepPass) -> bool:
    """Whether a subject's own moment of the day lies between the beginning of the last turn and that of this one.

    Each is looked at closely once a day, whatever a turn takes, and in the very first turn.
    """
    if sweep_pass.before is None:
        return True
    shift = timedelta(seconds=crc32(subject.encode()) % DAY.total_seconds())
    return (sweep_pass.began - _EPOCH - shift) // DAY > (sweep_pass.before - _EPOCH - shift) // DAY


def _lags(completion: CompletionRecord, training: Training | None) -> bool:
    """Whether a record is judged by an older version of its training than the newest (C6), or by none."""
    if training is None:
        return False
    return completion.training_version is None or completion.training_version < training.version
