"""Announcements to the portal: CloudEvents without names or addresses (docs/contract.md §4)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, NotRequired, get_args

from pydantic import Field
from typing_extensions import TypedDict

from earned.domain.certificate import Issuance, Revocation
from earned.domain.enrollment import CompletionRecord
from earned.domain.errors import Rejected
from earned.messages.labels import labels
from earned.messages.schema_types import Id, Instant

SOURCE = "earned"
MAX_BATCH = 10

AnnouncedType = Literal[
    "earned.certificate.issued.v1",
    "earned.certificate.reissued.v1",
    "earned.certificate.revoked.v1",
    "earned.certificate.withdrawn.v1",
]

RefusedType = Literal["earned.event.refused.v1"]
QueueName = Literal["directory", "progress", "attendance"]


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


class EventRefused(TypedDict):
    """An event of the portal was refused for good; it is in the dead-letter queue of `queue`.

    `at` is when SQS received the event. `detail` names the field and the rule, never a value.
    """

    queue: QueueName
    event_id: NotRequired[str]
    event_type: NotRequired[str]
    enrollment_id: NotRequired[Id]
    at: Instant
    reason: str
    detail: str


class EventRefusedEvent(TypedDict):
    """A CloudEvents 1.0 envelope, structured JSON; an event that is delivered again has the same `id`."""

    specversion: Literal["1.0"]
    id: Id
    source: Literal["earned"]
    type: RefusedType
    time: Instant
    datacontenttype: Literal["application/json"]
    data: EventRefused


ANNOUNCED: dict[str, type] = dict.fromkeys(get_args(AnnouncedType), AnnouncedEvent) | dict.fromkeys(
    get_args(RefusedType), EventRefusedEvent
)
TYPES = tuple(ANNOUNCED)


@dataclass(frozen=True)
class Announcement:
    """A CloudEvent to send; a repeated announcement has the same id."""

    event: AnnouncedEvent | EventRefusedEvent
    at: datetime


def issued(record: CompletionRecord, issue: Issuance) -> Announcement:
    if issue.reissued_at is not None:
        return _announce("earned.certificate.reissued.v1", record, issue.revision, issue.reissued_at, issue.reason)
    return _announce("earned.certificate.issued.v1", record, issue.revision, issue.issued_at)


def revoked(record: CompletionRecord, revision: int, revocation: Revocation) -> Announcement:
    return _announce("earned.certificate.revoked.v1", record, revision, revocation.at, revocation.reason)


def withdrawn(record: CompletionRecord, revision: int, at: datetime) -> Announcement:
    return _announce("earned.certificate.withdrawn.v1", record, revision, at)


def refused(queue: QueueName, message_id: str, body: str, received_at: datetime, rejection: Rejected) -> Announcement:
    """Only an id, a type and an enrollment's id of `body` are announced, and only if they look like one."""
    at = _instant(received_at)
    data: EventRefused = {"queue": queue, "at": at, "reason": rejection.reason, "detail": rejection.detail}
    found = labels(body)
    if found.event_id is not None:
        data["event_id"] = found.event_id
    if found.event_type is not None:
        data["event_type"] = found.event_type
    if found.enrollment_id is not None:
        data["enrollment_id"] = found.enrollment_id
    event: EventRefusedEvent = {
        "specversion": "1.0",
        "id": f"{queue}.{message_id}.refused",
        "source": "earned",
        "type": "earned.event.refused.v1",
        "time": at,
        "datacontenttype": "application/json",
        "data": data,
    }
    return Announcement(event, received_at)


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")


def _announce(
    kind: AnnouncedType, record: CompletionRecord, revision: int, at: datetime, reason: str | None = None
) -> Announcement:
    data: CertificateChange = {
        "certificate_id": record.certificate_id,
        "revision": revision,
        "enrollment_id": record.enrollment_id,
        "account_id": record.account_id,
        "training_id": record.training_id,
        "at": _instant(at),
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
        "time": _instant(at),
        "datacontenttype": "application/json",
        "data": data,
    }
    return Announcement(event, at)
