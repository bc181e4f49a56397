"""Announcements to the portal: CloudEvents without names or addresses (docs/contract.md §4)."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, NotRequired, get_args

from pydantic import Field
from typing_extensions import TypedDict

from earned.domain.certificate import RETURNED, Hold, Issuance, Revocation
from earned.domain.enrollment import CompletionRecord
from earned.domain.errors import Rejected
from earned.domain.fact_codec import identify
from earned.domain.people import Company
from earned.domain.requirements import Reason
from earned.domain.training import LiveEvent, Training
from earned.messages.labels import labels
from earned.messages.schema_types import Id, Instant

SOURCE = "earned"
MAX_BATCH = 10
REQUESTED = "requested"  # the reason of a reissue that support asked for

CertificateEventType = Literal[
    "earned.certificate.issued.v1",
    "earned.certificate.reissued.v1",
    "earned.certificate.revoked.v1",
    "earned.certificate.withdrawn.v1",
]

QueueName = Literal["directory", "progress", "attendance"]


class CertificateChange(TypedDict):
    """A certificate was issued, reissued, revoked or withdrawn; `reason` is a stable code."""

    certificate_id: Id
    revision: Annotated[int, Field(ge=1)]
    enrollment_id: Id
    account_id: Id
    training_id: Id
    company_id: NotRequired[Id]
    at: Instant
    reason: NotRequired[str]


class CertificateHeld(TypedDict):
    """An earned certificate cannot be printed; `detail` contains no text of the certificate.

    `reason` is the code of the outstanding requirement of kind `certificate`.
    """

    enrollment_id: Id
    account_id: Id
    training_id: Id
    company_id: NotRequired[Id]
    at: Instant
    reason: str
    detail: str


class AttendanceUnmarked(TypedDict):
    """People wait for their attendance mark at a live event that has ended; announced once a day."""

    live_event_id: Id
    ended_at: Instant
    waiting: Annotated[int, Field(ge=1, description="The number of people.")]
    at: Instant


class _Envelope(TypedDict):
    specversion: Literal["1.0"]
    id: Id
    source: Literal["earned"]
    time: Instant
    datacontenttype: Literal["application/json"]


class CertificateEvent(_Envelope):
    """A CloudEvents 1.0 envelope, structured JSON; an event that is delivered again has the same `id`."""

    type: CertificateEventType
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


class TextUnprintable(TypedDict):
    """A training's title or a company's name cannot be printed, so its certificates would be held.

    Either `training_id` and `version` or `company_id` are present. `detail` names field and rule, never a value.
    """

    training_id: NotRequired[Id]
    version: NotRequired[int]
    company_id: NotRequired[Id]
    at: Instant
    reason: str
    detail: str


class TextUnprintableEvent(_Envelope):
    """A CloudEvents 1.0 envelope, structured JSON; an event that is delivered again has the same `id`."""

    type: Literal["earned.text.unprintable.v1"]
    data: TextUnprintable


class EventRefusedEvent(_Envelope):
    """A CloudEvents 1.0 envelope, structured JSON; an event that is delivered again has the same `id`."""

    type: Literal["earned.event.refused.v1"]
    data: EventRefused


class CertificateHeldEvent(_Envelope):
    """A CloudEvents 1.0 envelope, structured JSON; an event that is delivered again has the same `id`."""

    type: Literal["earned.certificate.held.v1"]
    data: CertificateHeld


class AttendanceUnmarkedEvent(_Envelope):
    """A CloudEvents 1.0 envelope, structured JSON; an event that is delivered again has the same `id`."""

    type: Literal["earned.attendance.unmarked.v1"]
    data: AttendanceUnmarked


AnnouncedEvent = (
    CertificateEvent | CertificateHeldEvent | AttendanceUnmarkedEvent | EventRefusedEvent | TextUnprintableEvent
)
ANNOUNCED: dict[str, Any] = {
    **dict.fromkeys(get_args(CertificateEventType), CertificateEvent),
    "earned.certificate.held.v1": CertificateHeldEvent,
    "earned.attendance.unmarked.v1": AttendanceUnmarkedEvent,
    "earned.event.refused.v1": EventRefusedEvent,
    "earned.text.unprintable.v1": TextUnprintableEvent,
}
TYPES = tuple(ANNOUNCED)


@dataclass(frozen=True)
class Announcement:
    """A CloudEvent to send; a repeated announcement has the same id.

    `recalled_from` is the company whose certificate no longer stands.
    """

    event: AnnouncedEvent
    at: datetime
    recalled_from: str | None = None


def issued(record: CompletionRecord, issue: Issuance) -> Announcement:
    """The free text of a reissue stays with support: the announced reason is a code."""
    if issue.reissued_at is not None:
        reason = RETURNED if issue.reason == RETURNED else REQUESTED
        return _announce("earned.certificate.reissued.v1", record, issue.revision, issue.reissued_at, reason)
    return _announce("earned.certificate.issued.v1", record, issue.revision, issue.issued_at)


def revoked(record: CompletionRecord, revision: int, revocation: Revocation) -> Announcement:
    return _announce("earned.certificate.revoked.v1", record, revision, revocation.at, revocation.reason)


def withdrawn(record: CompletionRecord, revision: int, at: datetime) -> Announcement:
    return _announce("earned.certificate.withdrawn.v1", record, revision, at)


def held(record: CompletionRecord, hold: Hold) -> Announcement:
    """Identified by enrollment and time: the certificate's id is shown to nobody before issue."""
    at = _instant(hold.since)
    data: CertificateHeld = {
        "enrollment_id": record.enrollment_id,
        "account_id": record.account_id,
        "training_id": record.training_id,
        "at": at,
        "reason": hold.reason.value,
        "detail": hold.detail,
    }
    if record.company_id is not None:
        data["company_id"] = record.company_id
    event: CertificateHeldEvent = {
        "specversion": "1.0",
        "id": f"{identify(record.enrollment_id, hold.since.isoformat())}.held",
        "source": "earned",
        "type": "earned.certificate.held.v1",
        "time": at,
        "datacontenttype": "application/json",
        "data": data,
    }
    return Announcement(event, hold.since)


