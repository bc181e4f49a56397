"""Serves the HTTP API: progress, certificates and downloads, each to those who may (DESIGN §5)."""

import base64
import binascii
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.event_handler.openapi.params import Query
from botocore.config import Config
from pydantic import AwareDatetime

from earned import store
from earned.access import Operation, Viewer, may, may_for_company, may_for_self
from earned.documents import LINK_SECONDS, Documents, file_name
from earned.models import CertificateStatus, Role
from earned.problems import FAULT, GARBLED_CURSOR, NOT_FOUND, UNKNOWN_ROLE, Problem
from earned.settings import from_environment
from earned.views import (
    CertificatePage,
    DownloadView,
    EnrollmentPage,
    EnrollmentView,
    certificate_view,
    enrollment_view,
    rfc_3339,
)

QUERIES_PER_PAGE = 10


@dataclass(frozen=True)
class Settings:
    """What this function needs."""

    records_table: str
    access_log_table: str
    documents_bucket: str
    role_claim: str
    company_claim: str
    order_tolerance_seconds: str


settings = from_environment(Settings, os.environ)
store.bind(settings.records_table, settings.access_log_table)
documents = Documents(boto3.client("s3", config=Config(signature_version="s3v4")), settings.documents_bucket)
tolerance = timedelta(seconds=float(settings.order_tolerance_seconds))
logger = Logger()
app = APIGatewayHttpResolver(enable_validation=True)
Limit = Annotated[int, Query(ge=1, le=100)]
Cursor = Annotated[str | None, Query(max_length=400)]
Fetch = Callable[[store.Key | None, int], list[store.Key]]


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one request."""
    return app.resolve(event, context)


@app.get("/v1/enrollments")
def own_enrollments(cursor: Cursor = None, limit: Limit = 50) -> EnrollmentPage:
    """Own enrollments, with what is outstanding in each."""
    viewer = current_viewer()
    if not may_for_self(viewer, Operation.SEE_OWN_PROGRESS):
        raise NOT_FOUND
    return enrollment_page(lambda after, n: store.keys_of_account(viewer.account_id, after, n), viewer, cursor, limit)


@app.get("/v1/companies/<company_id>/enrollments")
def company_enrollments(company_id: str, cursor: Cursor = None, limit: Limit = 50) -> EnrollmentPage:
    """The enrollments of a company's people."""
    viewer = current_viewer()
    if not may_for_company(viewer, Operation.SEE_PROGRESS, company_id):
        raise NOT_FOUND
    return enrollment_page(lambda after, n: store.keys_of_company(company_id, after, n), viewer, cursor, limit)


@app.get("/v1/enrollments/<enrollment_id>")
def enrollment(enrollment_id: str) -> EnrollmentView:
    """One enrollment, strongly consistent."""
    viewer, now = current_viewer(), datetime.now(UTC)
    completion = store.enrollment(enrollment_id)
    if completion is None or not (
        may(viewer, Operation.SEE_OWN_PROGRESS, completion) or may(viewer, Operation.SEE_PROGRESS, completion)
    ):
        raise NOT_FOUND
    case = store.cases([completion])[0]
    if case.account is not None and case.account.removed:
        raise NOT_FOUND
    return enrollment_view(case, viewer, now, tolerance)


@app.get("/v1/certificates")
def own_certificates(cursor: Cursor = None, limit: Limit = 50) -> CertificatePage:
    """Own certificates, of an individual."""
    viewer = current_viewer()
    if not may_for_self(viewer, Operation.LIST_CERTIFICATES):
        raise NOT_FOUND
    return certificate_page(lambda after, n: store.keys_of_account(viewer.account_id, after, n), viewer, cursor, limit)


@app.get("/v1/companies/<company_id>/certificates")
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
    viewer = current_viewer()
    if not may_for_company(viewer, Operation.LIST_CERTIFICATES, company_id):
        raise NOT_FOUND

    def wanted(case: store.Case) -> bool:
        completion = case.completion
        return (
            training_id in (None, completion.training_id)
            and account_id in (None, completion.account_id)
            and completion.issue is not None
            and (issued_from is None or completion.issue.issued_at >= _start(issued_from))
            and (issued_to is None or completion.issue.issued_at <= _end(issued_to))
        )

    return certificate_page(lambda after, n: store.keys_of_company(company_id, after, n), viewer, cursor, limit, wanted)


@app.get("/v1/certificates/<certificate_id>/download")
def download(certificate_id: str) -> DownloadView:
    """A link to the document, kept in the access log before it is handed out."""
    viewer, now = current_viewer(), datetime.now(UTC)
    completion = store.certificate(certificate_id)
    if completion is None or completion.issue is None or not may(viewer, Operation.DOWNLOAD, completion):
        raise NOT_FOUND
    if completion.certificate_status is not CertificateStatus.ISSUED:
        raise NOT_FOUND
    revision = completion.issue.revision
    store.log_access(certificate_id, revision, viewer.account_id, viewer.role, viewer.company_id, now)
    return {
        "url": documents.link(certificate_id, revision),
        "expires_at": rfc_3339(now + timedelta(seconds=LINK_SECONDS)),
        "file_name": file_name(completion.issue.printed),
    }


