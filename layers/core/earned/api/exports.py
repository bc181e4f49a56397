"""Exports of a company's certificates into one archive."""

import secrets
from datetime import timedelta
from typing import Annotated, NotRequired

from typing_extensions import TypedDict

from earned.api.problems import Hidden, NotFound
from earned.api.responses import one_of, rfc_3339
from earned.api.routes import Routes
from earned.aws.dynamodb import access_log
from earned.aws.dynamodb import exports as export_rows
from earned.aws.dynamodb.table import RecordChanged
from earned.aws.s3 import LINK_SECONDS
from earned.domain.access import Operation, may_for_company
from earned.domain.exports import Export, ExportStatus
from earned.messages.requests import ExportRequest, export_message
from earned.messages.schema_types import Instant

routes = Routes()
ATTEMPTS = 3


class ExportFailureView(TypedDict):
    """A certificate whose document is not in the archive, and why."""

    certificate_id: str
    account_id: str
    training_id: str
    reason: Annotated[str, one_of("document-missing", "document-differs")]


class ExportView(TypedDict):
    """An export. `count` is the number of documents in the archive so far.

    A `done` export has `url`, which works until `expires_at` without a token.
    """

    export_id: str
    status: Annotated[str, one_of(*ExportStatus)]
    count: int
    failures: list[ExportFailureView]
    url: NotRequired[str]
    expires_at: NotRequired[Instant]


@routes.endpoint("POST", "/v1/companies/<company_id>/exports", Operation.EXPORT, status_code=202)
def create_export(company_id: str) -> ExportView:
    """Start an export of all certificates of a company into one archive.

    An admin who repeats the request before the export is done, or within a minute after, gets the same export.
    """
    export = _latest_or_new(company_id)
    if export.finished_at is None and not export.is_running(routes.now):  # send again: the first message may be lost
        request = ExportRequest(company_id, export.account_id, export.export_id)
        routes.dependencies.export_queue.send([export_message(request)])
    return _view(export)


@routes.endpoint("GET", "/v1/companies/<company_id>/exports/<export_id>", Operation.EXPORT)
def get_export(company_id: str, export_id: str) -> ExportView:
    """An export of the token's account, with a link to the archive once it is done.

    The service records the access before it answers with a link.
    """
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


def _own(company_id: str) -> list[Export]:
    if not may_for_company(routes.viewer, Operation.EXPORT, company_id):
        raise Hidden
    return export_rows.exports_of(company_id, routes.viewer.account_id)


def _latest_or_new(company_id: str) -> Export:
    """The latest reusable export, or a new one; concurrent requests agree on one by its number."""
    for _ in range(ATTEMPTS):
        latest = next(reversed(_own(company_id)), None)
        if latest is not None and latest.is_reusable(routes.now):
            return latest
        number = latest.number + 1 if latest is not None else 1
        export = Export(company_id, routes.viewer.account_id, number, secrets.token_hex(16), routes.now)
        try:
            export_rows.add_export(export)
        except RecordChanged:
            continue
        return export
    raise RecordChanged


def _view(export: Export) -> ExportView:
    return {
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
