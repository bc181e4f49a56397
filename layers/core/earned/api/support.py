"""Support requests, diagnoses and reissues."""

import secrets
from datetime import timedelta
from typing import Annotated

from annotated_types import Ge, Le
from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from earned.api.paging import Cursor, Cursors, Limit, account_list, accounts_list, page
from earned.api.parameters import InDigits
from earned.api.problems import CertificateNotActive, MissingSubject, NotFound
from earned.api.responses import (
    Accepted,
    DiagnosisPage,
    DiagnosisView,
    SupportRequestPage,
    diagnosis_view,
    support_request_view,
)
from earned.api.routes import Routes
from earned.api.wording import wording
from earned.aws import metrics
from earned.aws.dynamodb import contexts, people, support
from earned.domain.access import Operation
from earned.domain.certificate import CertificateStatus
from earned.domain.diagnosis import diagnose
from earned.domain.enrollment import EnrollmentContext
from earned.domain.people import SupportRequest
from earned.messages.requests import Purpose, generation_message

routes = Routes()
DiagnosisLimit = Annotated[
    int, Ge(1), Le(20), InDigits, Query(description="The largest number of diagnoses on the page.")
]
RequestPosition = Annotated[str, Field(pattern=r"^[0-9T:.+-]{1,40}#[0-9a-f]{1,32}$")]
CURSORS = Cursors("support requests", TypeAdapter(tuple[str, RequestPosition]))


class SupportRequestBody(BaseModel):
    """A request to support. `training` is the training's title or id, as the person knows it."""

    model_config = ConfigDict(strict=True)

    name: Annotated[str, Field(min_length=1, max_length=200)]
    email: Annotated[str, Field(min_length=3, max_length=320)]
    training: Annotated[str, Field(min_length=1, max_length=500)]
    message: Annotated[str, Field(max_length=4000)] | None = None


class ReissueBody(BaseModel):
    """Why the certificate is reissued; the service stores the reason with the revision."""

    reason: Annotated[str, Field(max_length=500)] | None = None


@routes.endpoint("POST", "/v1/support-requests", status_code=202)
def create_support_request(body: Annotated[SupportRequestBody, Body()]) -> Accepted:
    """Send a request to support. The answer is the same whether the person and the training are known or not.

    The service keeps a limited number of requests an hour from one source address and from one email address; the
    others get the same answer, and support is told how many they were.
    """
    request = SupportRequest(secrets.token_hex(8), routes.now, body.name, body.email, body.training, body.message)
    kept = support.keep_support_request(request, routes.current_event.request_context.http.source_ip)
    metrics.count("SupportRequests", kept=str(kept).lower())
    return {"status": "received"}


@routes.endpoint("GET", "/v1/support-requests", Operation.SUPPORT)
def list_support_requests(cursor: Cursor = None, limit: Limit = 50) -> SupportRequestPage:
    """The support requests of the last 90 days, newest first."""
    requests = support.support_requests(CURSORS.decode(cursor), limit)
    answer: SupportRequestPage = {
        "items": [support_request_view(request) for request in requests],
        "dropped_last_hour": support.dropped_since(routes.now - timedelta(hours=1)),
    }
    if len(requests) == limit:
        answer["next_cursor"] = CURSORS.encode(support.cursor_position(requests[-1]))
    return answer


@routes.endpoint("GET", "/v1/diagnoses", Operation.SUPPORT, problems=(MissingSubject,))
def list_diagnoses(
    email: Annotated[str | None, Query(min_length=1, max_length=320, description="An account's address.")] = None,
    account_id: Annotated[str | None, Query(min_length=1, max_length=64, description="An account's id.")] = None,
    training_id: Annotated[str | None, Query(max_length=64, description="Only enrollments in this training.")] = None,
    cursor: Cursor = None,
    limit: DiagnosisLimit = 20,
) -> DiagnosisPage:
    """A diagnosis of each enrollment of a person, removed ones included: what happened, and what blocks a certificate.

    Name the person by `account_id` or by `email`; `account_id` takes precedence. With `training_id`, a page may have
    fewer than `limit` items, or none, before the last page.
    """
    if account_id is not None:
        listed = account_list("diagnoses", account_id)
    elif email is not None:
        name = f"diagnoses of {people.email_code(email)}"  # a cursor travels in addresses, so it names no person
        listed = accounts_list(name, people.accounts_with_email(email))
    else:
        raise MissingSubject

    def view(context: EnrollmentContext) -> DiagnosisView | None:
        return _diagnose(context) if training_id in (None, context.record.training_id) else None

    items, next_cursor = page(listed, cursor, limit, view)
    answer: DiagnosisPage = {"items": items}
    if next_cursor is not None:
        answer["next_cursor"] = next_cursor
    return answer


@routes.endpoint(
    "POST",
    "/v1/certificates/<certificate_id>/reissue",
    Operation.SUPPORT,
    problems=(CertificateNotActive,),
    status_code=202,
)
def reissue_certificate(certificate_id: str, body: Annotated[ReissueBody | None, Body()] = None) -> Accepted:
    """Request the next revision of an active certificate, with the account's current name.

    The service evaluates the enrollment again before it makes the revision. There is no new revision while the account
    has the name that is printed; a request that is repeated while one waits makes none either.
    """
    context = contexts.get_certificate_context(certificate_id)
    if context is None or context.record.issue is None:
        raise NotFound
    if not context.is_active or context.record.certificate_status is not CertificateStatus.ISSUED:
        raise CertificateNotActive
    account = context.account
    if account is not None and account.name == context.record.issue.printed.holder:
        return {"status": "unchanged"}
    reason = body.reason if body else None
    routes.dependencies.generation.send([generation_message(context.record, purpose=Purpose.REISSUE, reason=reason)])
    return {"status": "queued"}


def _diagnose(context: EnrollmentContext) -> DiagnosisView:
    record, issue = context.record, context.record.issue
    diagnosis = diagnose(record, context.training, context.account, routes.now, routes.dependencies.tolerance)
    document = (
        routes.dependencies.documents.verify_document(
            record.certificate_id, issue.revision, issue.document_version, issue.document_sha256
        )
        if issue is not None
        else None
    )
    return diagnosis_view(diagnosis, document, wording(routes.language))
