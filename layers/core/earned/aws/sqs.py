"""Queues: sends messages and quarantines refused ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from earned.domain.errors import Rejected
from earned.messages.requests import OutgoingMessage

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageAttributeValueTypeDef, SendMessageBatchRequestEntryTypeDef

MAX_BATCH = 10


class SendFailed(Exception):
    """SQS did not confirm every message; sending all of them again is safe."""


@dataclass(frozen=True)
class Queue:
    client: "SQSClient"
    url: str
    max_batch: int = MAX_BATCH

    def send(self, messages: Sequence[OutgoingMessage]) -> None:
        """Ten messages to a request; raises `SendFailed` unless SQS confirms each of them."""
        for start in range(0, len(messages), self.max_batch):
            entries = [_entry(index, message) for index, message in enumerate(messages[start : start + self.max_batch])]
            answer = self.client.send_message_batch(QueueUrl=self.url, Entries=entries)
            # An empty `Failed` proves nothing: the SDK turns a truncated response into an empty answer.
            if len(answer.get("Successful", [])) < len(entries):
                codes = {entry["Code"] for entry in answer.get("Failed", [])}
                raise SendFailed(", ".join(sorted(codes)) or "the answer was cut short")

    def deliver_again(self, receipt: str) -> None:
        """Show a received message at once, so that it is received again when this one leaves it for a retry."""
        self.client.change_message_visibility(QueueUrl=self.url, ReceiptHandle=receipt, VisibilityTimeout=0)

    def quarantine(self, body: str, rejection: Rejected, group: str | None) -> None:
        """Send a refused body, unchanged, with its stable reason and detail in message attributes of these names."""
        told = {"reason": rejection.reason, "detail": rejection.detail}
        attributes: dict[str, MessageAttributeValueTypeDef] = {
            name: {"DataType": "String", "StringValue": text} for name, text in told.items() if text
        }
        fair: dict[str, Any] = {"MessageGroupId": group} if group else {}
        self.client.send_message(QueueUrl=self.url, MessageBody=body, MessageAttributes=attributes, **fair)


def _entry(index: int, message: OutgoingMessage) -> "SendMessageBatchRequestEntryTypeDef":
    entry: SendMessageBatchRequestEntryTypeDef = {
        "Id": str(index),
        "MessageBody": message.body,
        "MessageGroupId": message.group,
    }
    if message.delay_seconds:
        entry["DelaySeconds"] = message.delay_seconds
    return entry
