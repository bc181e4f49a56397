"""Problem details (RFC 9457): what the API answers when it does not answer."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem(Exception):
    """An answer that says what was wrong and what to do; `code` is stable."""

    status: int
    code: str
    title: str
    detail: str

    def body(self) -> dict[str, str | int]:
        """The members of application/problem+json."""
        return {
            "type": f"urn:earned:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }


BAD_REQUEST = Problem(400, "bad-request", "Bad request", "Something that was sent is not as it should be.")


NOT_JSON = Problem(
    415, "not-json", "Not JSON", "The body is not JSON by its media type. Send `Content-Type: application/json`."
)


NOT_FOUND = Problem(
    404, "not-found", "Not found", "There is nothing here that this token may see. Check the path and the token's role."
)


NOT_AN_ACCESS_TOKEN = Problem(
    401,
    "not-an-access-token",
    "Not an access token",
    "The token is no access token with a subject (`sub`): `token_use` is not `access`, or there is no `client_id`. "
    "Send the access token, not the ID token.",
)


UNKNOWN_ROLE = Problem(
    403,
    "unknown-role",
    "Unknown role",
    "The token's role is none that this service knows. Ask for a token with a role of the contract.",
)


INVALID_CURSOR = Problem(
    400,
    "garbled-cursor",
    "Garbled cursor",
    "The cursor is none that this list handed out. Start again without one.",
)


MISSING_SUBJECT = Problem(
    400,
    "bad-request",
    "Bad request",
    "A diagnosis is asked for by `email` or by `account_id`: give one of them.",
)


CERTIFICATE_NOT_ACTIVE = Problem(
    409,
    "certificate-does-not-stand",
    "The certificate does not stand",
    "It was revoked or withdrawn, and only a certificate that stands can be reissued.",
)


INTERNAL_ERROR = Problem(
    500, "fault", "Fault", "Something failed on our side. The same request may succeed a little later."
)
