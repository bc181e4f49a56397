"""The local issuer's sign-in: a page that believes everything, and the authorization code flow with PKCE (RFC 7636)."""

import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlencode

PAGE = Path(__file__).with_suffix(".html")
LOCAL = re.compile(r"https?://(127\.0\.0\.1|localhost)(:\d+)?/\S*")


class Refused(Exception):
    """The request is not one of the flow; the message is one of OAuth's error codes."""


@dataclass(frozen=True)
class Person:
    account: str
    role: str
    company: str


@dataclass(frozen=True)
class _Grant:
    person: Person
    challenge: str
    redirect_uri: str
    client_id: str


class SignIn:
    """The grants that wait for their token; a code works once."""

    def __init__(self) -> None:
        self._grants: dict[str, _Grant] = {}

    def page(self, asked: Mapping[str, str]) -> str:
        """The page for an authorization request. Raises `Refused`."""
        _check(asked)
        return PAGE.read_text(encoding="utf-8")

    def authorize(self, asked: Mapping[str, str], person: Person, issuer: str) -> str:
        """The address to return to, with a code. Raises `Refused`."""
        _check(asked)
        code = secrets.token_urlsafe(24)
        self._grants[code] = _Grant(person, asked["code_challenge"], asked["redirect_uri"], asked["client_id"])
        answer = {"code": code, "state": asked.get("state", ""), "iss": issuer}
        return f"{asked['redirect_uri']}?{urlencode(answer)}"

    def redeem(self, form: Mapping[str, str]) -> Person:
        """Whose code it is. Raises `Refused`."""
        grant = self._grants.pop(form.get("code", ""), None)
        digest = sha256(form.get("code_verifier", "").encode()).digest()
        proof = urlsafe_b64encode(digest).rstrip(b"=").decode()
        told = (proof, form.get("redirect_uri"), form.get("client_id"))
        if grant is None or told != (grant.challenge, grant.redirect_uri, grant.client_id):
            raise Refused("invalid_grant")
        return grant.person


def _check(asked: Mapping[str, str]) -> None:
    """The issuer signs for anyone, so it returns to this machine only."""
    flow = (asked.get("response_type"), asked.get("code_challenge_method"))
    if flow != ("code", "S256") or not asked.get("code_challenge") or not asked.get("client_id"):
        raise Refused("invalid_request")
    if not LOCAL.fullmatch(asked.get("redirect_uri", "")):
        raise Refused("invalid_redirect_uri")
