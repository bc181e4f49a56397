"""Sends quarantined messages back to their queue, each at least once."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.operations.quarantine import MAX_BATCH, Hold, Refused, delay_signals, read

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef, SendMessageBatchRequestEntryTypeDef

MAX_REQUEST_BYTES = 256 * 1024
MAX_SELECTION = 256 * 1024 * 1024
_TOLD = {"reason", "detail"}  # the attributes that a refusal adds


@dataclass(frozen=True)
class Wanted:
    """The messages to send back: those of a reason, with one of the event or message ids, both, or all."""

    reason: str | None = None
    ids: frozenset[str] = frozenset()

    def includes(self, refused: Refused) -> bool:
        named = not self.ids or not self.ids.isdisjoint({refused.event_id, refused.message_id})
        return named and self.reason in {None, refused.reason}


@dataclass(frozen=True)
class Step:
    """The result of one request: messages sent, error codes of the others, and messages sent but not deleted."""

    sent: int
    refusals: Sequence[str] = ()
    not_deleted: int = 0


def select(hold: Hold, wanted: Wanted, limit: int) -> list["MessageTypeDef"]:
    """The wanted messages, at most `limit` and 256 MiB.

    All are selected before the first is sent: a message that is refused again within a second is not selected again.
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
    """Send messages to the queue with URL `source`; each is deleted only after it was sent.

    Ends with the hold: the remaining messages are visible again, and another redrive may be sending them.
    """
    for batch in batches(chosen):
        if time.monotonic() > hold.until:
            return
        entries = [_entry(number, message) for number, message in enumerate(batch)]
        with delay_signals():
            answer = hold.sqs.send_message_batch(QueueUrl=source, Entries=entries)
            sent = [batch[int(entry["Id"])] for entry in answer.get("Successful", [])]
            not_deleted = hold.delete(sent) if sent else 0
        yield Step(len(sent), [entry["Code"] for entry in answer.get("Failed", [])], not_deleted)


def batches(messages: Sequence["MessageTypeDef"]) -> Iterator[list["MessageTypeDef"]]:
    """Batches of at most ten messages and 256 KiB; a larger message is alone in its batch."""
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
    """The size of a message in bytes as SQS counts it: body and attributes."""
    attributes = message.get("MessageAttributes", {})
    return len(message["Body"].encode()) + sum(
        len(name.encode())
        + len(value["DataType"])
        + len(value.get("StringValue", "").encode())
        + len(value.get("BinaryValue", b""))
        for name, value in attributes.items()
    )


def _entry(number: int, message: "MessageTypeDef") -> "SendMessageBatchRequestEntryTypeDef":
    entry: SendMessageBatchRequestEntryTypeDef = {"Id": str(number), "MessageBody": message["Body"]}
    attributes = {name: value for name, value in message.get("MessageAttributes", {}).items() if name not in _TOLD}
    if attributes:
        entry["MessageAttributes"] = attributes
    group = message["Attributes"].get("MessageGroupId")
    if group:
        entry["MessageGroupId"] = group
    return entry