def unmarked(live_event: LiveEvent, waiting: int, day: int, at: datetime) -> Announcement:
    """Identified by the live event and its number of the day (earned.domain.sweep)."""
    event: AttendanceUnmarkedEvent = {
        "specversion": "1.0",
        "id": f"{identify(live_event.live_event_id, str(day))}.unmarked",
        "source": "earned",
        "type": "earned.attendance.unmarked.v1",
        "time": _instant(at),
        "datacontenttype": "application/json",
        "data": {
            "live_event_id": live_event.live_event_id,
            "ended_at": _instant(live_event.ends_at),
            "waiting": waiting,
            "at": _instant(at),
        },
    }
    return Announcement(event, at)


def unprintable(subject: Training | Company, reason: Reason, detail: str, at: datetime) -> Announcement:
    """Identified by the training's version, or by when the company was saved, and by what is wrong with its text."""
    data: TextUnprintable = {"at": _instant(at), "reason": reason.value, "detail": detail}
    if isinstance(subject, Company):
        data["company_id"] = subject.company_id
        saved = _instant(subject.saved_at) if subject.saved_at is not None else ""
        identity = identify("company", subject.company_id, saved, detail)
    else:
        data |= {"training_id": subject.training_id, "version": subject.version}
        identity = identify("training", subject.training_id, str(subject.version), detail)
    event: TextUnprintableEvent = {
        "specversion": "1.0",
        "id": f"{identity}.unprintable",
        "source": "earned",
        "type": "earned.text.unprintable.v1",
        "time": _instant(at),
        "datacontenttype": "application/json",
        "data": data,
    }
    return Announcement(event, at)


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
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


def _announce(
    kind: CertificateEventType, record: CompletionRecord, revision: int, at: datetime, reason: str | None = None
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
    event: CertificateEvent = {
        "specversion": "1.0",
        "id": f"{record.certificate_id}.{revision}.{kind.split('.')[2]}",
        "source": "earned",
        "type": kind,
        "time": _instant(at),
        "datacontenttype": "application/json",
        "data": data,
    }
    is_recall = kind in ("earned.certificate.revoked.v1", "earned.certificate.withdrawn.v1")
    return Announcement(event, at, record.company_id if is_recall else None)
