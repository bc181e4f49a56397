"""Support: requests come in from anybody, diagnoses and reissues are for support (N4, A6)."""

import secrets
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from aws_lambda_powertools.metrics import MetricUnit, single_metric
from pydantic import BaseModel, ConfigDict, Field

from earned.api.paging import Cursor, Limit, from_cursor, to_cursor
from earned.api.problems import CERTIFICATE_NOT_ACTIVE, MISSING_SUBJECT, NOT_FOUND
from earned.api.responses import (
    Accepted,
    DiagnosisPage,
    DiagnosisView,
    SupportRequestPage,
    diagnosis_view,
    support_request_view,
)
from earned.api.routes import Routes
from earned.aws.dynamodb import contexts, enrollment_lists, enrollments, people, support
from earned.aws.metrics import NAMESPACE
from earned.domain.access import Operation
from earned.domain.certificate import CertificateStatus
from earned.domain.diagnosis import diagnose
from earned.domain.enrollment import EnrollmentContext
from earned.domain.people import SupportRequest
from earned.messages.requests import Purpose, generation_message

routes = Routes()


MAX_ENROLLMENTS = 100


class SupportRequestBody(BaseModel):
    """A support request as it comes in."""

    model_config = ConfigDict(strict=True)

    name: Annotated[str, Field(min_length=1, max_length=200)]
    email: Annotated[str, Field(min_length=3, max_length=320)]
    training: Annotated[str, Field(min_length=1, max_length=500)]
    message: Annotated[str, Field(max_length=4000)] | None = None


class ReissueBody(BaseModel):
    """Why a certificate is reissued."""

    reason: Annotated[str, Field(max_length=500)] | None = None


@routes.endpoint("POST", "/v1/support-requests", status_code=202)
def create_support_request(asked: Annotated[SupportRequestBody, Body()]) -> Accepted:
    """Take a support request; the answer is the same for anybody."""
    request = SupportRequest(secrets.token_hex(8), routes.now, asked.name, asked.email, asked.training, asked.message)
    kept = support.keep_support_request(request, routes.current_event.request_context.http.source_ip)
    with single_metric("SupportRequests", MetricUnit.Count, 1, namespace=NAMESPACE) as metric:
        metric.add_dimension("kept", str(kept).lower())
    return {"status": "received"}


@routes.endpoint("GET", "/v1/support-requests", Operation.SUPPORT)
def list_support_requests(cursor: Cursor = None, limit: Limit = 50) -> SupportRequestPage:
    """What was asked, newest first."""
    after = from_cursor(cursor)
    requests = support.support_requests(after[1] if after else None, limit)
    page: SupportRequestPage = {"items": [support_request_view(request) for request in requests]}
    if len(requests) == limit:
        page["next_cursor"] = to_cursor(("request", support.cursor_position(requests[-1])))
    return page


@routes.endpoint("GET", "/v1/diagnoses", Operation.SUPPORT, problems=(MISSING_SUBJECT,))
def diagnoses(
    email: Annotated[str | None, Query(min_length=1, max_length=320)] = None,
    account_id: Annotated[str | None, Query(min_length=1, max_length=64)] = None,
    training_id: Annotated[str | None, Query(max_length=64)] = None,
) -> DiagnosisPage:
    """Everything about a person's certificates, removed enrollments included, and the first thing that blocks each."""
    if account_id is not None:
        accounts = [account_id]
    elif email is not None:
        accounts = people.accounts_with_email(email)
    else:
        raise MISSING_SUBJECT
    keys = [key for account in accounts for key in enrollment_lists.list_account_keys(account, None, MAX_ENROLLMENTS)]
    cases = contexts.get_contexts(enrollments.get_records(keys))
    return {"items": [_diagnose(case) for case in cases if training_id in (None, case.record.training_id)]}


@routes.endpoint(
    "POST",
    "/v1/certificates/<certificate_id>/reissue",
    Operation.SUPPORT,
    problems=(CERTIFICATE_NOT_ACTIVE,),
    status_code=202,
)
def reissue(certificate_id: str, correction: Annotated[ReissueBody | None, Body()] = None) -> Accepted:
    """Ask for the next revision, with the account's present name; the rules are looked at again before it is made."""
    case = contexts.get_certificate_context(certificate_id)
    if case is None or case.record.issue is None:
        raise NOT_FOUND
    if not case.is_active or case.record.certificate_status is not CertificateStatus.ISSUED:
        raise CERTIFICATE_NOT_ACTIVE
    reason = correction.reason if correction else None
    routes.resources.generation.send([generation_message(case.record, purpose=Purpose.REISSUE, reason=reason)])
    return {"status": "queued"}


def _diagnose(case: EnrollmentContext) -> DiagnosisView:
    completion, issue = case.record, case.record.issue
    diagnosis = diagnose(completion, case.training, case.account, routes.now, routes.resources.tolerance)
    document = (
        routes.resources.documents.verify_document(completion.certificate_id, issue.revision, issue.document_sha256)
        if issue is not None
        else None
    )
    return diagnosis_view(diagnosis, document)
