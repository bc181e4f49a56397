"""Lists of certificates, and links to documents."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query

from earned.api.paging import Cursor, EnrollmentList, Limit, account_list, company_list, page
from earned.api.parameters import DayOrTime
from earned.api.problems import BadRequest, Hidden, NotFound
from earned.api.responses import CertificatePage, CertificateView, DownloadView, certificate_view
from earned.api.routes import Routes
from earned.aws.dynamodb import access_log, contexts, enrollments
from earned.aws.s3 import LINK_SECONDS
from earned.document.credential import credential_json
from earned.domain.access import Operation, Scope, may, may_for_company
from earned.domain.certificate import CertificateStatus, Issuance
from earned.domain.enrollment import CompletionRecord, EnrollmentContext
from earned.domain.file_names import file_name
from earned.domain.timestamps import rfc_3339

routes = Routes()


@routes.endpoint("GET", "/v1/certificates", Operation.LIST_CERTIFICATES, scopes=(Scope.PERSONAL,))
def list_own_certificates(cursor: Cursor = None, limit: Limit = 50) -> CertificatePage:
    """The certificates of the token's account, revoked ones included."""
    return _page(account_list("certificates", routes.viewer.account_id), cursor, limit)


@routes.endpoint("GET", "/v1/companies/<company_id>/certificates", Operation.LIST_CERTIFICATES, scopes=(Scope.COMPANY,))
def list_company_certificates(
    company_id: str,
    cursor: Cursor = None,
    limit: Limit = 50,
    training_id: Annotated[str | None, Query(description="Only certificates of this training.")] = None,
    account_id: Annotated[str | None, Query(description="Only certificates of this account.")] = None,
    issued_from: Annotated[
        DayOrTime | None,
        Query(description="Only certificates issued on this UTC day, at this time, or later."),
    ] = None,
    issued_to: Annotated[
        DayOrTime | None,
        Query(description="Only certificates issued on this UTC day, at this time, or earlier."),
    ] = None,
) -> CertificatePage:
    """The certificates of a company's people, revoked ones included, grouped by account.

    With filters, a page may have fewer than `limit` items, or none, before the last page. A cursor is bound to the
    filters of the page that it came with.
    """
    if not may_for_company(routes.viewer, Operation.LIST_CERTIFICATES, company_id):
        raise Hidden
    begin = None if issued_from is None else _instant(issued_from, time.min)
    end = None if issued_to is None else _instant(issued_to, time.max)
    if begin is not None and end is not None and begin > end:
        raise BadRequest("issued_from: later than issued_to")

    filters = {
        "training_id": training_id,
        "account_id": account_id,
        "issued_from": begin.isoformat() if begin is not None else None,
        "issued_to": end.isoformat() if end is not None else None,
    }

    def includes(record: CompletionRecord) -> bool:
        return (
            record.issue is not None
            and training_id in (None, record.training_id)
            and (begin is None or record.issue.issued_at >= begin)
            and (end is None or record.issue.issued_at <= end)
        )

    return _page(company_list("certificates", company_id, filters, includes), cursor, limit)


@routes.endpoint("GET", "/v1/certificates/<certificate_id>/download", Operation.DOWNLOAD, reads_viewer=True)
def download_certificate(certificate_id: str) -> DownloadView:
    """A link to the document of an active certificate. The service records the access before it answers."""
    _, issue = _downloaded(certificate_id)
    return {
        "url": routes.dependencies.documents.link(certificate_id, issue.revision, issue.document_version),
        "expires_at": rfc_3339(routes.now + timedelta(seconds=LINK_SECONDS)),
        "file_name": file_name(issue.printed),
    }


_CREDENTIAL_RESPONSES = {
    200: {"description": "The signed credential", "content": {"application/vc": {"schema": {"type": "object"}}}}
}


@routes.endpoint(
    "GET",
    "/v1/certificates/<certificate_id>/credential",
    Operation.DOWNLOAD,
    reads_viewer=True,
    responses=_CREDENTIAL_RESPONSES,
)
def get_credential(certificate_id: str) -> Response[str]:
    """The Open Badges 3.0 credential of an active certificate, in the bytes that its document contains.

    The service records the access before it answers. A certificate from before credentials were signed has none.
    """
    record, issue = _downloaded(certificate_id)
    signed = credential_json(record.training_id, issue)
    if signed is None:
        raise NotFound
    return Response(200, "application/vc", signed.decode())


def _downloaded(certificate_id: str) -> tuple[CompletionRecord, Issuance]:
    """An active certificate that the viewer may download; the access is recorded."""
    record = contexts.get_certificate_record(certificate_id)
    viewer, is_holder_removed = routes.viewer_of(record)
    if record is None:
        raise NotFound
    if is_holder_removed or not may(viewer, Operation.DOWNLOAD, record):
        raise Hidden
    issue = record.issue
    if issue is None or record.certificate_status is not CertificateStatus.ISSUED:
        raise NotFound
    access_log.log_access(certificate_id, issue.revision, viewer.account_id, viewer.role, viewer.company_id, routes.now)
    return record, issue


def _page(listed: EnrollmentList, cursor: str | None, limit: int) -> CertificatePage:
    viewer = routes.viewer

    def view(context: EnrollmentContext) -> CertificateView | None:
        record, issue = context.record, context.record.issue
        if issue is None or not context.is_active or not may(viewer, Operation.LIST_CERTIFICATES, record):
            return None
        return certificate_view(record, issue)

    certificates = replace(
        listed,
        includes=lambda record: record.issue is not None and listed.includes(record),
        read=enrollments.get_listed_records,
        complete=contexts.get_certificate_contexts,
    )
    items, next_cursor = page(certificates, cursor, limit, view)
    answer: CertificatePage = {"items": items}
    if next_cursor is not None:
        answer["next_cursor"] = next_cursor
    return answer


def _instant(at: date | datetime, time_of_day: time) -> datetime:
    return at if isinstance(at, datetime) else datetime.combine(at, time_of_day, UTC)
