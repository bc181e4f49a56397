"""Accounts, companies and support requests."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from hashlib import sha256


class Role(StrEnum):
    """The account kinds; a token's role is one of them."""

    INDIVIDUAL = "individual"
    EMPLOYEE = "employee"
    COMPANY_ADMIN = "company-admin"
    ADMINISTRATOR = "administrator"
    SUPPORT = "support"


MAX_LOGO_BYTES = 512 * 1024  # bytes, as uploaded


@dataclass(frozen=True)
class LogoReference:
    """Where the portal put a company's logo in the assets bucket, and what it says it is."""

    key: str
    media_type: str


@dataclass(frozen=True)
class Logo:
    """A logo that is safe to print: sanitised, `image/png` or `image/svg+xml`."""

    data: bytes = field(repr=False)
    media_type: str

    @cached_property
    def sha256(self) -> str:
        """Its name for good, in hexadecimal."""
        return sha256(self.data).hexdigest()


@dataclass(frozen=True)
class Company:
    """An employer whose people take trainings, as saved last."""

    company_id: str
    name: str
    logo: LogoReference | None = None
    saved_at: datetime | None = None


@dataclass(frozen=True)
class Account:
    """A person's account; removal is final."""

    account_id: str
    kind: Role
    name: str = field(repr=False)
    email: str = field(repr=False)
    company_id: str | None = None
    language: str = "en"
    removed: bool = False


@dataclass(frozen=True)
class SupportRequest:
    """What somebody asked support; nothing in it is known to be true."""

    request_id: str
    at: datetime
    name: str = field(repr=False)
    email: str = field(repr=False)
    training: str = field(repr=False)
    message: str | None = field(repr=False)
