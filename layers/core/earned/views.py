"""What the API answers (CONTRACT.md), made from records; what one may not hold is not in it."""

from datetime import UTC, datetime, timedelta
from typing import NotRequired

from typing_extensions import TypedDict

from earned.access import Operation, Viewer, may
from earned.judgement import judge_for_issue
from earned.models import Completion, Issue, Requirement, Training
from earned.store import Case


class TrainingView(TypedDict):
    """A training; kind and title are absent until the portal has announced it."""

    id: str
    kind: NotRequired[str]
    title: NotRequired[str]


class RequirementView(TypedDict):
    """An outstanding requirement (N3)."""

    kind: str
    id: str
    title: str
    reason: str
    message: str
    who: str
    since: str


class CertificateOfEnrollment(TypedDict):
    """A certificate, as part of its enrollment."""

    certificate_id: str
    status: str
    revision: int
    issued_at: str


class EnrollmentView(TypedDict):
    """One person in one training; `certificate` is there only for those who may hold it (A2)."""

    enrollment_id: str
    account_id: str
    training: TrainingView
    status: str
    completed_at: NotRequired[str]
    outstanding: list[RequirementView]
    as_of: str
    certificate: NotRequired[CertificateOfEnrollment]


class CertificateView(TypedDict):
    """A certificate in a list."""

    certificate_id: str
    enrollment_id: str
    account_id: str
    holder: str
    training: TrainingView
    status: str
    revision: int
    completed_on: str
    issued_at: str


class EnrollmentPage(TypedDict):
    """One page; `next_cursor` is absent on the last."""

    items: list[EnrollmentView]
    next_cursor: NotRequired[str]


class CertificatePage(TypedDict):
    """One page; `next_cursor` is absent on the last."""

    items: list[CertificateView]
    next_cursor: NotRequired[str]


class DownloadView(TypedDict):
    """A link to a document, good until `expires_at`."""

    url: str
    expires_at: str
    file_name: str


def enrollment_view(case: Case, viewer: Viewer, as_of: datetime, tolerance: timedelta) -> EnrollmentView:
    """An enrollment as `viewer` may see it."""
    completion = case.completion
    verdict = judge_for_issue(completion, case.training, case.account, as_of, tolerance)
    view: EnrollmentView = {
        "enrollment_id": completion.enrollment_id,
        "account_id": completion.account_id,
        "training": training_view(completion, case.training),
        "status": "completed" if verdict.complete else "in-progress",
        "outstanding": [requirement_view(requirement) for requirement in verdict.outstanding],
        "as_of": rfc_3339(as_of),
    }
    if verdict.completed_at is not None:
        view["completed_at"] = rfc_3339(verdict.completed_at)
    if completion.issue is not None and may(viewer, Operation.LIST_CERTIFICATES, completion):
        view["certificate"] = {
            "certificate_id": completion.certificate_id or "",
            "status": completion.certificate_status or "",
            "revision": completion.issue.revision,
            "issued_at": rfc_3339(completion.issue.issued_at),
        }
    return view


def certificate_view(completion: Completion, issue: Issue, training: Training | None) -> CertificateView:
    """A certificate as its holder or their company's admin sees it."""
    return {
        "certificate_id": completion.certificate_id or "",
        "enrollment_id": completion.enrollment_id,
        "account_id": completion.account_id,
        "holder": issue.printed.holder,
        "training": training_view(completion, training),
        "status": completion.certificate_status or "",
        "revision": issue.revision,
        "completed_on": issue.printed.completed_on.isoformat(),
        "issued_at": rfc_3339(issue.issued_at),
    }


def training_view(completion: Completion, training: Training | None) -> TrainingView:
    """The training an enrollment is in."""
    view: TrainingView = {"id": completion.training_id or ""}
    if training is not None:
        view["kind"] = training.kind.value
        view["title"] = training.title
    return view


def requirement_view(requirement: Requirement) -> RequirementView:
    """An outstanding requirement, in codes and in plain words."""
    return {
        "kind": requirement.kind,
        "id": requirement.id,
        "title": requirement.title,
        "reason": requirement.reason.value,
        "message": requirement.message,
        "who": requirement.who.value,
        "since": rfc_3339(requirement.since),
    }


def rfc_3339(at: datetime) -> str:
    """A time as the API writes it: UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
