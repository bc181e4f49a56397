"""A certificate: its content, issuance, revocation and hold."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from earned.domain.requirements import Reason
from earned.domain.training import DEFAULT_DESIGN, LiveEvent, Training, TrainingKind

RETURNED = "returned"  # the reason of a revision that follows a revocation (L2)


@dataclass(frozen=True)
class CertificateContent:
    """All that is printed on the document, frozen at issue (I7)."""

    certificate_id: str
    holder: str = field(repr=False)
    title: str
    kind: TrainingKind
    completed_on: date
    hours: float | None
    company: str | None
    language: str
    verify_url: str
    logo: str | None = None  # the SHA-256 of the sanitised logo, for redrawing the document (A6)
    paper: str = "a4"  # or `letter`
    first_day: date | None = None  # of a live event of several days; `completed_on` is its last
    design: str = DEFAULT_DESIGN


def printed_days(training: Training, completed_at: datetime) -> tuple[date, date]:
    """The first and the last day to print, in the training's time zone.

    A live event prints its own days, the last being that of the last instant before its end; a course prints the day of
    its last requirement.
    """
    zone = ZoneInfo(training.timezone)
    if not isinstance(training, LiveEvent):
        day = completed_at.astimezone(zone).date()
        return day, day
    first = training.starts_at.astimezone(zone).date()
    last_instant = training.ends_at - timedelta(microseconds=1)
    return first, max(first, last_instant.astimezone(zone).date())


@dataclass(frozen=True)
class QuizResult:
    """The score with which the only required quiz of a course was passed, and the quiz's scale."""

    score: float
    passing_score: float
    max_score: float | None = None


@dataclass(frozen=True)
class CredentialProof:
    """What a credential says beside the issuance, and its signature: the same credential can be built again (N6).

    `key` is the id of the issuer's key, 8 hexadecimal digits, and `signature` its 64 bytes. `result` is frozen because
    only the facts tell it.
    """

    key: str
    signature: bytes = field(repr=False)
    result: QuizResult | None = None


@dataclass(frozen=True)
class Issuance:
    """One revision of a certificate, and the evidence that it was issued for.

    `reissued_at` and `reason` are set on revisions that supersede another (a corrected name, a return after a
    revocation). `served` are the requests that led to earlier revisions: SQS may deliver them again much later.
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
    document_version: str | None = None  # the stored object's, which a download link names
    credential: CredentialProof | None = None  # None before credentials were signed, and of an erased holder

    @property
    def certificate_id(self) -> str:
        return self.printed.certificate_id

    @property
    def handled_requests(self) -> tuple[str, ...]:
        """The requests that led to this or an earlier revision; a repeated delivery of one causes no new revision."""
        return (*self.served, self.request)


@dataclass(frozen=True)
class Revocation:
    """When and why a certificate was revoked (L2)."""

    at: datetime
    reason: str
    request: str


class CertificateStatus(StrEnum):
    ISSUED = "issued"
    REVOKED = "revoked"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Hold:
    """Why an earned certificate cannot be printed, and since when; `detail` quotes none of its texts.

    `request` is the request that found it; it announces the hold, also after an interruption.
    """

    reason: Reason
    detail: str
    since: datetime
    request: str = ""
