"""The API's responses; each contains only members that the viewer may see."""

from datetime import datetime, timedelta
from typing import Annotated, NotRequired

from pydantic import WithJsonSchema
from typing_extensions import TypedDict

from earned.api.brand import brand
from earned.api.wording import Wording
from earned.domain.access import Operation, Viewer, may, who_may_download
from earned.domain.certificate import CertificateStatus, Issuance
from earned.domain.diagnosis import Attendance, Diagnosis, TimelineEntry
from earned.domain.enrollment import CompletionRecord, EnrollmentContext
from earned.domain.evaluation import blockers, evaluate_for_issue
from earned.domain.people import Account, Role, SupportRequest
from earned.domain.requirements import Reason, Requirement, ResponsibleParty
from earned.domain.timestamps import rfc_3339
from earned.domain.training import StepKind, Training, TrainingKind
from earned.messages.schema_types import Instant


def one_of(*values: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "enum": [str(value) for value in values]})


Day = Annotated[str, WithJsonSchema({"type": "string", "format": "date"})]
KindOfTraining = Annotated[str, one_of(*TrainingKind)]
KindOfRequirement = Annotated[str, one_of(*StepKind, "event", "attendance", "training", "account", "certificate")]
StatusOfCertificate = Annotated[str, one_of(*CertificateStatus)]
StatusOfCompletion = Annotated[str, one_of("in-progress", "completed")]


class TrainingView(TypedDict):
    """A course or a live event; `kind` and `title` are absent until the portal has published or scheduled it."""

    id: str
    kind: NotRequired[KindOfTraining]
    title: NotRequired[str]


class DiagnosedTraining(TrainingView):
    """`unprintable` is present if the title cannot be printed: why."""

    unprintable: NotRequired[str]


class RequirementView(TypedDict):
    """An outstanding requirement: what is missing, why, who must act, and since when.

    `reason` is a stable code; `message` says the same in a sentence, in the language that `Accept-Language` prefers.
    Kind `certificate` means that all requirements are met and the certificate is held.
    """

    kind: KindOfRequirement
    id: str
    title: str
    reason: Annotated[str, one_of(*Reason)]
    message: str
    who: Annotated[str, one_of(*ResponsibleParty)]
    since: Instant


class CertificateOfEnrollment(TypedDict):
    """The certificate of an enrollment; the person who holds it also gets its issuer and its verification link."""

    certificate_id: str
    status: StatusOfCertificate
    revision: int
    issued_at: Instant
    issuer: NotRequired[str]
    verify_url: NotRequired[str]


class EnrollmentView(TypedDict):
    """One person in one training, as of `as_of`.

    `holder` is the account's name, absent while it is unknown; `certificate` is present only for those who may hold it.
    """

    enrollment_id: str
    account_id: str
    holder: NotRequired[str]
    training: TrainingView
    status: StatusOfCompletion
    completed_at: NotRequired[Instant]
    outstanding: list[RequirementView]
    as_of: Instant
    certificate: NotRequired[CertificateOfEnrollment]


class CertificateView(TypedDict):
    """A certificate, with the holder's name and the training's title as printed."""

    certificate_id: str
    enrollment_id: str
    account_id: str
    holder: str
    training: TrainingView
    status: StatusOfCertificate
    revision: int
    completed_on: Day
    issued_at: Instant


class EnrollmentPage(TypedDict):
    """A page of enrollments; `next_cursor` is absent on the last page."""

    items: list[EnrollmentView]
    next_cursor: NotRequired[str]


class CertificatePage(TypedDict):
    """A page of certificates; `next_cursor` is absent on the last page."""

    items: list[CertificateView]
    next_cursor: NotRequired[str]


class DownloadView(TypedDict):
    """A link to a document, which works until `expires_at` without a token."""

    url: str
    expires_at: Instant
    file_name: str


