"""Announcements on the portal's event bus."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from earned.domain.errors import Rejected
from earned.domain.timestamps import from_milliseconds
from earned.messages import announcements
from earned.messages.announcements import MAX_BATCH, SOURCE, Announcement, QueueName

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient


class AnnouncementFailed(Exception):
    """EventBridge did not accept an announcement; sending it again is safe."""


@dataclass(frozen=True)
class Bus:
    """The event bus that the portal listens on."""

    client: "EventBridgeClient"
    name: str

    def announce(self, announcements: Sequence[Announcement]) -> list[bool]:
        """Ten announcements to a request; for each, whether EventBridge accepted it."""
        taken: list[bool] = []
        for start in range(0, len(announcements), MAX_BATCH):
            entries = self.client.put_events(
                Entries=[
                    {
                        "Source": SOURCE,
                        "DetailType": announcement.event["type"],
                        "Detail": json.dumps(announcement.event),
                        "EventBusName": self.name,
                        "Time": announcement.at,
                    }
                    for announcement in announcements[start : start + MAX_BATCH]
                ]
            )["Entries"]
            taken += ["ErrorCode" not in entry for entry in entries]
        return taken


@dataclass(frozen=True)
class Refusals:
    """Announces the events of one queue that are refused (N5)."""

    bus: Bus
    queue: QueueName

    def announce(self, message_id: str, body: str, sent: int, rejection: Rejected) -> None:
        """Raises `AnnouncementFailed` unless EventBridge accepts the announcement."""
        refused = announcements.refused(self.queue, message_id, body, from_milliseconds(sent), rejection)
        if not all(self.bus.announce([refused])):
            raise AnnouncementFailed
