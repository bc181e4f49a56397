"""The rules applied to a record and its stored evidence."""

from datetime import datetime, timedelta

from earned.domain.certificate import CertificateStatus
from earned.domain.enrollment import CompletionRecord
from earned.domain.fact_codec import decode
from earned.domain.people import Account
from earned.domain.requirements import Reason, Requirement, Verdict
from earned.domain.rules import TOLERANCE, corrected_to_absent, evaluate
from earned.domain.training import LiveEvent, Training


def evaluate_record(
    record: CompletionRecord, training: Training | None, now: datetime, tolerance: timedelta = TOLERANCE
) -> Verdict:
    """An issued certificate's record is complete, whatever was published since (C6)."""
    if record.issue is not None and record.revocation is None:
        return Verdict((), record.issue.completed_at)
    if training is None:
        return _unknown("training", record.training_id, Reason.TRAINING_UNKNOWN, record.enrolled_at)
    return evaluate(
        training, decode(record.enrollment_id, record.evidence, training), now, record.enrolled_at, tolerance
    )


def evaluate_for_issue(
    record: CompletionRecord,
    training: Training | None,
    account: Account | None,
    now: datetime,
    tolerance: timedelta = TOLERANCE,
) -> Verdict:
    """As `evaluate_record`, and the account must be known, because its name is printed."""
    verdict = evaluate_record(record, training, now, tolerance)
    if account is not None or not record.awaits_certificate:
        return verdict
    since = verdict.completed_at or record.enrolled_at
    unknown = _unknown("account", record.account_id, Reason.ACCOUNT_UNKNOWN, since)
    return Verdict((*verdict.outstanding, *unknown.outstanding), None)


def blockers(record: CompletionRecord, training: Training | None, verdict: Verdict) -> tuple[Requirement, ...]:
    """The outstanding requirements, else the reason for a hold.

    A hold is not part of the verdict: a held certificate is due and is tried again.
    """
    hold = record.hold
    if hold is None or training is None or not verdict.complete or not record.awaits_certificate:
        return verdict.outstanding
    return (Requirement("certificate", record.enrollment_id, training.title, hold.reason, hold.since, hold.detail),)


def is_due(
    record: CompletionRecord, training: Training | None, now: datetime, tolerance: timedelta = TOLERANCE
) -> bool:
    """Whether the generator must act: the certificate is earned and not issued (N2), or no longer earned (L2)."""
    if record.awaits_certificate:
        return evaluate_record(record, training, now, tolerance).complete
    return absent_since(record, training) is not None


def absent_since(record: CompletionRecord, training: Training | None) -> datetime | None:
    """When an issued certificate's attendance was corrected to absent, or None (L2)."""
    if record.certificate_status is not CertificateStatus.ISSUED or not isinstance(training, LiveEvent):
        return None
    return corrected_to_absent(training, decode(record.enrollment_id, record.evidence, training))


def _unknown(kind: str, subject: str, reason: Reason, since: datetime) -> Verdict:
    return Verdict((Requirement(kind, subject, "", reason, since),), None)
