"""Messages of moto's queues, received and deleted as Lambda's event source does: beside the clients of the service.

The SDK and moto's HTTP layer would take a tenth of a test's time for it (decision 43).
"""

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from moto.sqs.models import SQSBackend, sqs_backends

BATCH = 10


def number_visible(url: str) -> int:
    backend, name = _found(url)
    return len(backend.queues[name].messages)


def receive(url: str) -> list[dict[str, Any]]:
    # In the form of SQS's ReceiveMessage with all attributes; the messages stay, invisible.
    backend, name = _found(url)
    visibility: int = vars(backend.queues[name])["visibility_timeout"]
    return [
        {
            "MessageId": message.id,
            "ReceiptHandle": message.receipt_handle,
            "Body": message.body,
            "MessageAttributes": message.message_attributes,
            "Attributes": {
                "SenderId": message.sender_id,
                "SentTimestamp": str(message.sent_timestamp),
                "ApproximateReceiveCount": str(message.approximate_receive_count),
                **({"MessageGroupId": message.group_id} if message.group_id is not None else {}),
            },
        }
        for message in backend.receive_message(name, BATCH, 0, visibility, ["All"])
    ]


def delete(url: str, messages: Sequence[dict[str, Any]]) -> None:
    backend, name = _found(url)
    receipts = [{"Id": message["MessageId"], "ReceiptHandle": message["ReceiptHandle"]} for message in messages]
    backend.delete_message_batch(name, receipts)  # passes over what is gone already


def take_all(url: str) -> Iterator[dict[str, Any]]:
    while batch := receive(url):
        delete(url, batch)
        yield from batch


def make_visible(url: str) -> None:
    backend, name = _found(url)
    for message in backend.queues[name]._messages:
        message.change_visibility(0)


def _found(url: str) -> tuple[SQSBackend, str]:
    address = urlsplit(url)  # such as https://sqs.eu-west-1.amazonaws.com/123456789012/progress
    _, account, name = address.path.split("/")
    region = address.netloc.split(".")[1]
    return sqs_backends[account][region], name
