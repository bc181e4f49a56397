"""Accounts, companies and support requests."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from hashlib import sha256


class Role(StrEnum):
    """The kinds of accounts; the role in an access token is one of them."""

    INDIVIDUAL = "individual"
    EMPLOYEE = "employee"
    COMPANY_ADMIN = "company-admin"
    ADMINISTRATOR = "administrator"
    SUPPORT = "support"


MAX_LOGO_BYTES = 512 * 1024  # as uploaded


@dataclass(frozen=True)
class LogoReference:
    """A logo as the portal uploaded it: its key in the assets bucket and the media type the portal states."""

    key: str
    media_type: str


@dataclass(frozen=True)
class Logo:
    """A sanitised logo, safe to print; `image/png` or `image/svg+xml`."""

    data: bytes = field(repr=False)
    media_type: str

    @cached_property
    def sha256(self) -> str:
        return sha256(self.data).hexdigest()


@dataclass(frozen=True)
class Company:
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
    removed_at: datetime | None = None

    @property
    def removed(self) -> bool:
        return self.removed_at is not None


@dataclass(frozen=True)
class SupportRequest:
    """A request from the public form; none of it is verified."""

    request_id: str
    at: datetime
    name: str = field(repr=False)
    email: str = field(repr=False)
    training: str = field(repr=False)
    message: str | None = field(repr=False)
