"""How far a company's people are in each training."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from earned.domain.certificate import CertificateStatus
from earned.domain.enrollment import EnrollmentContext
from earned.domain.evaluation import blockers, evaluate_for_issue
from earned.domain.requirements import ResponsibleParty
from earned.domain.training import Training

MAX_ENROLLMENTS = 5_000  # of a company that is summarised


@dataclass
class TrainingSummary:
    """Enrollments in a training; `certificates` are those that stand.

    `waiting` are accounts by who must act on the first outstanding requirement.
    """

    training_id: str
    training: Training | None
    enrolled: int = 0
    completed: int = 0
    certificates: int = 0
    waiting: Mapping[ResponsibleParty, set[str]] = field(
        default_factory=lambda: {one: set() for one in ResponsibleParty}
    )


def summarize(contexts: Iterable[EnrollmentContext], now: datetime, tolerance: timedelta) -> list[TrainingSummary]:
    """One summary per training with an active enrollment, in the order of the trainings' ids."""
    summaries: dict[str, TrainingSummary] = {}
    for context in contexts:
        if context.is_active:
            training_id = context.record.training_id
            summary = summaries.setdefault(training_id, TrainingSummary(training_id, context.training))
            _add(summary, context, now, tolerance)
    return [summaries[training_id] for training_id in sorted(summaries)]


def _add(summary: TrainingSummary, context: EnrollmentContext, now: datetime, tolerance: timedelta) -> None:
    record = context.record
    verdict = evaluate_for_issue(record, context.training, context.account, now, tolerance)
    summary.enrolled += 1
    summary.completed += verdict.complete
    summary.certificates += record.certificate_status is CertificateStatus.ISSUED
    for first in blockers(record, context.training, verdict)[:1]:
        summary.waiting[first.who].add(record.account_id)