def current_viewer() -> Viewer:
    """Who asks, from the token's claims; raises a problem for a role that is none of ours."""
    claims = app.current_event.request_context.authorizer.jwt_claim or {}
    try:
        role = Role(claims.get(settings.role_claim, ""))
    except ValueError:
        raise UNKNOWN_ROLE from None
    return Viewer(str(claims["sub"]), role, claims.get(settings.company_claim) or None)


def enrollment_page(fetch: Fetch, viewer: Viewer, cursor: str | None, limit: int) -> EnrollmentPage:
    """One page of enrollments."""
    now = datetime.now(UTC)
    cases, last = collect(fetch, cursor, limit, lambda _: True)
    page: EnrollmentPage = {"items": [enrollment_view(case, viewer, now, tolerance) for case in cases]}
    if last is not None:
        page["next_cursor"] = to_cursor(last)
    return page


def certificate_page(
    fetch: Fetch,
    viewer: Viewer,
    cursor: str | None,
    limit: int,
    wanted: Callable[[store.Case], bool] = lambda _: True,
) -> CertificatePage:
    """One page of certificates."""

    def keep(case: store.Case) -> bool:
        return case.completion.issue is not None and may(viewer, Operation.LIST_CERTIFICATES, case.completion)

    cases, last = collect(fetch, cursor, limit, lambda case: keep(case) and wanted(case))
    page: CertificatePage = {
        "items": [
            certificate_view(case.completion, case.completion.issue, case.training)
            for case in cases
            if case.completion.issue is not None
        ]
    }
    if last is not None:
        page["next_cursor"] = to_cursor(last)
    return page


def collect(
    fetch: Fetch, cursor: str | None, limit: int, keep: Callable[[store.Case], bool]
) -> tuple[list[store.Case], store.Key | None]:
    """Up to `limit` standing cases that are to be kept, and where to go on, or None at the end.

    A page may be short, even empty, and still have a successor: when few of many are kept.
    """
    found: list[store.Case] = []
    after = from_cursor(cursor)
    for _ in range(QUERIES_PER_PAGE):
        keys = fetch(after, limit)
        cases = store.cases(store.completions(keys))
        found += [case for case in cases if stands(case) and keep(case)]
        if len(found) > limit:
            last = found[limit - 1].completion
            return found[:limit], (last.enrollment_id, last.account_id)
        if len(keys) < limit:
            return found, None
        after = keys[-1]
        if len(found) == limit:
            break
    return found, after


def stands(case: store.Case) -> bool:
    """Whether anybody may still see it: neither the enrollment nor the account was removed (A5)."""
    return case.completion.stands and not (case.account is not None and case.account.removed)


def to_cursor(key: store.Key) -> str:
    """A position in a list, opaque to whoever gets it; it names no list, so it opens none."""
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def from_cursor(cursor: str | None) -> store.Key | None:
    """The position in a cursor; raises a problem for one that was not handed out."""
    if cursor is None:
        return None
    try:
        enrollment_id, account_id = json.loads(base64.b64decode(_padded(cursor), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, TypeError):
        raise GARBLED_CURSOR from None
    if not (isinstance(enrollment_id, str) and isinstance(account_id, str) and enrollment_id and account_id):
        raise GARBLED_CURSOR
    return enrollment_id, account_id


def _padded(text: str) -> str:
    return text + "=" * (-len(text) % 4)


def _start(at: date | datetime) -> datetime:
    return at if isinstance(at, datetime) else datetime.combine(at, time.min, UTC)


def _end(at: date | datetime) -> datetime:
    return at if isinstance(at, datetime) else datetime.combine(at, time.max, UTC)


@app.exception_handler(Problem)
def problem(error: Problem) -> Response[str]:
    """Answer a problem."""
    return Response(error.status, "application/problem+json", json.dumps(error.body()))


@app.exception_handler(RequestValidationError)
def bad_request(error: RequestValidationError) -> Response[str]:
    """Say which parameter was wrong and how; never repeat what was sent."""
    wrong = "; ".join(f"{item['loc'][-1]}: {item['msg']}" for item in error.errors())
    return problem(Problem(400, "bad-request", "Bad request", wrong))


@app.not_found
def no_such_route(_error: NotFoundError) -> Response[str]:
    """A path that is none of ours answers like what one may not see."""
    return problem(NOT_FOUND)


@app.exception_handler(Exception)
def fault(error: Exception) -> Response[str]:
    """Say that it is our fault, and keep the details to ourselves."""
    logger.error("request failed", extra={"error": type(error).__qualname__})
    return problem(FAULT)
