"""The sweep's findings: records and documents that no message corrected (docs/design.md §3)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zlib import crc32

from earned.domain.enrollment import CompletionRecord, EnrollmentContext
from earned.domain.evaluation import absent_since, evaluate_for_issue, is_due
from earned.domain.training import Training

GRACE = timedelta(minutes=5)
DAY = timedelta(days=1)
FULL_CHECK_EVERY = timedelta(days=60)
RUNS_PER_PASS = 270  # one every five minutes: a pass ends within a day, also when the table grows by 6 %
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Position = tuple[str, str] | None  # the key of the last item that was read; None before the first


@dataclass(frozen=True)
class SweepPass:
    """One pass of the sweep over the whole table, in segments that are read in parallel.

    `before` is the start of the pass before; `positions` are those of the segments that are not at their end, `items`
    the number of items read so far, and `expected` that of the pass before.
    """

    began: datetime
    before: datetime | None = None
    segments: int = 1
    positions: Mapping[int, Position] = field(default_factory=dict)
    items: int = 0
    expected: int | None = None

    @classmethod
    def following(cls, last: "SweepPass | None", now: datetime, segments: int) -> "SweepPass":
        if last is not None and not last.is_over:
            return last
        positions = dict.fromkeys(range(segments))
        if last is None:
            return cls(now, segments=segments, positions=positions)
        return cls(now, last.began, segments, positions, expected=last.items)

    @property
    def is_over(self) -> bool:
        return not self.positions

    @property
    def is_new(self) -> bool:
        return not self.is_over and not any(self.positions.values()) and self.items == 0

    def items_of_run(self, fewest: int) -> int | None:
        """How many items a run reads, so that the pass takes most of a day; None: as many as its time allows.

        The first pass, and one that finds more items than the pass before, go as fast as they can.
        """
        if self.expected is None or self.items >= self.expected:
            return None
        return max(fewest, -(-self.expected // RUNS_PER_PASS))

    def past(self, segment: int, position: Position, items: int) -> "SweepPass":
        positions = {one: at for one, at in self.positions.items() if one != segment}
        if position is not None:
            positions[segment] = position
        return replace(self, positions=positions, items=self.items + items)


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


def is_full_check_due(subject: str, sweep_pass: SweepPass, every: timedelta = FULL_CHECK_EVERY) -> bool:
    """Whether a subject's own time within the period lies between the start of the last pass and the start of this one.

    Each subject gets one full check a period, however long a pass takes, and one in the first pass.
    """
    if sweep_pass.before is None:
        return True
    return period_of(subject, sweep_pass.began, every) > period_of(subject, sweep_pass.before, every)


def period_of(subject: str, at: datetime, every: timedelta) -> int:
    shift = timedelta(seconds=crc32(subject.encode()) % every.total_seconds())
    return (at - _EPOCH - shift) // every


def _lags(record: CompletionRecord, training: Training | None) -> bool:
    if training is None:
        return False
    return record.training_version is None or record.training_version < training.version
