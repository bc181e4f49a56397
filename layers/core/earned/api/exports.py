"""Company exports: asked for, looked after, and fetched by the admin who asked (A3)."""

import secrets
from datetime import timedelta
from typing import Annotated, NotRequired

from typing_extensions import TypedDict

from earned.api.problems import NOT_FOUND
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
    """A certificate that is not in the archive."""

    certificate_id: str
    account_id: str
    training_id: str
    reason: str


class ExportView(TypedDict):
    """An export; `count` is how many files it has so far, `url` is there once it is done."""

    export_id: str
    status: Annotated[str, one_of(*ExportStatus)]
    count: int
    failures: list[ExportFailureView]
    url: NotRequired[str]
    expires_at: NotRequired[Instant]


@routes.endpoint("POST", "/v1/companies/<company_id>/exports", Operation.EXPORT, status_code=202)
def create_export(company_id: str) -> ExportView:
    """Have all certificates of a company put into one archive; whoever asks again gets the one that is being made.

    The record is there before the message is sent, and the message is sent again for as long as nobody acts on it.
    """
    export = _asked_for(company_id)
    if export.finished_at is None and not export.is_running(routes.now):
        request = ExportRequest(company_id, export.account_id, export.export_id)
        routes.resources.export_queue.send([export_message(request)])
    return _view(export)


@routes.endpoint("GET", "/v1/companies/<company_id>/exports/<export_id>", Operation.EXPORT)
def get_export(company_id: str, export_id: str) -> ExportView:
    """An export, with a link once it is done, kept in the access log before it is handed out."""
    viewer, now = routes.viewer, routes.now
    found = next((export for export in _own(company_id) if export.export_id == export_id), None)
    if found is None:
        raise NOT_FOUND
    view = _view(found)
    if found.status(now) is ExportStatus.DONE:
        access_log.log_access(f"exports/{export_id}", None, viewer.account_id, viewer.role, viewer.company_id, now)
        view["url"] = routes.resources.archives.link(export_id)
        view["expires_at"] = rfc_3339(now + timedelta(seconds=LINK_SECONDS))
    return view


def _own(company_id: str) -> list[Export]:
    """The exports that this viewer asked for, oldest first; another admin's are not there."""
    if not may_for_company(routes.viewer, Operation.EXPORT, company_id):
        raise NOT_FOUND
    return export_rows.exports_of(company_id, routes.viewer.account_id)


def _asked_for(company_id: str) -> Export:
    """The export that answers this request: the latest, or a new one, made once however many ask at the same time."""
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
