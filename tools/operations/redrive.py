"""Sends quarantined messages back to where they came from, at least once each, without losing any."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.operations.quarantine import MAX_BATCH, Hold, Refused, read, to_the_end

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef, SendMessageBatchRequestEntryTypeDef

MAX_REQUEST_BYTES = 256 * 1024
MAX_SELECTION = 256 * 1024 * 1024


@dataclass(frozen=True)
class Wanted:
    """Which messages to send back: all, or those of a reason, or those with an event id or message id, or both."""

    reason: str | None = None
    ids: frozenset[str] = frozenset()

    def includes(self, refused: Refused) -> bool:
        """Whether this message is meant."""
        named = not self.ids or not self.ids.isdisjoint({refused.event_id, refused.message_id})
        return named and self.reason in {None, refused.reason}


@dataclass(frozen=True)
class Step:
    """What one request did: how many went back, why others stay, how many went back but stay as well."""

    sent: int
    refusals: Sequence[str] = ()
    not_deleted: int = 0


def select(hold: Hold, wanted: Wanted, limit: int) -> list["MessageTypeDef"]:
    """The messages wanted, at most `limit` and 256 MiB.

    All are chosen before the first is sent: one that is refused again within the second must not be chosen again.
    """
    chosen, size = [], 0
    for message in hold.messages():
        if wanted.includes(read(message)):
            chosen.append(message)
            size += size_of(message)
        if len(chosen) == limit or size > MAX_SELECTION:
            break
    return chosen


def send_back(hold: Hold, source: str, chosen: Sequence["MessageTypeDef"]) -> Iterator[Step]:
    """Send messages to the queue with URL `source`, deleting each only after it was sent.

    Ends early when the hold does: the messages left are in sight again, and someone else may be sending them.
    """
    for batch in batches(chosen):
        if time.monotonic() > hold.until:
            return
        entries = [_entry(number, message) for number, message in enumerate(batch)]
        with to_the_end():
            answer = hold.sqs.send_message_batch(QueueUrl=source, Entries=entries)
            sent = [batch[int(entry["Id"])] for entry in answer.get("Successful", [])]
            not_deleted = hold.delete(sent) if sent else 0
        yield Step(len(sent), [entry["Code"] for entry in answer.get("Failed", [])], not_deleted)


def batches(messages: Sequence["MessageTypeDef"]) -> Iterator[list["MessageTypeDef"]]:
    """Messages as requests take them: ten at most and 256 KiB; one larger than that goes alone."""
    batch: list[MessageTypeDef] = []
    room = MAX_REQUEST_BYTES
    for message in messages:
        if batch and (len(batch) == MAX_BATCH or size_of(message) > room):
            yield batch
            batch, room = [], MAX_REQUEST_BYTES
        batch.append(message)
        room -= size_of(message)
    if batch:
        yield batch


def size_of(message: "MessageTypeDef") -> int:
    """A message's size as SQS counts it, in bytes: its body and its attributes."""
    attributes = message.get("MessageAttributes", {})
    return len(message["Body"].encode()) + sum(
        len(name.encode())
        + len(value["DataType"])
        + len(value.get("StringValue", "").encode())
        + len(value.get("BinaryValue", b""))
        for name, value in attributes.items()
    )


def _entry(number: int, message: "MessageTypeDef") -> "SendMessageBatchRequestEntryTypeDef":
    """The message as it first came, without our reason."""
    entry: SendMessageBatchRequestEntryTypeDef = {"Id": str(number), "MessageBody": message["Body"]}
    attributes = {name: value for name, value in message.get("MessageAttributes", {}).items() if name != "reason"}
    if attributes:
        entry["MessageAttributes"] = attributes
    group = message["Attributes"].get("MessageGroupId")
    if group:
        entry["MessageGroupId"] = group
    return entry
