"""The portal's side of the contract: post to the queues, listen to the bus, read the API."""

import contextlib
import json
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Self

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from tools.batched import batched
from tools.local.scenario import Message
from tools.local.stack import LocalStack

BATCH = 10


@dataclass
class Queues:
    """The stack's queues; `posted` is when something new was last posted for each `Message.concerns` (monotonic)."""

    stack: LocalStack
    posted: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._sqs = self.stack.session().client("sqs", endpoint_url=self.stack.aws_endpoint)
        self._seen: set[str] = set()

    def post(self, messages: Sequence[Message]) -> None:
        for name, url in self.stack.queues.items():
            of_queue = [message for message in messages if message.queue == name]
            for batch in batched(of_queue, BATCH):
                self._send(url, batch)

    def _send(self, url: str, batch: Sequence[Message]) -> None:
        entries = [_entry(str(number), message) for number, message in enumerate(batch)]
        reply = self._sqs.send_message_batch(QueueUrl=url, Entries=entries)  # type: ignore[arg-type] # plain dicts
        if failed := reply.get("Failed"):
            raise RuntimeError(f"{url} took {len(batch) - len(failed)} of {len(batch)} messages: {failed[0]}")
        for message in batch:
            if message.body not in self._seen:
                self._seen.add(message.body)
                self.posted[message.concerns] = time.monotonic()

    def waiting(self, urls: Iterable[str]) -> int:
        replies = [self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"]) for url in urls]
        counts = [reply["Attributes"] for reply in replies]
        return sum(
            int(count["ApproximateNumberOfMessages"]) + int(count["ApproximateNumberOfMessagesNotVisible"])
            for count in counts
        )

    def dead_letters(self, url: str) -> list[tuple[str, str]]:
        letters: list[tuple[str, str]] = []
        options: dict[str, Any] = {"MaxNumberOfMessages": BATCH, "MessageAttributeNames": ["reason"]}
        while found := self._sqs.receive_message(QueueUrl=url, VisibilityTimeout=60, **options).get("Messages"):
            letters += [(letter["Body"], _reason(letter)) for letter in found]
        return letters


def _entry(number: str, message: Message) -> dict[str, str]:
    entry = {"Id": number, "MessageBody": message.body}
    return entry | {"MessageGroupId": message.group} if message.group else entry


def _reason(letter: Any) -> str:
    reason: str = letter.get("MessageAttributes", {}).get("reason", {}).get("StringValue", "")
    return reason


REFUSED = "earned.event.refused.v1"


@dataclass(frozen=True)
class Announcement:
    """An event from the bus and when it was received (monotonic)."""

    type: str
    event: dict[str, Any]
    received: float

    @property
    def enrollment_id(self) -> str:
        return str(self.event["data"]["enrollment_id"])


class Listener:
    """Collects everything that the service announces, through a rule on its bus and a queue of its own.

    `announcements` are about certificates, `refusals` about events.
    """

    def __init__(self, stack: LocalStack) -> None:
        self.announcements: list[Announcement] = []
        self.refusals: list[Announcement] = []
        self._done = threading.Event()
        session, endpoint = stack.session(), stack.aws_endpoint
        self._sqs, events = (
            session.client("sqs", endpoint_url=endpoint),
            session.client("events", endpoint_url=endpoint),
        )
        self._url = self._sqs.create_queue(QueueName="demo-listener")["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])["Attributes"]
        events.put_rule(Name="demo", EventBusName=stack.bus, EventPattern=json.dumps({"source": ["earned"]}))
        target = {"Id": "demo", "Arn": attributes["QueueArn"]}
        events.put_targets(Rule="demo", EventBusName=stack.bus, Targets=[target])  # type: ignore[list-item] # plain dict
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _listen(self) -> None:
        while not self._done.is_set():
            with contextlib.suppress(BotoCoreError, ClientError):  # a drill has stopped SQS
                self._receive()

    def _receive(self) -> None:
        reply = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=BATCH, WaitTimeSeconds=1)
        for message in reply.get("Messages", []):
            event = json.loads(message["Body"])
            one = Announcement(event["detail-type"], event["detail"], time.monotonic())
            if "certificate_id" in one.event["data"]:
                self.announcements.append(one)
            elif one.type == REFUSED:
                self.refusals.append(one)
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])


class Reader:
    """The API as the owner of a token sees it; None is no token."""

    def __init__(self, stack: LocalStack, token: str | None) -> None:
        self._base = stack.api
        self._headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        self._answers: dict[str, httpx.Response] = {}

    def get(self, path: str, **query: str | int) -> httpx.Response:
        return _http().get(self._base + path, params=query or None, headers=self._headers)

    def post(self, path: str, body: dict[str, Any] | None) -> httpx.Response:
        return _http().post(self._base + path, json=body, headers=self._headers)

    def get_once(self, path: str) -> httpx.Response:
        """Request a path whose answer does not change; only the first call asks the API."""
        if path not in self._answers:
            self._answers[path] = self.get(path)
        return self._answers[path]

    def items(self, path: str) -> Iterator[dict[str, Any]]:
        """Read a list page by page, in small pages so that cursors are used. Raises httpx.HTTPStatusError."""
        query: dict[str, str | int] = {"limit": 7}
        while True:
            page = self.get(path, **query).raise_for_status().json()
            yield from page["items"]
            if "next_cursor" not in page:
                return
            query["cursor"] = page["next_cursor"]


def fetch(url: str, accept: str = "*/*") -> httpx.Response:
    return _http().get(url, headers={"Accept": accept}, follow_redirects=True)


@cache
def _http() -> httpx.Client:
    """One client for all readers: each would load all certificate authorities, and loopback needs none."""
    return httpx.Client(timeout=30, trust_env=False)
