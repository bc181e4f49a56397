"""Public verification of a certificate by its number: an HTML page or JSON."""

import json
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from html import escape
from pathlib import Path
from string import Template
from typing import Annotated, NotRequired

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from typing_extensions import TypedDict

from earned.api.responses import Day, one_of, rfc_3339
from earned.api.routes import Routes
from earned.aws.dynamodb import contexts
from earned.domain.certificate import CertificateStatus
from earned.messages.schema_types import Instant

routes = Routes()
_HERE = Path(__file__).parent
_PAGE = Template((_HERE / "verification.html").read_text(encoding="utf-8"))
_STYLE = (_HERE / "verification.css").read_text(encoding="utf-8")
_STYLE_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Vary": "Accept",
}

_WORDS = {
    "valid": ("This certificate is valid", "It was issued to the person named here."),
    "revoked": ("This certificate was revoked", "It has not been valid since the date given here."),
    "superseded": (
        "There is a newer version",
        "This certificate is valid, but the copy that you were shown is out of date.",
    ),
    "withdrawn": ("This certificate was withdrawn", "It was issued, and it is no longer valid."),
    "unknown": (
        "No such certificate",
        "We have never issued a certificate with this number. Check it for typing errors.",
    ),
}


class Verification(TypedDict):
    """The status of a certificate.

    `valid` has all members but `revoked_at`, `revoked` has `revoked_at`, and `superseded` has the current `revision`.
    """

    status: Annotated[str, one_of(*_WORDS)]
    holder: NotRequired[str]
    training: NotRequired[str]
    issued_at: NotRequired[Instant]
    completed_on: NotRequired[Day]
    revoked_at: NotRequired[Instant]
    revision: NotRequired[int]


_CONTENT = {"application/json": {"model": Verification}, "text/html": {"schema": {"type": "string"}}}

_RESPONSES = {
    200: {"description": "The certificate's status", "content": _CONTENT},
    404: {
        "description": "Status `unknown`: no certificate with this number, or no such revision, was issued",
        "content": _CONTENT,
    },
}


@routes.endpoint("GET", "/verify/<certificate_id>", responses=_RESPONSES)
def verify_certificate(
    certificate_id: str,
    revision: Annotated[int | None, Query(ge=1, description="The revision of the copy to verify.")] = None,
) -> Response[str]:
    """Whether a certificate is genuine and current: JSON where `Accept` names JSON and not HTML, else an HTML page."""
    found = verification(certificate_id, revision)
    status = 404 if found["status"] == "unknown" else 200
    if _wants_json(routes.current_event.headers):
        return Response(status, "application/json", json.dumps(found), headers=_HEADERS)
    return Response(status, "text/html; charset=utf-8", page(found), headers=_HEADERS)


def verification(certificate_id: str, revision: int | None) -> Verification:
    """Personal data only for a valid certificate."""
    context = contexts.get_certificate_context(certificate_id)
    issue = context.record.issue if context is not None else None
    if context is None or issue is None or (revision is not None and revision > issue.revision):
        return {"status": "unknown"}
    if not context.is_active:
        return {"status": "withdrawn"}
    revocation = context.record.revocation
    if revocation is not None:
        return {"status": "revoked", "revoked_at": rfc_3339(revocation.at)}
    if context.record.certificate_status is not CertificateStatus.ISSUED:
        return {"status": "unknown"}
    if revision is not None and revision < issue.revision:
        return {"status": "superseded", "revision": issue.revision}
    return {
        "status": "valid",
        "holder": issue.printed.holder,
        "training": issue.printed.title,
        "issued_at": rfc_3339(issue.issued_at),
        "completed_on": issue.printed.completed_on.isoformat(),
        "revision": issue.revision,
    }


_LABELS = {
    "holder": "Holder",
    "training": "Training",
    "completed_on": "Completed on",
    "issued_at": "Issued",
    "revoked_at": "Revoked",
    "revision": "Current version",
}


def page(found: Verification) -> str:
    title, text = _WORDS[found["status"]]
    members: Mapping[str, object] = found
    rows = "".join(
        f"<dt>{label}</dt><dd>{escape(str(members[name]))}</dd>" for name, label in _LABELS.items() if name in members
    )
    return _PAGE.substitute(status=found["status"], title=title, text=text, rows=rows, style=_STYLE)


def _wants_json(headers: Mapping[str, str]) -> bool:
    accepted = headers.get("accept", "").lower()
    return "application/json" in accepted and "text/html" not in accepted