def enrollment_view(
    context: EnrollmentContext, viewer: Viewer, as_of: datetime, tolerance: timedelta, texts: Wording
) -> EnrollmentView:
    record = context.record
    verdict = evaluate_for_issue(record, context.training, context.account, as_of, tolerance)
    view: EnrollmentView = {
        "enrollment_id": record.enrollment_id,
        "account_id": record.account_id,
        "training": training_view(record.training_id, context.training),
        "status": "completed" if verdict.complete else "in-progress",
        "outstanding": [requirement_view(one, texts) for one in blockers(record, context.training, verdict)],
        "as_of": rfc_3339(as_of),
    }
    if context.account is not None and context.account.name:
        view["holder"] = context.account.name
    if verdict.completed_at is not None:
        view["completed_at"] = rfc_3339(verdict.completed_at)
    if record.issue is not None and may(viewer, Operation.LIST_CERTIFICATES, record):
        view["certificate"] = {
            "certificate_id": record.certificate_id,
            "status": record.certificate_status or "",
            "revision": record.issue.revision,
            "issued_at": rfc_3339(record.issue.issued_at),
        }
        if viewer.role is Role.INDIVIDUAL:
            printed = record.issue.printed
            view["certificate"]["issuer"] = brand(printed.design).issuer(printed.language)
            view["certificate"]["verify_url"] = printed.verify_url
    return view


def certificate_view(record: CompletionRecord, issue: Issuance) -> CertificateView:
    printed = issue.printed
    return {
        "certificate_id": record.certificate_id,
        "enrollment_id": record.enrollment_id,
        "account_id": record.account_id,
        "holder": printed.holder,
        "training": {"id": record.training_id, "kind": printed.kind.value, "title": printed.title},
        "status": record.certificate_status or "",
        "revision": issue.revision,
        "completed_on": printed.completed_on.isoformat(),
        "issued_at": rfc_3339(issue.issued_at),
    }


def training_view(training_id: str, training: Training | None) -> TrainingView:
    view: TrainingView = {"id": training_id}
    if training is not None:
        view["kind"] = training.kind.value
        view["title"] = training.title
    return view


def requirement_view(requirement: Requirement, texts: Wording) -> RequirementView:
    return {
        "kind": requirement.kind,
        "id": requirement.id,
        "title": requirement.title,
        "reason": requirement.reason.value,
        "message": texts.message(requirement),
        "who": requirement.who.value,
        "since": rfc_3339(requirement.since),
    }


class Accepted(TypedDict):
    """The service accepted the request and processes it after the answer; `unchanged`: there is nothing to do."""

    status: Annotated[str, one_of("received", "queued", "unchanged")]


class SupportRequestView(TypedDict):
    """A request to support, as the person sent it."""

    request_id: str
    at: Instant
    name: str
    email: str
    training: str
    message: NotRequired[str]


class SupportRequestPage(TypedDict):
    """A page of support requests; `next_cursor` is absent on the last page.

    `dropped_last_hour` is the number of requests beyond the hourly limits in the last 60 minutes.
    """

    items: list[SupportRequestView]
    dropped_last_hour: int
    next_cursor: NotRequired[str]


class TimelineEntryView(TypedDict):
    """One entry in the history of an enrollment; `subject` is the id of the step, live event or certificate."""

    at: Instant
    what: str
    subject: str
    title: NotRequired[str]
    detail: NotRequired[str]


class CompletionView(TypedDict):
    """The completion of an enrollment and its history, oldest entry first."""

    status: StatusOfCompletion
    completed_at: NotRequired[Instant]
    timeline: list[TimelineEntryView]


class AttendanceView(TypedDict):
    """The attendance mark of a person at a live event."""

    status: Annotated[str, one_of("present", "absent", "not-marked")]
    marked_by: NotRequired[str]
    marked_at: NotRequired[Instant]


class DiagnosedEnrollment(TypedDict):
    """The enrollment of a diagnosis; `removed_at` is present once it is removed."""

    enrollment_id: str
    company_id: NotRequired[str]
    enrolled_at: NotRequired[Instant]
    removed_at: NotRequired[Instant]


class DiagnosedAccount(TypedDict):
    """The account of a diagnosis; only the id is present until the portal has sent the account."""

    account_id: str
    kind: NotRequired[Annotated[str, one_of(*Role)]]
    name: NotRequired[str]
    removed: NotRequired[bool]


class DiagnosedCertificate(TypedDict):
    """The certificate of a diagnosis, and whether its stored document is present and unchanged."""

    certificate_id: str
    status: StatusOfCertificate
    revision: int
    document_present: bool
    document_intact: bool


