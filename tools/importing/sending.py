"""Sends an import's events at a pace that leaves room for live traffic, and remembers how far it is."""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from earned.aws.publisher import Publisher
from earned.messages.posting import Event

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

CHUNK = 100  # events between two looks at the pace and the checkpoint
MAX_WAITING = 2_000  # messages in a queue: more would delay the portal's own events
LOOK_SECONDS = 1.0


@dataclass
class Checkpoint:
    """How many events of a file were sent, in a file beside it; another file has none."""

    path: Path
    digest: str
    sent: int = 0

    @classmethod
    def of(cls, file: Path, mode: str) -> "Checkpoint":
        """`mode` is what decides which rows are sent."""
        digest = hashlib.sha256(mode.encode())
        with file.open("rb") as content:
            while block := content.read(1 << 20):
                digest.update(block)
        checkpoint = cls(file.with_suffix(file.suffix + ".sent"), digest.hexdigest())
        checkpoint.sent = checkpoint._stored()
        return checkpoint

    def _stored(self) -> int:
        """0 for another file, and for a damaged checkpoint: every event is the same when it is sent again."""
        try:
            stored = json.loads(self.path.read_bytes())
            return int(stored["sent"]) if stored["file"] == self.digest else 0
        except (FileNotFoundError, ValueError, KeyError, TypeError, RecursionError):
            return 0

    def save(self, sent: int) -> None:
        self.sent = sent
        partial = self.path.with_suffix(".partial")
        partial.write_text(json.dumps({"file": self.digest, "sent": sent}) + "\n")
        partial.replace(self.path)


@dataclass
class Backlog:
    """How many messages wait in the queues, at most a second old."""

    sqs: "SQSClient"
    queues: Mapping[str, str]
    clock: Callable[[], float] = time.monotonic
    _looked: float = float("-inf")
    _waiting: int = 0

    def is_full(self) -> bool:
        if self.clock() - self._looked >= LOOK_SECONDS:
            self._looked, self._waiting = self.clock(), max(map(self._depth, self.queues.values()))
        return self._waiting > MAX_WAITING

    def _depth(self, url: str) -> int:
        answer = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
        return int(answer["Attributes"]["ApproximateNumberOfMessages"])


def send(
    events: Iterable[Event],
    checkpoint: Checkpoint,
    publisher: Publisher,
    backlog: Backlog,
    rate: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[int]:
    """Send what the checkpoint does not have yet, at most `rate` events a second; yields how many were sent so far.

    A kill between a request and its checkpoint sends a chunk again, which changes nothing. Raises `NotSent`.
    """
    number, began, here = 0, clock(), 0
    rest = iter(events)
    while chunk := list(islice(rest, CHUNK)):
        number += len(chunk)
        if number <= checkpoint.sent:
            continue
        while backlog.is_full():
            sleep(LOOK_SECONDS)
        sleep(max(0.0, began + here / rate - clock()))
        publisher.send(*chunk)
        here += len(chunk)
        checkpoint.save(number)
        yield number
