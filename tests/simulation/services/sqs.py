"""SQS as AWS documents it: at-least-once, unordered, with receive counts, visibility and dead-letter queues."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.simulation.clock import SECOND
from tests.simulation.services.wire import Refused

NEVER = 1 << 62


@dataclass
class Message:
    """A message, and when it is visible again; `label` is unique in a run."""

    label: str
    body: str
    sent_at: int
    visible_at: int
    attributes: dict[str, Any] = field(default_factory=dict)
    group: str | None = None
    received: int = 0
    receipts: int = 0

    @property
    def reason(self) -> str | None:
        """The reason of a quarantined message; None if receives ran out."""
        return self.attributes["reason"]["StringValue"] if "reason" in self.attributes else None


@dataclass
class Queue:
    """Messages by label; after `max_receives` a message moves to the dead-letter queue."""

    name: str
    visibility: int
    dead_letters: "Queue | None" = None
    max_receives: int = NEVER
    messages: dict[str, Message] = field(default_factory=dict)
    sent: int = 0

    def visible(self, now: int) -> list[Message]:
        return [message for message in self.messages.values() if message.visible_at <= now]

    def receive(self, message: Message, now: int, visibility: int) -> bool:
        """Receive a message, or move it to the dead-letter queue after too many receives and return False."""
        message.received += 1
        if self.dead_letters is not None and message.received > self.max_receives:
            del self.messages[message.label]
            message.received, message.visible_at = 0, now
            self.dead_letters.messages[message.label] = message
            return False
        message.visible_at = now + visibility
        message.receipts += 1
        return True


class SQS:
    """Queues by URL; `on_sent` is told of each message and may delay it, `on_shown` of each made visible early."""

    def __init__(
        self,
        queues: dict[str, Queue],
        now: Callable[[], int],
        on_sent: Callable[[Queue, Message], None],
        on_shown: Callable[[Queue, Message], None],
    ) -> None:
        self.queues = queues
        self._now, self._on_sent, self._on_shown = now, on_sent, on_shown

    def send(self, url: str, entry: dict[str, Any]) -> Message:
        queue, now = self.queues[url], self._now()
        queue.sent += 1
        message = Message(
            label=f"{queue.name}-{queue.sent}",
            body=entry["MessageBody"],
            sent_at=now,
            visible_at=now + entry.get("DelaySeconds", 0) * SECOND,
            attributes=entry.get("MessageAttributes", {}),
            group=entry.get("MessageGroupId"),
        )
        queue.messages[message.label] = message
        self._on_sent(queue, message)
        return message

    def answer(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Carry out one request; raises `Refused` as SQS would."""
        url = request["QueueUrl"]
        queue = self.queues[url]
        match operation:
            case "SendMessage":
                return _sent(self.send(url, request))
            case "SendMessageBatch":
                if not 1 <= len(request["Entries"]) <= 10:
                    raise Refused(400, "AWS.SimpleQueueService.TooManyEntriesInBatchRequest")
                return {"Successful": [{"Id": e["Id"]} | _sent(self.send(url, e)) for e in request["Entries"]]}
            case "ReceiveMessage":
                most = request.get("MaxNumberOfMessages", 1)
                chosen = queue.visible(self._now())[:most]
                received = [m for m in chosen if queue.receive(m, self._now(), request["VisibilityTimeout"] * SECOND)]
                return {"Messages": [_received(message) for message in received]} if received else {}
            case "DeleteMessageBatch":
                for entry in request["Entries"]:
                    queue.messages.pop(entry["ReceiptHandle"], None)
                return {"Successful": [{"Id": entry["Id"]} for entry in request["Entries"]]}
            case "ChangeMessageVisibility":
                label, _, receipts = request["ReceiptHandle"].rpartition("-")
                message = queue.messages.get(label)
                if message is not None and message.receipts == int(receipts):
                    message.visible_at = self._now() + request["VisibilityTimeout"] * SECOND
                    self._on_shown(queue, message)
                return {}
            case "ChangeMessageVisibilityBatch":
                for entry in request["Entries"]:
                    if entry["ReceiptHandle"] in queue.messages:
                        queue.messages[entry["ReceiptHandle"]].visible_at = self._now()
                return {"Successful": [{"Id": entry["Id"]} for entry in request["Entries"]]}
        raise ValueError(f"the model of SQS does not know {operation}: add it")


def _sent(message: Message) -> dict[str, str]:
    return {"MessageId": message.label, "MD5OfMessageBody": _md5(message.body)}


def _received(message: Message) -> dict[str, Any]:
    attributes = {"SentTimestamp": str(message.sent_at)}
    if message.group is not None:
        attributes["MessageGroupId"] = message.group
    return {
        "MessageId": message.label,
        "ReceiptHandle": message.label,
        "Body": message.body,
        "MD5OfBody": _md5(message.body),
        "Attributes": attributes,
        "MessageAttributes": message.attributes,
    }


def _md5(body: str) -> str:
    return hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()


def lambda_record(message: Message) -> dict[str, Any]:
    attributes = {"SentTimestamp": str(message.sent_at), "ApproximateReceiveCount": str(message.received)}
    if message.group is not None:
        attributes["MessageGroupId"] = message.group
    return {
        "messageId": message.label,
        "receiptHandle": f"{message.label}-{message.receipts}",
        "body": message.body,
        "attributes": attributes,
        "messageAttributes": message.attributes,
        "eventSource": "aws:sqs",
    }


def failures(response: Any, labels: list[str]) -> set[str]:
    """The labels that Lambda delivers again after a batch response: all of them if the response is invalid."""
    if not response:
        return set()
    try:
        failed = response.get("batchItemFailures") or []
        again = {entry["itemIdentifier"] for entry in failed}
    except (AttributeError, TypeError, KeyError):
        return set(labels)
    return again if again <= set(labels) and all(again) else set(labels)
