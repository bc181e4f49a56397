"""Events out (CONTRACT.md): what became of certificates, told on EventBridge; no names and no addresses."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal, NotRequired, get_args

from pydantic import Field
from typing_extensions import TypedDict

from earned.fields import Id, Instant
from earned.models import Completion, Issue, Revocation

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

SOURCE = "earned"
LARGEST_BATCH = 10
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


@dataclass(frozen=True)
class Bus:
    """The event bus that the portal listens on."""

    client: "EventBridgeClient"
    name: str

    def announce(self, announcements: Sequence[Announcement]) -> list[bool]:
        """Send announcements, ten to a request, and say of each whether EventBridge took it."""
        taken: list[bool] = []
        for start in range(0, len(announcements), LARGEST_BATCH):
            entries = self.client.put_events(
                Entries=[
                    {
                        "Source": SOURCE,
                        "DetailType": announcement.event["type"],
                        "Detail": json.dumps(announcement.event),
                        "EventBusName": self.name,
                        "Time": announcement.at,
                    }
                    for announcement in announcements[start : start + LARGEST_BATCH]
                ]
            )["Entries"]
            taken += ["ErrorCode" not in entry for entry in entries]
        return taken


def issued(completion: Completion, issue: Issue) -> Announcement:
    """A certificate was issued, or its next revision superseded it."""
    if issue.reissued_at is not None:
        return _announce("earned.certificate.reissued.v1", completion, issue.revision, issue.reissued_at, issue.reason)
    return _announce("earned.certificate.issued.v1", completion, issue.revision, issue.issued_at)


def revoked(completion: Completion, revision: int, revocation: Revocation) -> Announcement:
    """A certificate was revoked."""
    return _announce("earned.certificate.revoked.v1", completion, revision, revocation.at, revocation.reason)


def withdrawn(completion: Completion, revision: int, at: datetime) -> Announcement:
    """A certificate went away with its enrollment or account."""
    return _announce("earned.certificate.withdrawn.v1", completion, revision, at)


def _announce(
    kind: AnnouncedType, completion: Completion, revision: int, at: datetime, reason: str | None = None
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
