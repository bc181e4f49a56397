"""Lists the dead-letter queues without removing messages or showing personal data."""

import json
import re
import signal
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from earned.messages.labels import labels
from tools.batched import batched
from tools.operations.stacks import Pair

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

FAULT = "fault"
MAX_BATCH = 10
# SQS has no read without receive: a message stays hidden until it is released, or for this long after a kill.
HOLD_SECONDS = 600
# Listing ends well before the first held message is visible again; the rest of the time is for sending.
WALK_SECONDS = 240
# A standard queue allows 120,000 messages in flight.
MAX_WALK = 100_000
WAIT_SECONDS = 1
EMPTY_ANSWERS = 2
_REASON = re.compile(r"[a-z][a-z0-9-]{0,63}")
_DETAIL = re.compile(r"[a-z][a-z0-9_.]*: [^\x00-\x1f\x7f-\x9f]{1,255}")  # a field, then the rule


@dataclass(frozen=True)
class Refused:
    """What may be shown of a message: a field that holds anything but an id, type or time is None."""

    message_id: str
    reason: str
    detail: str | None
    since: datetime
    event_id: str | None
    event_type: str | None
    event_time: datetime | None


@dataclass(frozen=True)
class Listing:
    """The messages of a dead-letter queue, oldest first.

    `complete` is False when time was up before the end of the queue; `elsewhere` is the approximate number of messages
    that another listing or redrive holds.
    """

    queue: str
    refused: Sequence[Refused]
    complete: bool
    elsewhere: int

    def by_reason(self) -> dict[str, list[Refused]]:
        groups = defaultdict(list)
        for one in self.refused:
            groups[one.reason].append(one)
        return dict(sorted(groups.items(), key=lambda group: -len(group[1])))


@dataclass
class Hold:
    """The messages of a dead-letter queue that this process has received and so hides from others."""

    sqs: "SQSClient"
    url: str
    most: int = MAX_WALK
    complete: bool = False
    until: float = field(default_factory=lambda: time.monotonic() + HOLD_SECONDS)
    _receipts: dict[str, str] = field(default_factory=dict)

    def messages(self) -> Iterator["MessageTypeDef"]:
        """Each message once, until the queue is empty (`complete`) or time or space is up."""
        end, empty = time.monotonic() + WALK_SECONDS, 0
        while len(self._receipts) < self.most and time.monotonic() < end:
            with delay_signals():
                received = self._receive()
                new = [message for message in received if self._take(message)]
            empty = 0 if received else empty + 1
            if empty == EMPTY_ANSWERS:
                self.complete = True
                return
            yield from new

    def delete(self, messages: Sequence["MessageTypeDef"]) -> int:
        """Delete up to ten messages; returns the number that SQS did not delete."""
        entries = [{"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]} for n, message in enumerate(messages)]
        answer = self.sqs.delete_message_batch(QueueUrl=self.url, Entries=entries)  # type: ignore[arg-type]  # plain dicts
        for entry in answer.get("Successful", []):
            del self._receipts[messages[int(entry["Id"])]["MessageId"]]
        return len(answer.get("Failed", []))

    def release(self) -> None:
        """Make the messages visible again that were not deleted; if SQS refuses, their timeout does."""
        receipts = list(self._receipts.values())
        for batch in batched(receipts, MAX_BATCH):
            entries = [
                {"Id": str(number), "ReceiptHandle": receipt, "VisibilityTimeout": 0}
                for number, receipt in enumerate(batch)
            ]
            self.sqs.change_message_visibility_batch(QueueUrl=self.url, Entries=entries)  # type: ignore[arg-type]  # plain dicts

    def _receive(self) -> list["MessageTypeDef"]:
        answer = self.sqs.receive_message(
            QueueUrl=self.url,
            MaxNumberOfMessages=MAX_BATCH,
            VisibilityTimeout=HOLD_SECONDS,
            WaitTimeSeconds=WAIT_SECONDS,
            MessageSystemAttributeNames=["SentTimestamp", "MessageGroupId"],
            MessageAttributeNames=["All"],
        )
        return answer.get("Messages", [])

    def _take(self, message: "MessageTypeDef") -> bool:
        """Note the newest receipt handle, the only valid one; returns whether the message is new."""
        new = message["MessageId"] not in self._receipts
        self._receipts[message["MessageId"]] = message["ReceiptHandle"]
        return new


@contextmanager
def held(sqs: "SQSClient", url: str, most: int = MAX_WALK) -> Iterator[Hold]:
    """Hold about `most` messages for the duration of the block and release them however it ends."""
    hold = Hold(sqs, url, most)
    try:
        yield hold
    finally:
        with delay_signals():
            hold.release()


def look(sqs: "SQSClient", pair: Pair) -> Listing:
    elsewhere = _out_of_sight(sqs, pair.dead_letters)
    with held(sqs, pair.dead_letters) as hold:
        refused = sorted((read(message) for message in hold.messages()), key=lambda one: one.since)
    return Listing(pair.name, refused, hold.complete, elsewhere)


def read(message: "MessageTypeDef") -> Refused:
    event, known = _event(message["Body"]), labels(message["Body"])
    told = {name: value.get("StringValue") for name, value in message.get("MessageAttributes", {}).items()}
    return Refused(
        message_id=message["MessageId"],
        reason=_matching(_REASON, told.get("reason")) or FAULT,
        detail=_matching(_DETAIL, told.get("detail")),
        since=datetime.fromtimestamp(int(message["Attributes"]["SentTimestamp"]) / 1000, UTC),
        event_id=known.event_id,
        event_type=known.event_type,
        event_time=_moment(event.get("time")),
    )


def _event(body: str) -> dict[str, Any]:
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


def _matching(pattern: re.Pattern[str], value: object) -> str | None:
    return value if isinstance(value, str) and pattern.fullmatch(value) else None


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(value))
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _out_of_sight(sqs: "SQSClient", url: str) -> int:
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessagesNotVisible"])
    return int(attributes["Attributes"]["ApproximateNumberOfMessagesNotVisible"])


@contextmanager
def delay_signals() -> Iterator[None]:
    """Delay Ctrl-C until the end of the block.

    A message whose receipt handle is lost stays hidden for long; one that was sent but not deleted exists twice.
    """
    waiting: list[int] = []
    handlers = {
        number: signal.signal(number, lambda number, _: waiting.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    for arrived in waiting[:1]:
        signal.raise_signal(arrived)
