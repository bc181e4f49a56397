"""One line per enrollment, as the tables of an export or a report have it (docs/contract.md §6)."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from earned.domain.certificate import CertificateStatus, printed_days
from earned.domain.enrollment import EnrollmentContext
from earned.domain.evaluation import blockers, evaluate_for_issue


@dataclass(frozen=True, kw_only=True)
class EnrollmentLine:
    """An enrollment; `message`, `who` and `since` are of the first outstanding requirement.

    `account_id` is in no table: it finds the lines of a person. `company` is in the tables of reports only.
    """

    account_id: str
    holder: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    training: str
    kind: str = ""
    status: str
    completed_on: date | None = None
    certificate_number: str = ""
    file_name: str = field(default="", repr=False)
    message: str = ""
    who: str = ""
    since: datetime | None = None
    company: str = field(default="", repr=False)


def line_of(context: EnrollmentContext, file_name: str, now: datetime, tolerance: timedelta) -> EnrollmentLine:
    """Holder and training are as printed while the certificate stands (I7); `file_name` is empty without a document."""
    record, training, account = context.record, context.training, context.account
    verdict = evaluate_for_issue(record, training, account, now, tolerance)
    known = _printed(context) or _recorded(context)
    if "completed_on" not in known and training is not None and verdict.completed_at is not None:
        known["completed_on"] = printed_days(training, verdict.completed_at)[1]
    for first in blockers(record, training, verdict)[:1]:
        known |= {"message": first.message, "who": first.who.value, "since": first.since}
    return EnrollmentLine(
        account_id=record.account_id,
        email=account.email if account is not None else "",
        status="completed" if verdict.complete else "in-progress",
        file_name=file_name,
        **known,
    )


def report_line_of(context: EnrollmentContext, now: datetime, tolerance: timedelta) -> EnrollmentLine:
    """Without the certificate's number, because an administrator holds no certificates (A4)."""
    company = context.company.name if context.company is not None else context.record.company_id or ""
    return replace(line_of(context, "", now, tolerance), certificate_number="", company=company)


def _printed(context: EnrollmentContext) -> dict[str, Any]:
    record, issue = context.record, context.record.issue
    if issue is None or record.certificate_status is not CertificateStatus.ISSUED:
        return {}
    return {
        "holder": issue.printed.holder,
        "training": issue.printed.title,
        "kind": issue.printed.kind.value,
        "completed_on": issue.printed.completed_on,
        "certificate_number": record.certificate_id,
    }


def _recorded(context: EnrollmentContext) -> dict[str, Any]:
    training, account = context.training, context.account
    named = {"holder": account.name} if account is not None else {}
    if training is None:
        return {"training": context.record.training_id, **named}
    return {"training": training.title, "kind": training.kind.value, **named}
