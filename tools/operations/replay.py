"""Puts archived announcements on the bus again; receivers discard those whose `id` they know."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

ENDED = {"COMPLETED", "CANCELLED", "FAILED"}
POLL_SECONDS = 5


class NotArchived(Exception):
    """The span begins before what the archive keeps; nothing was replayed."""


@dataclass(frozen=True)
class Progress:
    """The state of a replay as EventBridge names it, and the time of the last event that it replayed."""

    state: str
    reason: str = ""
    last_event: datetime | None = None

    @property
    def has_succeeded(self) -> bool:
        return self.state == "COMPLETED"


def replay(
    events: "EventBridgeClient",
    archive: str,
    since: datetime,
    until: datetime,
    wait: Callable[[float], None] = time.sleep,
) -> Iterator[Progress]:
    """Replay the announcements of a time span to every rule of the bus; yields until the replay has ended.

    Raises NotArchived before the replay starts.
    """
    described = events.describe_archive(ArchiveName=archive)
    kept = timedelta(days=described.get("RetentionDays", 0))
    earliest = datetime.now(UTC) - kept
    if kept and since < earliest:
        raise NotArchived(
            f"the archive keeps {kept.days} days: choose a time after {earliest:%Y-%m-%dT%H:%M:%SZ}. "
            "Nothing was replayed."
        )
    name = f"earned-{since:%Y%m%dT%H%M%S}-{time.time_ns() // 10**6}"
    events.start_replay(
        ReplayName=name,
        EventSourceArn=described["ArchiveArn"],
        EventStartTime=since,
        EventEndTime=until,
        Destination={"Arn": described["EventSourceArn"]},
    )
    while True:
        answer = events.describe_replay(ReplayName=name)
        yield Progress(answer["State"], answer.get("StateReason", ""), answer.get("EventLastReplayedTime"))
        if answer["State"] in ENDED:
            return
        wait(POLL_SECONDS)
