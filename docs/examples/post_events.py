"""Post events to Earned with boto3 alone: copy this file into the portal's backend.

    sqs = boto3.client("sqs")
    done = {"enrollment_id": "enr-1", "account_id": "acc-1", "step_id": "read"}
    post(sqs, progress_queue_url, [Event("portal.lesson.completed.v1", done, when, group="co-1")])

Types and their data: docs/events/*.schema.json; which queue takes which: docs/asyncapi.yaml. Keep an event until `post`
has returned, and after a failure post the *same* event (same id, same time): a repetition changes nothing, a loss does.
"""

import json
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

SOURCE = "portal"
LARGEST_BATCH = 10  # messages, SQS's own bound
LARGEST_BATCH_BYTES = 256 * 1024
ATTEMPTS = 3
CUT_SHORT = "the answer was cut short"


class NotPosted(Exception):
    """SQS did not take these events: post them again, unchanged."""

    def __init__(self, events: list["Event"], reason: str) -> None:
        super().__init__(f"{len(events)} events were not taken, the first because: {reason}")
        self.events = events


@dataclass(frozen=True)
class Event:
    """One thing that happened at `time`, which has a UTC offset.

    `group` is the company_id of whom it is about, an individual's account_id, or None where it is about a training:
    the MessageGroupId, by which SQS keeps one company's thousands from delaying another's one.
    """

    type: str
    data: Mapping[str, Any]
    time: datetime
    group: str | None = None
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    def __post_init__(self) -> None:
        if self.time.tzinfo is None:
            raise ValueError(f"{self.type}: the time needs a UTC offset")

    def cloud_event(self) -> dict[str, Any]:
        """The CloudEvent."""
        return {
            "specversion": "1.0",
            "id": self.id,
            "source": SOURCE,
            "type": self.type,
            "time": self.time.isoformat(),
            "datacontenttype": "application/json",
            "data": dict(self.data),
        }

    def body(self) -> str:
        """The CloudEvent in structured JSON, as it is posted."""
        return json.dumps(self.cloud_event(), ensure_ascii=False)


def post(sqs: "SQSClient", queue_url: str, events: Iterable[Event]) -> None:
    """Post events to one queue; raises `NotPosted` with those that SQS did not take, after having posted the others."""
    refused: list[Event] = []
    reason = ""
    for batch in _batches(events):
        failed = _send(sqs, queue_url, batch)
        refused += [event for event in batch if event.id in failed]
        reason = reason or next(iter(failed.values()), "")
    if refused:
        raise NotPosted(refused, reason)


def _send(sqs: "SQSClient", queue_url: str, batch: list[Event]) -> dict[str, str]:
    """Send a batch, what fails a few times more; the reasons of what failed for good, by event id."""
    failed = {event.id: "" for event in batch}
    for attempt in range(ATTEMPTS):
        time.sleep(attempt * 0.2)
        waiting = {str(number): event for number, event in enumerate(batch) if event.id in failed}
        entries = [_entry(number, event) for number, event in waiting.items()]
        # A batch answers 200 even when single messages failed, and boto3 makes an empty answer of one that was cut
        # short: only what is in `Successful` was taken.
        reply = sqs.send_message_batch(QueueUrl=queue_url, Entries=entries)
        reasons = {entry["Id"]: entry.get("Message", entry["Code"]) for entry in reply.get("Failed", [])}
        taken = {entry["Id"] for entry in reply.get("Successful", [])}
        failed = {event.id: reasons.get(number, CUT_SHORT) for number, event in waiting.items() if number not in taken}
        if not failed:
            break
    return failed


def _entry(number: str, event: Event) -> "SendMessageBatchRequestEntryTypeDef":
    entry: SendMessageBatchRequestEntryTypeDef = {"Id": number, "MessageBody": event.body()}
    if event.group is not None:
        entry["MessageGroupId"] = event.group
    return entry


def _batches(events: Iterable[Event]) -> Iterator[list[Event]]:
    """Up to ten events, and together no larger than SQS takes."""
    batch: list[Event] = []
    size = 0
    for event in events:
        length = len(event.body().encode())
        if batch and (len(batch) == LARGEST_BATCH or size + length > LARGEST_BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(event)
        size += length
    if batch:
        yield batch
