"""Announcements on the portal's event bus."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from earned.messages.announcements import MAX_BATCH, SOURCE, Announcement

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient


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
