"""Exports of a company's certificates into one archive, and reports across companies."""

import secrets
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, NotRequired, Self

from aws_lambda_powertools.event_handler.openapi.params import Body
from pydantic import BaseModel, Field, model_validator
from typing_extensions import TypedDict

from earned.api.parameters import DayOrTime
from earned.api.problems import Hidden, NotFound, TooManyExports
from earned.api.responses import one_of
from earned.api.routes import Routes
from earned.aws.dynamodb import access_log, enrollment_lists, enrollments
from earned.aws.dynamodb import exports as export_rows
from earned.aws.dynamodb.table import RecordChanged
from earned.aws.s3 import LINK_SECONDS
from earned.domain.access import Operation, may_for_company
from earned.domain.enrollment import EnrollmentKey
from earned.domain.exports import EVERY_COMPANY, EVERYTHING, Export, ExportFailed, ExportScope, ExportStatus
from earned.domain.timestamps import rfc_3339
from earned.messages.requests import ExportRequest, export_message
from earned.messages.schema_types import Id, Instant

routes = Routes()
ATTEMPTS = 3
KEYS_PER_PAGE, MAX_PAGES = 1_000, 10


class ExportFailureView(TypedDict):
    """A certificate whose document is not in the archive, and why."""

    certificate_id: str
    account_id: str
    training_id: str
    reason: Annotated[str, one_of("document-missing", "document-differs")]


class ExportBody(BaseModel):
    """Which enrollments to export; without a field, all.

    `issued_from` and `issued_to` are inclusive, days in UTC; with one of them, only enrollments whose certificate was
    issued in that range.
    """

    training_id: Id | None = None
    account_ids: Annotated[tuple[Id, ...], Field(max_length=1_000)] | None = None
    issued_from: DayOrTime | None = None
    issued_to: DayOrTime | None = None

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        scope = self.scope()
        if scope.issued_from is not None and scope.issued_to is not None and scope.issued_from > scope.issued_to:
            raise ValueError("issued_from is after issued_to")
        return self

    def scope(self) -> ExportScope:
        account_ids = None if self.account_ids is None else tuple(sorted(set(self.account_ids)))
        return ExportScope(
            self.training_id, account_ids, _instant(self.issued_from, time.min), _instant(self.issued_to, time.max)
        )


def _instant(at: date | datetime | None, time_of_day: time) -> datetime | None:
    if at is None or isinstance(at, datetime):
        return at
    return datetime.combine(at, time_of_day, UTC)


class ExportView(TypedDict):
    """An export or a report. `count` is the number of documents in the archive so far, in a report of enrollments.

    A `done` export has `url`, which works until `expires_at` without a token. A `failed` one has the `reason`
    `out-of-date` if a certificate was revoked or withdrawn since it was requested, and `too-many` if more than 50,000
    enrollments (in a report 200,000) are in its scope: name a training, accounts or a range of days.
    """

    export_id: str
    status: Annotated[str, one_of(*ExportStatus)]
    count: int
    failures: list[ExportFailureView]
    reason: NotRequired[Annotated[str, one_of(*ExportFailed)]]
    url: NotRequired[str]
    expires_at: NotRequired[Instant]


@routes.endpoint(
    "POST", "/v1/companies/<company_id>/exports", Operation.EXPORT, problems=(TooManyExports,), status_code=202
)
def create_export(company_id: str, body: Annotated[ExportBody | None, Body()] = None) -> ExportView:
    """Start an export of a company's certificates, and of tables of all enrollments, into one archive.

    An admin who repeats the request before the export is done, or within a minute after, gets the same export, unless
    certificates were issued since. A company begins at most 10 exports in an hour of UTC.
    """
    _check(company_id)
    return _begin(company_id, body)


@routes.endpoint("POST", "/v1/exports", Operation.REPORT, problems=(TooManyExports,), status_code=202)
def create_report(body: Annotated[ExportBody | None, Body()] = None) -> ExportView:
    """Start a report across companies: an archive of tables of all enrollments, without certificates and numbers.

    An administrator who repeats the request before the report is done, or within a minute after, gets the same report.
    At most 10 reports begin in an hour of UTC, of all administrators together.
    """
    return _begin(EVERY_COMPANY, body)


