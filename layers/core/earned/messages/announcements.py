"""Announcements to the portal: CloudEvents about certificates, without names or addresses (docs/contract.md)."""

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
    """A certificate was issued, reissued, revoked or withdrawn."""

    certificate_id: Id
    revision: Annotated[int, Field(ge=1)]
    enrollment_id: Id
    account_id: Id
    training_id: Id
    company_id: NotRequired[Id]
    at: Instant
    reason: NotRequired[str]


class AnnouncedEvent(TypedDict):
    """A CloudEvents 1.0 envelope, structured JSON; an event that is delivered again has the same `id`."""

    specversion: Literal["1.0"]
    id: Id
    source: Literal["earned"]
    type: AnnouncedType
    time: Instant
    datacontenttype: Literal["application/json"]
    data: CertificateChange


@dataclass(frozen=True)
class Announcement:
    """A CloudEvent to send; a repeated announcement has the same id."""

    event: AnnouncedEvent
    at: datetime


def issued(record: CompletionRecord, issue: Issuance) -> Announcement:
    if issue.reissued_at is not None:
        return _announce("earned.certificate.reissued.v1", record, issue.revision, issue.reissued_at, issue.reason)
    return _announce("earned.certificate.issued.v1", record, issue.revision, issue.issued_at)


def revoked(record: CompletionRecord, revision: int, revocation: Revocation) -> Announcement:
    return _announce("earned.certificate.revoked.v1", record, revision, revocation.at, revocation.reason)


def withdrawn(record: CompletionRecord, revision: int, at: datetime) -> Announcement:
    return _announce("earned.certificate.withdrawn.v1", record, revision, at)


def _announce(
    kind: AnnouncedType, record: CompletionRecord, revision: int, at: datetime, reason: str | None = None
) -> Announcement:
    data: CertificateChange = {
        "certificate_id": record.certificate_id,
        "revision": revision,
        "enrollment_id": record.enrollment_id,
        "account_id": record.account_id,
        "training_id": record.training_id,
        "at": at.isoformat(),
    }
    if record.company_id is not None:
        data["company_id"] = record.company_id
    if reason is not None:
        data["reason"] = reason
    event: AnnouncedEvent = {
        "specversion": "1.0",
        "id": f"{record.certificate_id}.{revision}.{kind.split('.')[2]}",
        "source": "earned",
        "type": kind,
        "time": at.isoformat(),
        "datacontenttype": "application/json",
        "data": data,
    }
    return Announcement(event, at)
