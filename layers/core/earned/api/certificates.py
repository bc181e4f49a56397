"""Certificates: lists, and links to documents for those who may hold them (A1-A3)."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import AwareDatetime

from earned import store
from earned.access import Operation, may, may_for_company, may_for_self
from earned.api.routes import Routes
from earned.documents import LINK_SECONDS, file_name
from earned.models import CertificateStatus
from earned.paging import Cursor, Fetch, Limit, page
from earned.problems import NOT_FOUND
from earned.views import CertificatePage, DownloadView, certificate_view, rfc_3339

routes = Routes()


@routes.serves("GET", "/v1/certificates", Operation.LIST_CERTIFICATES)
def own_certificates(cursor: Cursor = None, limit: Limit = 50) -> CertificatePage:
    """Own certificates, of an individual."""
    if not may_for_self(routes.viewer, Operation.LIST_CERTIFICATES):
        raise NOT_FOUND
    own = routes.viewer.account_id
    return _page(lambda after, number: store.keys_of_account(own, after, number), cursor, limit)


@routes.serves("GET", "/v1/companies/<company_id>/certificates", Operation.LIST_CERTIFICATES)
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

    def wanted(case: store.Case) -> bool:
        completion, issue = case.completion, case.completion.issue
        return (
            issue is not None
            and training_id in (None, completion.training_id)
            and account_id in (None, completion.account_id)
            and (issued_from is None or issue.issued_at >= _instant(issued_from, time.min))
            and (issued_to is None or issue.issued_at <= _instant(issued_to, time.max))
        )

    return _page(lambda after, number: store.keys_of_company(company_id, after, number), cursor, limit, wanted)


@routes.serves("GET", "/v1/certificates/<certificate_id>/download", Operation.DOWNLOAD)
def download(certificate_id: str) -> DownloadView:
    """A link to the document, kept in the access log before it is handed out."""
    viewer, now = routes.viewer, routes.now
    case = store.certificate(certificate_id)
    if case is None or not case.stands or not may(viewer, Operation.DOWNLOAD, case.completion):
        raise NOT_FOUND
    issue = case.completion.issue
    if issue is None or case.completion.certificate_status is not CertificateStatus.ISSUED:
        raise NOT_FOUND
    store.log_access(certificate_id, issue.revision, viewer.account_id, viewer.role, viewer.company_id, now)
    return {
        "url": routes.resources.documents.link(certificate_id, issue.revision),
        "expires_at": rfc_3339(now + timedelta(seconds=LINK_SECONDS)),
        "file_name": file_name(issue.printed),
    }


def _page(
    fetch: Fetch, cursor: str | None, limit: int, wanted: Callable[[store.Case], bool] = lambda _: True
) -> CertificatePage:
    viewer = routes.viewer

    def keep(case: store.Case) -> bool:
        completion = case.completion
        return completion.issue is not None and may(viewer, Operation.LIST_CERTIFICATES, completion) and wanted(case)

    cases, following = page(fetch, cursor, limit, keep)
    issued = [(case, case.completion.issue) for case in cases]
    items = [certificate_view(case.completion, issue, case.training) for case, issue in issued if issue is not None]
    answer: CertificatePage = {"items": items}
    if following is not None:
        answer["next_cursor"] = following
    return answer


def _instant(at: date | datetime, of_day: time) -> datetime:
    return at if isinstance(at, datetime) else datetime.combine(at, of_day, UTC)
