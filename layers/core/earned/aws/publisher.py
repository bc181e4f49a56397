"""Posts the portal's events to the queues: in batches, with retries, and with a list of what was not sent."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from earned.messages.events import MAX_EVENT_BYTES
from earned.messages.posting import Event

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

MAX_BATCH = 10
# SQS takes 1 MiB since August 2025, but queues and emulators from before take this. SQS bills each 64 KiB as a request,
# so that a larger batch is not cheaper.
MAX_BATCH_BYTES = 256 * 1024
PAUSES = (0.2, 0.4, 0.8)
CUT_SHORT = "the answer was cut short"
NOT_TRIED = "not tried after the error of an earlier request"
NAMED = 10


class NotSent(Exception):
    """SQS did not confirm these events. Send the same events again: a repeated event changes nothing."""

    def __init__(self, failures: Sequence[tuple[Event, str]], of: int) -> None:
        named = ", ".join(f"{event.type} {event.id} ({reason})" for event, reason in failures[:NAMED])
        more = f" and {len(failures) - NAMED} more" if len(failures) > NAMED else ""
        super().__init__(f"{len(failures)} of {of} events were not sent: {named}{more}")
        self.events = [event for event, _ in failures]
        self.reasons = [reason for _, reason in failures]


@dataclass(frozen=True)
class _Batch:
    queue: str
    events: list[Event]


@dataclass(frozen=True)
class Publisher:
    """`queues` has the URLs of the queues `directory`, `progress` and `attendance`.

    A message that SQS does not take is sent again after each of `pauses`, in seconds.
    """

    client: "SQSClient"
    queues: Mapping[str, str]
    pauses: Sequence[float] = PAUSES
    sleep: Callable[[float], None] = time.sleep

    def send(self, *events: Event) -> None:
        """Send each event to the queue of its type.

        Raises `NotSent` with the events that SQS did not confirm. Raises ValueError before the first request if an
        event is too large, has no queue, or has one without a URL.
        """
        batches = list(_batches(events))
        missing = {batch.queue for batch in batches} - set(self.queues)
        if missing:
            raise ValueError(f"queues: no URL of {', '.join(sorted(missing))}")
        failures: list[tuple[Event, str]] = []
        error: Exception | None = None
        for batch in batches:
            if error is None:
                failed, error = self._send(batch)
                failures += failed
            else:
                failures += [(event, NOT_TRIED) for event in batch.events]
        if failures:
            raise NotSent(failures, len(events)) from error

    def _send(self, batch: _Batch) -> tuple[list[tuple[Event, str]], Exception | None]:
        """The events that were not taken, with their reasons, and the error of a request that failed as a whole."""
        waiting = {str(number): _entry(number, event) for number, event in enumerate(batch.events)}
        reasons: dict[str, str] = {}
        for pause in (0.0, *self.pauses):
            if pause:
                self.sleep(pause)
            try:
                answer = self.client.send_message_batch(
                    QueueUrl=self.queues[batch.queue], Entries=list(waiting.values())
                )
            except (BotoCoreError, ClientError) as error:
                return _failures(batch, reasons | dict.fromkeys(waiting, _code(error))), error
            # An empty `Failed` proves nothing: the SDK makes an empty answer of one that was cut short.
            taken = {entry["Id"] for entry in answer.get("Successful", [])}
            failed = {entry["Id"]: entry for entry in answer.get("Failed", [])}
            for number in waiting:
                reasons[number] = failed[number]["Code"] if number in failed else CUT_SHORT
            for number in taken:
                del reasons[number]
            final = {number for number, entry in failed.items() if entry["SenderFault"]}
            waiting = {number: entry for number, entry in waiting.items() if number not in taken | final}
            if not waiting:
                break
        return _failures(batch, reasons), None


def _batches(events: Iterable[Event]) -> Iterator[_Batch]:
    """The events of each queue in their order, as many to a batch as SQS takes."""
    open_: dict[str, _Batch] = {}
    sizes: dict[str, int] = {}
    for event in events:
        size = len(event.body().encode())
        if size > MAX_EVENT_BYTES:
            raise ValueError(f"{event.type} {event.id}: an event may have at most {MAX_EVENT_BYTES} bytes, not {size}")
        batch = open_.setdefault(event.queue, _Batch(event.queue, []))
        used = sizes.get(event.queue, 0)
        if len(batch.events) == MAX_BATCH or used + size > MAX_BATCH_BYTES:
            yield batch
            batch = open_[event.queue] = _Batch(event.queue, [])
            used = 0
        batch.events.append(event)
        sizes[event.queue] = used + size
    yield from open_.values()


def _entry(number: int, event: Event) -> "SendMessageBatchRequestEntryTypeDef":
    entry: SendMessageBatchRequestEntryTypeDef = {"Id": str(number), "MessageBody": event.body()}
    if event.group is not None:
        entry["MessageGroupId"] = event.group
    return entry


def _code(error: BotoCoreError | ClientError) -> str:
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__


def _failures(batch: _Batch, reasons: Mapping[str, str]) -> list[tuple[Event, str]]:
    return [(event, reasons[str(number)]) for number, event in enumerate(batch.events) if str(number) in reasons]
