"""Events out (CONTRACT.md): what became of certificates, told on EventBridge; no names and no addresses."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from earned.models import Completion, Issue

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
    """A certificate was issued."""
    data = {
        "certificate_id": completion.certificate_id,
        "revision": issue.revision,
        "enrollment_id": completion.enrollment_id,
        "account_id": completion.account_id,
        "training_id": completion.training_id,
        "at": issue.issued_at.isoformat(),
    }
    if completion.company_id:
        data["company_id"] = completion.company_id
    return Announcement("issued", f"{completion.certificate_id}.{issue.revision}", issue.issued_at, data)
