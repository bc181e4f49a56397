"""Problem details (RFC 9457): the answer to a request that fails."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar


class Problem(Exception):
    """An answer in `application/problem+json`; `code` is stable, `detail` names the remedy."""

    status: ClassVar[int]
    code: ClassVar[str]
    title: ClassVar[str]
    detail: str
    headers: Mapping[str, str] = MappingProxyType({})

    def __init__(self, detail: str | None = None) -> None:
        if detail is not None:
            self.detail = detail
        super().__init__(self.detail)

    @property
    def body(self) -> dict[str, str | int]:
        return {
            "type": f"urn:earned:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }


class BadRequest(Problem):
    """Validation failed: `detail` names each parameter or member that is wrong, and never repeats its value."""

    status, code, title = 400, "bad-request", "Bad request"
    detail = "A parameter or a member of the body is invalid; the detail names it and the rule that it breaks."


class MissingSubject(BadRequest):
    """A diagnosis was asked for without naming a person."""

    detail = "A diagnosis needs `email` or `account_id`. Send one of them."


class InvalidCursor(Problem):
    """The cursor is not in the API's format, or another list issued it."""

    status, code, title = 400, "garbled-cursor", "Garbled cursor"
    detail = "This list did not issue the cursor. Start again without a cursor."


class NotAnAccessToken(Problem):
    """The gateway accepted the token, and it is an ID token or has no subject."""

    status, code, title = 401, "not-an-access-token", "Not an access token"
    detail = (
        "The token is not an access token with a subject (`sub`): its `token_use` is not `access`, or it has no "
        "`client_id`. Send the access token, not the ID token."
    )


class UnknownRole(Problem):
    """The token's role claim is missing, or names no role of this service."""

    status, code, title = 403, "unknown-role", "Unknown role"
    detail = (
        "The token's role is not one of `individual`, `employee`, `company-admin`, `administrator` and `support`. "
        "Request a token with one of these roles."
    )


class NotFound(Problem):
    """The resource does not exist, or the viewer may not know that it does: both get the same answer."""

    status, code, title = 404, "not-found", "Not found"
    detail = (
        "The resource does not exist, or this token does not give access to it. Check the path and the token's role."
    )


class NoCredential(NotFound):
    """No certificate with this number and revision was issued; every origin may read the answer."""

    detail = "No certificate with this number and revision was issued. Check both."
    headers = MappingProxyType({"Access-Control-Allow-Origin": "*"})


class Hidden(NotFound):
    """The resource exists, and the viewer may not know that it does; the answer is that of `NotFound`."""


class MethodNotAllowed(Problem):
    """The path exists, and has no such method; the header `Allow` has those that it has."""

    status, code, title = 405, "method-not-allowed", "Method not allowed"
    detail = "The path does not have this method. Use one that the header `Allow` names."

    def __init__(self, allowed: Sequence[str] = ()) -> None:
        super().__init__()
        self.headers = {"Allow": ", ".join(allowed)}


class TooMany(Problem):
    """The company has more enrollments than a summary counts."""

    status, code, title = 409, "too-many", "Too many enrollments"
    detail = (
        "The company has more than 5,000 enrollments, removed ones included. Its company admin can export them with "
        "`POST /v1/companies/{company_id}/exports`: `records.csv` and `records.xlsx` list every enrollment."
    )


class CertificateNotActive(Problem):
    """Only an active certificate can be reissued."""

    status, code, title = 409, "certificate-does-not-stand", "The certificate is not active"
    detail = "The certificate was revoked or withdrawn. Only an active certificate can be reissued."


class NotJson(Problem):
    """The body's media type is not JSON."""

    status, code, title = 415, "not-json", "Not JSON"
    detail = "The media type of the body is not JSON. Send `Content-Type: application/json`."


class TooManyExports(Problem):
    """As many exports have begun within the hour as one hour allows; `Retry-After` has the seconds left."""

    status, code, title = 429, "too-many-exports", "Too many exports"
    detail = (
        "10 exports of the company, or 10 reports, have begun in this hour. Use one of them, or ask again after the "
        "number of seconds in `Retry-After`."
    )

    def __init__(self, retry_after_seconds: int = 0) -> None:
        super().__init__()
        self.headers = {"Retry-After": str(retry_after_seconds)}


class InternalError(Problem):
    """An unexpected failure; its cause is in the log only."""

    status, code, title = 500, "fault", "Internal error"
    detail = "The service failed to answer. Send the same request again later."
