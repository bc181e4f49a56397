"""What the dead-letter queues hold: looked at without taking anything away, and told without personal data."""

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

from tools.operations.stacks import Pair

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

FAULT = "fault"
MAX_BATCH = 10
# SQS cannot be peeked at: what is looked at is out of sight until it is put back, or for so long if we are killed.
HOLD_SECONDS = 600
# Looking ends well before the first message held comes back; the rest of the time is for sending.
WALK_SECONDS = 240
# A standard queue lets 120,000 messages be out of sight at once.
MAX_WALK = 100_000
WAIT_SECONDS = 1
EMPTY_ANSWERS = 2
_REASON = re.compile(r"[a-z][a-z0-9-]{0,63}")
_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_TYPE = re.compile(r"[a-z][a-z0-9.-]{0,99}")


@dataclass(frozen=True)
class Refused:
    """What may be told of a message; what its sender filled with anything else than ids and times is None."""

    message_id: str
    reason: str
    since: datetime
    event_id: str | None
    event_type: str | None
    event_time: datetime | None


@dataclass(frozen=True)
class Listing:
    """What a dead-letter queue holds, oldest first.

    `complete` is False when looking ended before the queue did; `elsewhere` is about how many messages another listing
    or redrive was holding.
    """

    queue: str
    refused: Sequence[Refused]
    complete: bool
    elsewhere: int

    def by_reason(self) -> dict[str, list[Refused]]:
        """The messages by reason, the reason with the most first."""
        groups = defaultdict(list)
        for one in self.refused:
            groups[one.reason].append(one)
        return dict(sorted(groups.items(), key=lambda group: -len(group[1])))


@dataclass
class Hold:
    """The messages of one dead-letter queue that are out of sight because we look at them."""

    sqs: "SQSClient"
    url: str
    complete: bool = False
    until: float = field(default_factory=lambda: time.monotonic() + HOLD_SECONDS)
    _receipts: dict[str, str] = field(default_factory=dict)

    def messages(self) -> Iterator["MessageTypeDef"]:
        """Each message once, until the queue has no more (`complete`) or time or space is up."""
        end, empty = time.monotonic() + WALK_SECONDS, 0
        while len(self._receipts) < MAX_WALK and time.monotonic() < end:
            with to_the_end():
                received = self._receive()
                new = [message for message in received if self._take(message)]
            empty = 0 if received else empty + 1
            if empty == EMPTY_ANSWERS:
                self.complete = True
                return
            yield from new

    def delete(self, messages: Sequence["MessageTypeDef"]) -> int:
        """Delete up to ten messages; returns how many SQS did not delete."""
        entries = [{"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]} for n, message in enumerate(messages)]
        answer = self.sqs.delete_message_batch(QueueUrl=self.url, Entries=entries)  # type: ignore[arg-type]  # plain dicts
        for entry in answer.get("Successful", []):
            del self._receipts[messages[int(entry["Id"])]["MessageId"]]
        return len(answer.get("Failed", []))

    def release(self) -> None:
        """Put back all that was not deleted; what SQS does not take back returns by itself."""
        receipts = list(self._receipts.values())
        for start in range(0, len(receipts), MAX_BATCH):
            entries = [
                {"Id": str(number), "ReceiptHandle": receipt, "VisibilityTimeout": 0}
                for number, receipt in enumerate(receipts[start : start + MAX_BATCH])
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
        """Note the newest receipt, which is the one that counts, and say whether the message is new."""
        new = message["MessageId"] not in self._receipts
        self._receipts[message["MessageId"]] = message["ReceiptHandle"]
        return new


@contextmanager
def held(sqs: "SQSClient", url: str) -> Iterator[Hold]:
    """Hold messages for the duration of the block; whatever ends it, they are put back."""
    hold = Hold(sqs, url)
    try:
        yield hold
    finally:
        with to_the_end():
            hold.release()


def look(sqs: "SQSClient", pair: Pair) -> Listing:
    """List what a dead-letter queue holds."""
    elsewhere = _out_of_sight(sqs, pair.dead_letters)
    with held(sqs, pair.dead_letters) as hold:
        refused = sorted((read(message) for message in hold.messages()), key=lambda one: one.since)
    return Listing(pair.name, refused, hold.complete, elsewhere)


def read(message: "MessageTypeDef") -> Refused:
    """What may be told of a message."""
    event = _event(message["Body"])
    reason = message.get("MessageAttributes", {}).get("reason")
    return Refused(
        message_id=message["MessageId"],
        reason=_matching(_REASON, reason.get("StringValue") if reason else None) or FAULT,
        since=datetime.fromtimestamp(int(message["Attributes"]["SentTimestamp"]) / 1000, UTC),
        event_id=_matching(_ID, event.get("id")),
        event_type=_matching(_TYPE, event.get("type")),
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
def to_the_end() -> Iterator[None]:
    """Let Ctrl-C wait for the end of the block.

    A message whose receipt is lost stays out of sight for long, one that was sent but not deleted is there twice.
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
