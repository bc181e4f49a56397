"""Events out (CONTRACT.md): what became of certificates, told on EventBridge; no names and no addresses."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from earned.models import Completion, Issue, Revocation

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

SOURCE = "earned"
LARGEST_BATCH = 10


@dataclass(frozen=True)
class Announcement:
    """A CloudEvent to send; its id is the same whenever the same thing is announced again."""

    type: str
    subject: str
    at: datetime
    data: dict[str, Any]

    def detail(self) -> str:
        """The envelope, in structured JSON."""
        envelope = {
            "specversion": "1.0",
            "id": f"{self.subject}.{self.type}",
            "source": SOURCE,
            "type": f"earned.certificate.{self.type}.v1",
            "time": self.at.isoformat(),
            "datacontenttype": "application/json",
            "data": self.data,
        }
        return json.dumps(envelope)


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
                        "DetailType": f"earned.certificate.{announcement.type}.v1",
                        "Detail": announcement.detail(),
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
        return _announce("reissued", completion, issue.revision, issue.reissued_at, issue.reason)
    return _announce("issued", completion, issue.revision, issue.issued_at)


def revoked(completion: Completion, revision: int, revocation: Revocation) -> Announcement:
    """A certificate was revoked."""
    return _announce("revoked", completion, revision, revocation.at, revocation.reason)


def withdrawn(completion: Completion, revision: int, at: datetime) -> Announcement:
    """A certificate went away with its enrollment or account."""
    return _announce("withdrawn", completion, revision, at)


def _announce(
    kind: str, completion: Completion, revision: int, at: datetime, reason: str | None = None
) -> Announcement:
    data = {
        "certificate_id": completion.certificate_id,
        "revision": revision,
        "enrollment_id": completion.enrollment_id,
        "account_id": completion.account_id,
        "training_id": completion.training_id,
        "company_id": completion.company_id,
        "at": at.isoformat(),
        "reason": reason,
    }
    present = {name: value for name, value in data.items() if value is not None}
    return Announcement(kind, f"{completion.certificate_id}.{revision}", at, present)
