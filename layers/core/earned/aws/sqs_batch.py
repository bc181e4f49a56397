"""One batch from SQS: each message is processed, quarantined with its reason, or left for a retry."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from aws_lambda_powertools import Logger

from earned.aws import metrics
from earned.aws.eventbridge import Refusals
from earned.aws.sqs import Queue
from earned.domain.errors import Rejected
from earned.messages.labels import labels

logger = Logger()
EventT = TypeVar("EventT")
EventT_co = TypeVar("EventT_co", covariant=True)


@dataclass(frozen=True)
class ReceivedMessage(Generic[EventT_co]):
    """A message and the event read from it; `sent` is SQS's `SentTimestamp`, in milliseconds since 1970."""

    message_id: str
    receipt: str
    body: str
    group: str | None
    sent: int
    event: EventT_co

    def of(self, event: EventT) -> "ReceivedMessage[EventT]":
        return ReceivedMessage(self.message_id, self.receipt, self.body, self.group, self.sent, event)


class SqsBatch:
    """The messages of one invocation, and those that SQS must deliver again.

    Lambda gets an answer per message (`ReportBatchItemFailures`), so a failure affects one message only.
    """

    def __init__(self, lambda_event: dict[str, Any], dead_letters: Queue, refusals: Refusals | None = None) -> None:
        self._records: list[dict[str, Any]] = lambda_event["Records"]
        self._dead_letters = dead_letters
        self._refusals = refusals
        self._retries: set[str] = set()

    def read(self, reader: Callable[[str, int], EventT]) -> list[ReceivedMessage[EventT]]:
        """The messages whose body and `sent` the reader takes; those that it rejects are quarantined."""
        accepted: list[ReceivedMessage[EventT]] = []
        for record in self._records:
            attributes = record["attributes"]
            raw: ReceivedMessage[Any] = ReceivedMessage(
                message_id=record["messageId"],
                receipt=record["receiptHandle"],
                body=record["body"],
                group=attributes.get("MessageGroupId"),
                sent=int(attributes["SentTimestamp"]),
                event=None,
            )
            with self.retry_on_error(raw):
                try:
                    event = reader(raw.body, raw.sent)
                    accepted.append(raw.of(event))
                except Rejected as rejection:
                    self.quarantine(raw, rejection)
        return accepted

    def quarantine(self, received: ReceivedMessage[Any], rejection: Rejected) -> None:
        """Send a message that can never succeed to the dead-letter queue with its reason, and announce it (I3, N5)."""
        with self.retry_on_error(received):
            self._dead_letters.quarantine(received.body, rejection, received.group)
            if self._refusals is not None:
                self._refusals.announce(received.message_id, received.body, received.sent, rejection)
            logger.warning(
                "event refused",
                extra={
                    "message_id": received.message_id,
                    "event_id": labels(received.body).event_id,
                    "reason": rejection.reason,
                    "detail": rejection.detail,
                },
            )
            metrics.count("EventsRefused")

    @contextmanager
    def retry_on_error(self, *received: ReceivedMessage[Any]) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            logger.error("left for a retry", extra={"error": type(error).__qualname__, "messages": len(received)})
            metrics.count("MessagesFailed", len(received))
            self.retry(received)

    def retry(self, received: Iterable[ReceivedMessage[Any]]) -> None:
        self._retries.update(one.message_id for one in received)

    def response(self) -> dict[str, Any]:
        """The answer to Lambda, which deletes every message that is not named."""
        return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in sorted(self._retries)]}