class DiagnosisView(TypedDict):
    """One enrollment in full; `blocking` is the first outstanding requirement, or null.

    `who_may_download` says in a sentence who can fetch the certificate now, or why nobody can.
    """

    enrollment: DiagnosedEnrollment
    account: DiagnosedAccount
    training: DiagnosedTraining
    completion: CompletionView
    attendance: NotRequired[AttendanceView]
    certificate: NotRequired[DiagnosedCertificate]
    outstanding: list[RequirementView]
    blocking: RequirementView | None
    who_may_download: str


class DiagnosisPage(TypedDict):
    """A page of the diagnoses of a person's enrollments; `next_cursor` is absent on the last page."""

    items: list[DiagnosisView]
    next_cursor: NotRequired[str]


def support_request_view(request: SupportRequest) -> SupportRequestView:
    view: SupportRequestView = {
        "request_id": request.request_id,
        "at": rfc_3339(request.at),
        "name": request.name,
        "email": request.email,
        "training": request.training,
    }
    if request.message:
        view["message"] = request.message
    return view


def diagnosis_view(diagnosis: Diagnosis, document: tuple[bool, bool] | None, texts: Wording) -> DiagnosisView:
    """`document`: whether the stored document is present, and whether it is intact."""
    record, verdict = diagnosis.record, diagnosis.verdict
    outstanding = [requirement_view(requirement, texts) for requirement in diagnosis.blockers]
    view: DiagnosisView = {
        "enrollment": _diagnosed_enrollment(record),
        "account": _diagnosed_account(record.account_id, diagnosis.account),
        "training": _diagnosed_training(record, diagnosis.training),
        "completion": {
            "status": "completed" if verdict.complete else "in-progress",
            "timeline": [_timeline_entry_view(entry) for entry in diagnosis.timeline],
        },
        "outstanding": outstanding,
        "blocking": outstanding[0] if outstanding else None,
        "who_may_download": who_may_download(record, diagnosis.account),
    }
    if verdict.completed_at is not None:
        view["completion"]["completed_at"] = rfc_3339(verdict.completed_at)
    if diagnosis.attendance is not None:
        view["attendance"] = _attendance_view(diagnosis.attendance)
    if record.issue is not None and document is not None:
        view["certificate"] = {
            "certificate_id": record.certificate_id,
            "status": record.certificate_status or "",
            "revision": record.issue.revision,
            "document_present": document[0],
            "document_intact": document[1],
        }
    return view


def _diagnosed_enrollment(record: CompletionRecord) -> DiagnosedEnrollment:
    view: DiagnosedEnrollment = {"enrollment_id": record.enrollment_id}
    if record.company_id is not None:
        view["company_id"] = record.company_id
    if record.enrolled_at is not None:
        view["enrolled_at"] = rfc_3339(record.enrolled_at)
    if record.removal is not None:
        view["removed_at"] = rfc_3339(record.removal.at)
    return view


def _diagnosed_training(record: CompletionRecord, training: Training | None) -> DiagnosedTraining:
    view: DiagnosedTraining = {"id": record.training_id}
    if training is not None:
        view |= {"kind": training.kind.value, "title": training.title}
        if training.unprintable:
            view["unprintable"] = training.unprintable
    return view


def _diagnosed_account(account_id: str, account: Account | None) -> DiagnosedAccount:
    view: DiagnosedAccount = {"account_id": account_id}
    if account is not None:
        view |= {"kind": account.kind.value, "name": account.name, "removed": account.removed}
    return view


def _attendance_view(attendance: Attendance) -> AttendanceView:
    view: AttendanceView = {"status": attendance.status}
    if attendance.marked_by is not None and attendance.marked_at is not None:
        view |= {"marked_by": attendance.marked_by, "marked_at": rfc_3339(attendance.marked_at)}
    return view


def _timeline_entry_view(entry: TimelineEntry) -> TimelineEntryView:
    view: TimelineEntryView = {"at": rfc_3339(entry.at), "what": entry.what, "subject": entry.subject}
    if entry.title:
        view["title"] = entry.title
    if entry.detail:
        view["detail"] = entry.detail
    return view
