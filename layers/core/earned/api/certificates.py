"""Certificates: lists, and links to documents for those who may hold them (A1-A3)."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import AwareDatetime

from earned.api.paging import Cursor, Fetch, Limit, page
from earned.api.problems import NOT_FOUND
from earned.api.responses import CertificatePage, DownloadView, certificate_view, rfc_3339
from earned.api.routes import Routes
from earned.aws.dynamodb import access_log, contexts, enrollment_lists
from earned.aws.s3 import LINK_SECONDS
from earned.domain.access import Operation, may, may_for_company, may_for_self
from earned.domain.certificate import CertificateStatus
from earned.domain.enrollment import EnrollmentContext
from earned.domain.file_names import file_name

routes = Routes()


@routes.endpoint("GET", "/v1/certificates", Operation.LIST_CERTIFICATES)
def own_certificates(cursor: Cursor = None, limit: Limit = 50) -> CertificatePage:
    """Own certificates, of an individual."""
    if not may_for_self(routes.viewer, Operation.LIST_CERTIFICATES):
        raise NOT_FOUND
    own = routes.viewer.account_id
    return _page(lambda after, number: enrollment_lists.list_account_keys(own, after, number), cursor, limit)


@routes.endpoint("GET", "/v1/companies/<company_id>/certificates", Operation.LIST_CERTIFICATES)
def company_certificates(
    company_id: str,
    cursor: Cursor = None,
    limit: Limit = 50,
    training_id: Annotated[str | None, Query()] = None,
    account_id: Annotated[str | None, Query()] = None,
    issued_from: Annotated[date | AwareDatetime | None, Query()] = None,
    issued_to: Annotated[date | AwareDatetime | None, Query()] = None,
) -> CertificatePage:
    """The certificates of a company's people; the days of `issued_from` and `issued_to` are included."""
    if not may_for_company(routes.viewer, Operation.LIST_CERTIFICATES, company_id):
        raise NOT_FOUND

    def wanted(case: EnrollmentContext) -> bool:
        completion, issue = case.record, case.record.issue
        return (
            issue is not None
            and training_id in (None, completion.training_id)
            and account_id in (None, completion.account_id)
            and (issued_from is None or issue.issued_at >= _instant(issued_from, time.min))
            and (issued_to is None or issue.issued_at <= _instant(issued_to, time.max))
        )

    return _page(
        lambda after, number: enrollment_lists.list_company_keys(company_id, after, number), cursor, limit, wanted
    )


@routes.endpoint("GET", "/v1/certificates/<certificate_id>/download", Operation.DOWNLOAD)
def download(certificate_id: str) -> DownloadView:
    """A link to the document, kept in the access log before it is handed out."""
    viewer, now = routes.viewer, routes.now
    case = contexts.get_certificate_context(certificate_id)
    if case is None or not case.is_active or not may(viewer, Operation.DOWNLOAD, case.record):
        raise NOT_FOUND
    issue = case.record.issue
    if issue is None or case.record.certificate_status is not CertificateStatus.ISSUED:
        raise NOT_FOUND
    access_log.log_access(certificate_id, issue.revision, viewer.account_id, viewer.role, viewer.company_id, now)
    return {
        "url": routes.resources.documents.link(certificate_id, issue.revision),
        "expires_at": rfc_3339(now + timedelta(seconds=LINK_SECONDS)),
        "file_name": file_name(issue.printed),
    }


def _page(
    fetch: Fetch, cursor: str | None, limit: int, wanted: Callable[[EnrollmentContext], bool] = lambda _: True
) -> CertificatePage:
    viewer = routes.viewer

    def keep(case: EnrollmentContext) -> bool:
        completion = case.record
        return completion.issue is not None and may(viewer, Operation.LIST_CERTIFICATES, completion) and wanted(case)

    cases, following = page(fetch, cursor, limit, keep)
    issued = [(case, case.record.issue) for case in cases]
    items = [certificate_view(case.record, issue, case.training) for case, issue in issued if issue is not None]
    answer: CertificatePage = {"items": items}
    if following is not None:
        answer["next_cursor"] = following
    return answer


def _instant(at: date | datetime, of_day: time) -> datetime:
    return at if isinstance(at, datetime) else datetime.combine(at, of_day, UTC)
