"""What a certificate is: its content, its issuance, revocation or hold."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from earned.domain.requirements import Reason
from earned.domain.training import TrainingKind


@dataclass(frozen=True)
class CertificateContent:
    """What the document says, frozen at issue (I7)."""

    certificate_id: str
    holder: str = field(repr=False)
    title: str
    kind: TrainingKind
    completed_on: date
    hours: float | None
    company: str | None
    language: str
    verify_url: str
    logo: str | None = None  # the SHA-256 of the sanitised logo, so that the document can be made again (A6)
    paper: str = "a4"  # or `letter`


@dataclass(frozen=True)
class Issuance:
    """How a certificate was issued: by the rules, for exactly these facts.

    A later revision (a corrected name, a return after a revocation) says when and why it supersedes the one before.
    `served` are the requests that led to earlier revisions: SQS may deliver them again much later.
    """

    revision: int
    issued_at: datetime
    completed_at: datetime
    training_version: int
    evidence_digest: str
    document_sha256: str
    printed: CertificateContent
    request: str
    reissued_at: datetime | None = None
    reason: str | None = None
    served: tuple[str, ...] = ()

    @property
    def certificate_id(self) -> str:
        return self.printed.certificate_id

    @property
    def handled_requests(self) -> tuple[str, ...]:
        """The requests that led to this revision and to those before it: none of them is due another one."""
        return (*self.served, self.request)


@dataclass(frozen=True)
class Revocation:
    """When and why a certificate was revoked (L2)."""

    at: datetime
    reason: str
    request: str


class CertificateStatus(StrEnum):
    """What became of a certificate."""

    ISSUED = "issued"
    REVOKED = "revoked"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Hold:
    """Why an earned certificate cannot be printed, and since when; quotes no text of it."""

    reason: Reason
    detail: str
    since: datetime
