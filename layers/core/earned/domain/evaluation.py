"""Records judged by the rules: stored evidence in, verdict out."""

from datetime import datetime, timedelta

from earned.domain.certificate import CertificateStatus
from earned.domain.enrollment import CompletionRecord
from earned.domain.fact_codec import decode
from earned.domain.people import Account
from earned.domain.requirements import Reason, Requirement, Verdict
from earned.domain.rules import BEGINNING, TOLERANCE, corrected_to_absent, evaluate
from earned.domain.training import LiveEvent, Training


def evaluate_record(
    completion: CompletionRecord, training: Training | None, now: datetime, tolerance: timedelta = TOLERANCE
) -> Verdict:
    """What the rules say of a record; an issued one is complete whatever was published since (C6)."""
    since = completion.enrolled_at or BEGINNING
    if completion.issue is not None and completion.revocation is None:
        return Verdict((), completion.issue.completed_at)
    if training is None:
        return _unknown("training", completion.training_id or "", Reason.TRAINING_UNKNOWN, since)
    return evaluate(training, decode(completion.evidence, training), now, since, tolerance)


def evaluate_for_issue(
    completion: CompletionRecord,
    training: Training | None,
    account: Account | None,
    now: datetime,
    tolerance: timedelta = TOLERANCE,
) -> Verdict:
    """As `judge`, and the account must be known, since its name is printed."""
    verdict = evaluate_record(completion, training, now, tolerance)
    if account is not None or not completion.awaits_certificate:
        return verdict
    since = verdict.completed_at or completion.enrolled_at or BEGINNING
    unknown = _unknown("account", completion.account_id, Reason.ACCOUNT_UNKNOWN, since)
    return Verdict((*verdict.outstanding, *unknown.outstanding), None)


def blockers(completion: CompletionRecord, training: Training | None, verdict: Verdict) -> tuple[Requirement, ...]:
    """What stands between a person and the certificate: what is outstanding; if nothing is, what it is held for.

    A hold is no part of a verdict, since what is held is due all the same and is tried again.
    """
    hold = completion.hold
    if hold is None or training is None or not verdict.complete or not completion.awaits_certificate:
        return verdict.outstanding
    return (Requirement("certificate", completion.enrollment_id, training.title, hold.reason, hold.since, hold.detail),)


def is_due(
    completion: CompletionRecord, training: Training | None, now: datetime, tolerance: timedelta = TOLERANCE
) -> bool:
    """Whether the certificate must be seen to: it is earned and not there (N2), or no longer earned (L2)."""
    if completion.awaits_certificate:
        return evaluate_record(completion, training, now, tolerance).complete
    return absent_since(completion, training) is not None


def absent_since(completion: CompletionRecord, training: Training | None) -> datetime | None:
    """When an issued certificate's attendance was corrected to absent, or None (L2)."""
    if completion.certificate_status is not CertificateStatus.ISSUED or not isinstance(training, LiveEvent):
        return None
    return corrected_to_absent(training, decode(completion.evidence, training))


def _unknown(kind: str, subject: str, reason: Reason, since: datetime) -> Verdict:
    return Verdict((Requirement(kind, subject, "", reason, since),), None)
