"""Events out (CONTRACT.md): what became of certificates, told on EventBridge; no names and no addresses."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, NotRequired, get_args

from pydantic import Field
from typing_extensions import TypedDict

from earned.domain.certificate import Issuance, Revocation
from earned.domain.enrollment import CompletionRecord
from earned.messages.schema_types import Id, Instant

SOURCE = "earned"


MAX_BATCH = 10


AnnouncedType = Literal[
    "earned.certificate.issued.v1",
    "earned.certificate.reissued.v1",
    "earned.certificate.revoked.v1",
    "earned.certificate.withdrawn.v1",
]


TYPES: tuple[AnnouncedType, ...] = get_args(AnnouncedType)


class CertificateChange(TypedDict):
    """What became of a certificate, when and why."""

    certificate_id: Id
    revision: Annotated[int, Field(ge=1)]
    enrollment_id: Id
    account_id: Id
    training_id: Id
    company_id: NotRequired[Id]
    at: Instant
    reason: NotRequired[str]


class AnnouncedEvent(TypedDict):
    """The envelope of CloudEvents 1.0, structured JSON; whoever gets the same `id` again knows it already."""

    specversion: Literal["1.0"]
    id: Id
    source: Literal["earned"]
    type: AnnouncedType
    time: Instant
    datacontenttype: Literal["application/json"]
    data: CertificateChange


@dataclass(frozen=True)
class Announcement:
    """A CloudEvent to send; its id is the same whenever the same thing is announced again."""

    event: AnnouncedEvent
    at: datetime


def issued(completion: CompletionRecord, issue: Issuance) -> Announcement:
    """A certificate was issued, or its next revision superseded it."""
    if issue.reissued_at is not None:
        return _announce("earned.certificate.reissued.v1", completion, issue.revision, issue.reissued_at, issue.reason)
    return _announce("earned.certificate.issued.v1", completion, issue.revision, issue.issued_at)


def revoked(completion: CompletionRecord, revision: int, revocation: Revocation) -> Announcement:
    """A certificate was revoked."""
    return _announce("earned.certificate.revoked.v1", completion, revision, revocation.at, revocation.reason)


def withdrawn(completion: CompletionRecord, revision: int, at: datetime) -> Announcement:
    """A certificate went away with its enrollment or account."""
    return _announce("earned.certificate.withdrawn.v1", completion, revision, at)


def _announce(
    kind: AnnouncedType, completion: CompletionRecord, revision: int, at: datetime, reason: str | None = None
) -> Announcement:
    certificate_id = completion.certificate_id or ""
    data: CertificateChange = {
        "certificate_id": certificate_id,
        "revision": revision,
        "enrollment_id": completion.enrollment_id,
        "account_id": completion.account_id,
        "training_id": completion.training_id or "",
        "at": at.isoformat(),
    }
    if completion.company_id is not None:
        data["company_id"] = completion.company_id
    if reason is not None:
        data["reason"] = reason
    event: AnnouncedEvent = {
        "specversion": "1.0",
        "id": f"{certificate_id}.{revision}.{kind.split('.')[2]}",
        "source": "earned",
        "type": kind,
        "time": at.isoformat(),
        "datacontenttype": "application/json",
        "data": data,
    }
    return Announcement(event, at)