def _begin(company_id: str, body: ExportBody | None) -> ExportView:
    export = _latest_or_new(company_id, body.scope() if body is not None else EVERYTHING)
    if export.finished_at is None and not export.is_running(routes.now):  # send again: the first message may be lost
        request = ExportRequest(company_id, export.account_id, export.export_id)
        routes.dependencies.export_queue.send([export_message(request)])
    return _view(export)


@routes.endpoint("GET", "/v1/companies/<company_id>/exports/<export_id>", Operation.EXPORT)
def get_export(company_id: str, export_id: str) -> ExportView:
    """An export of the token's account, with a link to the archive once it is done.

    The service records the access before it answers with a link.
    """
    _check(company_id)
    return _found(company_id, export_id)


@routes.endpoint("GET", "/v1/exports/<export_id>", Operation.REPORT)
def get_report(export_id: str) -> ExportView:
    """A report of the token's account, with a link to the archive once it is done.

    The service records the access before it answers with a link.
    """
    return _found(EVERY_COMPANY, export_id)


def _found(company_id: str, export_id: str) -> ExportView:
    viewer, now = routes.viewer, routes.now
    found = next((export for export in _own(company_id) if export.export_id == export_id), None)
    if found is None:
        raise NotFound
    view = _view(found)
    if found.status(now) is ExportStatus.DONE:
        access_log.log_access(f"exports/{export_id}", None, viewer.account_id, viewer.role, viewer.company_id, now)
        view["url"] = routes.dependencies.archives.link(export_id)
        view["expires_at"] = rfc_3339(now + timedelta(seconds=LINK_SECONDS))
    return view


def _check(company_id: str) -> None:
    if not may_for_company(routes.viewer, Operation.EXPORT, company_id):
        raise Hidden


def _own(company_id: str) -> list[Export]:
    return export_rows.exports_of(company_id, routes.viewer.account_id)


def _latest_or_new(company_id: str, scope: ExportScope) -> Export:
    """The latest reusable export, or a new one, which is counted; concurrent requests agree on one by its number."""
    for _ in range(ATTEMPTS):
        latest = next(reversed(_own(company_id)), None)
        if latest is not None and latest.is_reusable(scope, routes.now) and not _issued_since(latest):
            return latest
        number = latest.number + 1 if latest is not None else 1
        export = Export(company_id, routes.viewer.account_id, number, secrets.token_hex(16), routes.now, scope=scope)
        try:
            export_rows.count_export(company_id, routes.now)
        except export_rows.HourIsFull as full:
            raise TooManyExports(full.seconds) from None
        try:
            export_rows.add_export(export)
        except RecordChanged:
            export_rows.uncount_export(company_id, routes.now)
            continue
        return export
    raise RecordChanged


def _issued_since(export: Export) -> bool:
    """Whether a certificate of the company was issued after the export was requested; assumed of a large company.

    Not asked of a report, which contains none.
    """
    if export.is_report:
        return False
    after: EnrollmentKey | None = None
    for _ in range(MAX_PAGES):
        keys = enrollment_lists.list_company_keys(export.company_id, after, KEYS_PER_PAGE)
        issued = (record.issue for record in enrollments.get_records(keys) if record.issue is not None)
        if any((issue.reissued_at or issue.issued_at) >= export.requested_at for issue in issued):
            return True
        if len(keys) < KEYS_PER_PAGE:
            return False
        after = keys[-1]
    return True


def _view(export: Export) -> ExportView:
    view: ExportView = {
        "export_id": export.export_id,
        "status": export.status(routes.now).value,
        "count": export.count,
        "failures": [
            {
                "certificate_id": failure.certificate_id,
                "account_id": failure.account_id,
                "training_id": failure.training_id,
                "reason": failure.reason,
            }
            for failure in export.failures
        ],
    }
    if export.reason is not None:
        view["reason"] = export.reason.value
    return view
