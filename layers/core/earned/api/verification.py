"""Public verification of a certificate by its number: an HTML page or JSON."""

import json
import re
from dataclasses import dataclass
from typing import Annotated, NotRequired

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from typing_extensions import TypedDict

from earned.api import negotiation, verification_page
from earned.api.brand import brand
from earned.api.parameters import Positive
from earned.api.responses import Day, one_of
from earned.api.routes import Routes
from earned.api.verification_page import Result
from earned.aws.dynamodb import contexts
from earned.domain.certificate import CertificateStatus
from earned.domain.timestamps import rfc_3339
from earned.domain.training import DEFAULT_DESIGN
from earned.messages.schema_types import Instant

routes = Routes()
NO_NUMBER = "-"
_SEPARATORS = re.compile(r"[\s\u00ad\u2010-\u2015\u2212-]")
_PRINTED_REVISION = re.compile(r"revision=([1-9]\d{0,8})\s*$")
_LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,8}")


class Verification(TypedDict):
    """The status of a certificate.

    `valid` has all members but `revoked_at`, with `company` and `hours` where the certificate has them; `revoked` has
    `revoked_at`, and `superseded` has the current `revision`. `document_sha256` is the SHA-256 of the issued PDF.
    """

    status: Annotated[str, one_of("valid", "revoked", "superseded", "withdrawn", "unknown")]
    holder: NotRequired[str]
    training: NotRequired[str]
    issuer: NotRequired[str]
    company: NotRequired[str]
    hours: NotRequired[float]
    issued_at: NotRequired[Instant]
    completed_on: NotRequired[Day]
    revoked_at: NotRequired[Instant]
    revision: NotRequired[int]
    document_sha256: NotRequired[str]


_HTML = {"text/html": {"schema": {"type": "string"}}}
_CONTENT = {"application/json": {"model": Verification}} | _HTML
_RESPONSES = {
    200: {"description": "The certificate's status", "content": _CONTENT},
    404: {
        "description": "Status `unknown`: no certificate with this number, or no such revision, was issued",
        "content": _CONTENT,
    },
}
_PAGE_RESPONSES = {
    200: {"description": "A page with a field for a number, or with the certificate's status", "content": _HTML},
    404: {"description": "A page: no certificate with this number was issued", "content": _HTML},
}


@dataclass(frozen=True)
class Found:
    """A verification, and the language and the design of the certificate."""

    answer: Verification
    language: str = "en"
    design: str = DEFAULT_DESIGN


def certificate_number(text: str) -> str:
    number = _SEPARATORS.sub("", text).lower()
    return number if re.fullmatch("[a-z2-7]{26}", number) else NO_NUMBER


@routes.endpoint("GET", "/verify/<certificate_id>", responses=_RESPONSES, written=certificate_number)
def verify_certificate(
    certificate_id: str,
    revision: Annotated[Positive | None, Query(description="The revision of the copy to verify.")] = None,
) -> Response[str]:
    """Whether a certificate is genuine and current: an HTML page where `Accept` prefers HTML, else JSON.

    The number is read as it is printed: spaces, hyphens and capitals do not matter. The page is in the language that
    `Accept-Language` prefers.
    """
    found = verification(certificate_id, revision)
    if negotiation.prefers_html(routes.current_event.headers.get("accept", "")):
        return _result_page(found, certificate_id, start="../verify")
    return Response(_status(found), "application/json", json.dumps(found.answer), headers=_headers())


@routes.endpoint("GET", "/verify", responses=_PAGE_RESPONSES)
def verify_number(
    number: Annotated[str | None, Query(max_length=200, description="The number, as it is printed.")] = None,
) -> Response[str]:
    """A page to type a certificate's number into; with `number`, the page of that certificate."""
    if not number:
        return _html(200, verification_page.number_page(routes.language))
    text, _, query = number.rpartition("/verify/")[2].partition("?")  # the number, or the printed address
    printed = _PRINTED_REVISION.match(query)
    certificate_id = certificate_number(text)
    found = verification(certificate_id, int(printed[1]) if printed else None)
    return _result_page(found, certificate_id, start="?")


def verification(certificate_id: str, revision: int | None) -> Found:
    """Personal data only for a valid certificate."""
    context = contexts.get_certificate_context(certificate_id)
    issue = context.record.issue if context is not None else None
    if context is None or issue is None or (revision is not None and revision > issue.revision):
        return Found({"status": "unknown"})
    if not context.is_active:
        return Found({"status": "withdrawn"})
    revocation = context.record.revocation
    if revocation is not None:
        return Found({"status": "revoked", "revoked_at": rfc_3339(revocation.at)})
    if context.record.certificate_status is not CertificateStatus.ISSUED:
        return Found({"status": "unknown"})
    if revision is not None and revision < issue.revision:
        return Found({"status": "superseded", "revision": issue.revision})
    printed = issue.printed
    answer: Verification = {
        "status": "valid",
        "holder": printed.holder,
        "training": printed.title,
        "issuer": brand(printed.design).issuer(printed.language),
        "issued_at": rfc_3339(issue.issued_at),
        "completed_on": printed.completed_on.isoformat(),
        "revision": issue.revision,
        "document_sha256": issue.document_sha256,
    }
    if printed.company:
        answer["company"] = printed.company
    if printed.hours:
        answer["hours"] = printed.hours
    return Found(answer, printed.language if _LANGUAGE_TAG.fullmatch(printed.language) else "en", printed.design)


def _result_page(found: Found, certificate_id: str, start: str) -> Response[str]:
    number = None if certificate_id == NO_NUMBER else certificate_id
    result = Result(found.answer, number, found.language, found.design, routes.now)
    return _html(_status(found), verification_page.result_page(result, routes.language, start), found.design)


def _html(status: int, page: str, design: str = DEFAULT_DESIGN) -> Response[str]:
    headers = _headers(design) | {"Content-Language": routes.language}
    return Response(status, "text/html; charset=utf-8", page, headers=headers)


def _status(found: Found) -> int:
    return 404 if found.answer["status"] == "unknown" else 200


def _headers(design: str = DEFAULT_DESIGN) -> dict[str, str]:
    return {
        "Access-Control-Allow-Origin": "*",
        "Cache-Control": "no-store",
        "Content-Security-Policy": verification_page.content_security_policy(design),
        "Referrer-Policy": "no-referrer",
        "Vary": "Accept, Accept-Language",
    }
