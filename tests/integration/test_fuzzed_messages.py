"""Every posted message is recorded or quarantined with a documented reason, is never retried, and is never logged."""

import io
import json
import logging
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from earned.aws import sqs_batch
from earned.aws.dynamodb import enrollment_keys, table
from earned.domain.enrollment import EnrollmentKey
from earned.domain.fact_codec import encode
from earned.domain.timestamps import from_milliseconds
from earned.messages import events
from earned.messages.events import ATTENDANCE, DIRECTORY, PROGRESS
from earned.testing.cloudformation import ROOT
from earned.testing.lambda_events import LambdaContext
from earned.testing.service import Service
from tests.integration.mutations import KNOWN, NOT_FOR_SQS, OF_QUEUE, SECRET, fresh, message
from tests.integration.wire import Key, Wire
from tests.unit.messages.event_examples import EVERY_PATH, JSON, posted, put
from tests.unit.messages.published_schemas import VALIDATORS
from tools.story import cloud_event

Record = Callable[[str, object], None]
EVENT_ID = re.compile(r'"event_id":"[^"]*"')  # logged, so that the portal can find the event
KINDS: dict[str, Any] = {"directory": DIRECTORY, "progress": PROGRESS, "attendance": ATTENDANCE}
REASONS = set(
    re.findall(r"^\| `([a-z-]+)` \|", (ROOT / "docs/runbook.md").read_text().partition("## Reasons")[2], re.MULTILINE)
)
# Quarantined after they may have been recorded, in a record that nothing reads.
COUNTED_NOTHING = {"account-mismatch", "training-mismatch", "enrollment-taken", "removed"}
OUTCOMES = {"recorded", "too-large", "not-json", "not-a-cloudevent", "unknown-type", "unknown-version", "wrong-queue"}
OUTCOMES_OF = {
    "directory": {"invalid-data", "enrollment-taken", "time-out-of-range"},
    "progress": {"invalid-data", "account-mismatch", "time-out-of-range"},
    "attendance": {"not-an-administrator", "marked-before-end", "account-mismatch", "training-mismatch"},
}
SENT = 1772454615000  # 2026-03-02T12:30:15Z
BATCH = 20
MESSAGES = 2_000
SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 50))]


@dataclass
class Fuzzed:
    """The three recording functions with captured requests and logs."""

    service: Service
    wire: Wire
    log: io.StringIO

    def deliver(self, queue: str, bodies: list[str]) -> dict[str, Any]:
        """Invoke a function with a batch, as Lambda's event source does."""
        self.wire.forget()
        self.log.seek(0)
        self.log.truncate()
        attributes = {"SentTimestamp": str(SENT), "MessageGroupId": "group"}
        records = [
            {
                "messageId": f"message-{number}",
                "receiptHandle": f"receipt-{number}",
                "body": body,
                "attributes": attributes,
            }
            for number, body in enumerate(bodies)
        ]
        handler = self.service.apps[f"record_{queue}"].handler
        with redirect_stdout(self.log):
            response: dict[str, Any] = handler({"Records": records}, LambdaContext())
        return response

    def wrong(self, queue: str, bodies: list[str], good: str) -> list[str]:
        """The violations after a batch is delivered; `good` is a message in it that must be recorded."""
        again = [one["itemIdentifier"] for one in self.deliver(queue, bodies)["batchItemFailures"]]
        told = [f"delayed: {bodies[int(name.removeprefix('message-'))]}" for name in again]
        told += [mistake for body in bodies for mistake in self._wrong_with(queue, body)]
        told += [f"recorded and quarantined: {body}" for body in bodies if self._is_in_both(body, bodies)]
        told += [f"the good one was refused: {good}"] if self.reasons(good) else []
        return told + ([f"logged: {self.log.getvalue()}"] if SECRET in EVENT_ID.sub("", self.log.getvalue()) else [])

    def reasons(self, body: str) -> list[str]:
        """The reasons with which a message was quarantined, one for each time."""
        return [reason for (kept, reason), times in self.wire.quarantined.items() if kept == body for _ in range(times)]

    def _wrong_with(self, queue: str, body: str) -> Iterator[str]:
        reasons = self.reasons(body)
        if not set(reasons) <= REASONS:
            yield f"{reasons} is no documented reason: {body}"
        if not reasons and not is_allowed(queue, body):
            yield f"accepted: {body}"
        if not reasons and not self._is_recorded(body):
            yield f"lost: {body}"

    def _is_recorded(self, body: str) -> bool:
        recorded = self.wire.recorded.get(key_of(body))
        facts = facts_of(body)
        return recorded is not None and (facts is None or facts <= set(recorded))

    def _is_in_both(self, body: str, bodies: list[str]) -> bool:
        """Whether a quarantined message changed a record that no other message of the batch may change."""
        if self._may_record(body):
            return False
        with suppress(ValueError, TypeError, LookupError, AttributeError, RecursionError):
            key = key_of(body)
            asked_for = {key for one in bodies if self._may_record(one) for key in keys_of(one)}
            return key in self.wire.recorded and key not in asked_for
        return False

    def _may_record(self, body: str) -> bool:
        return set(self.reasons(body)) <= COUNTED_NOTHING


def is_allowed(queue: str, body: str) -> bool:
    """Whether the published schema of a type of this queue allows a message."""
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return False
    kind = event.get("type") if isinstance(event, dict) else None
    return isinstance(kind, str) and kind in KINDS[queue] and VALIDATORS[kind].is_valid(event)


def facts_of(body: str) -> frozenset[bytes] | None:
    """The stored form of a message's fact; None for a directory event."""
    kinds: Any = {**DIRECTORY, **PROGRESS, **ATTENDANCE}
    event = events.read(body, kinds, received_at=from_milliseconds(SENT), tolerance=timedelta(minutes=5))
    return encode(event.data.enrollment_id, event.fact()) if hasattr(event, "fact") else None


def key_of(body: str) -> Key:
    """The key of the item that an accepted message is recorded in."""
    event = json.loads(body)
    data, subject = event["data"], event["type"].split(".")[1]
    match subject:
        case "company" | "account":
            return f"{subject}#{data[f'{subject}_id']}", table.ROOT_SORT_KEY
        case "course" | "live-event":
            return f"training#{data[subject.replace('-', '_') + '_id']}", table.ROOT_SORT_KEY
        case _:
            return enrollment_keys.row_key(EnrollmentKey(data["enrollment_id"], data["account_id"]))


def keys_of(body: str) -> set[Key]:
    """The keys of all items a message may change.

    An enrollment also adds its company to its account, and its live event to the calendar.
    """
    event = json.loads(body)
    enrolls = event["type"].startswith("portal.enrollment.created")
    if not enrolls:
        return {key_of(body)}
    named = (f"account#{event['data']['account_id']}", f"training#{event['data']['training_id']}")
    return {key_of(body), *((partition, table.ROOT_SORT_KEY) for partition in named)}


@pytest.fixture(scope="module")
def fuzzed(running: Service) -> Iterator[Fuzzed]:
    """The functions with captured requests, and one known enrollment in a live event."""
    times = {"starts_at": "2026-01-05T08:00:00Z", "ends_at": "2026-01-05T10:00:00Z", "timezone": "UTC"}
    data = {"live_event_id": KNOWN["live_event_id"], "title": "Open Day"} | times
    running.post("Directory", cloud_event("live-event.scheduled", data))
    whose = {"enrollment_id": KNOWN["enrollment_id"], "account_id": KNOWN["account_id"]}
    running.post("Directory", cloud_event("enrollment.created", whose | {"training_id": KNOWN["live_event_id"]}))
    running.settle()
    rows = boto3.client("dynamodb").scan(TableName=running.outputs["RecordsTableName"])["Items"]
    known = {(row["pk"]["S"], row["sk"]["S"]): row for row in rows if "known" in row["pk"]["S"] + row["sk"]["S"]}
    with heard() as log, ExitStack() as stack:
        fuzzed = Fuzzed(running, Wire(known), log)
        clients = [
            client
            for app in (running.apps[f"record_{queue}"] for queue in KINDS)
            for client in (app.sqs, app.refusals.bus.client)
        ]
        stack.enter_context(fuzzed.wire.between(*clients, table.Row._get_connection().connection.client))
        yield fuzzed


@contextmanager
def heard() -> Iterator[io.StringIO]:
    """Captures everything that the service logs."""
    log, handlers = io.StringIO(), [one for one in sqs_batch.logger.handlers if isinstance(one, logging.StreamHandler)]
    streams = [handler.setStream(log) for handler in handlers]
    yield log
    for handler, stream in zip(handlers, streams, strict=True):
        handler.setStream(stream)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("queue", KINDS)
def test_random_messages_are_recorded_or_quarantined_and_never_retried(
    fuzzed: Fuzzed, queue: str, seed: int, record_property: Record
) -> None:
    chance, outcomes, wrong = random.Random(f"{queue} {seed}"), Counter[str](), []
    for first in range(0, MESSAGES, BATCH):
        bodies = [message(chance, queue, number) for number in range(first, first + BATCH)]
        good = json.dumps(fresh(chance, chance.choice(OF_QUEUE[queue]), first - MESSAGES))
        bodies.insert(chance.randint(0, BATCH), good)
        wrong += fuzzed.wrong(queue, bodies, good)
        outcomes.update(reason for body in bodies for reason in fuzzed.reasons(body)[:1] or ["recorded"])
    record_property(f"random messages, {queue}", dict(outcomes))
    assert seed or outcomes.keys() >= OUTCOMES | OUTCOMES_OF[queue]  # the first seed must see all of them
    assert not wrong, "\n".join([f"{len(wrong)} wrong", *wrong[:10]])


ANYTHING = st.text(min_size=1).map(lambda text: NOT_FOR_SQS.sub("?", text))
MUTATED = st.builds(lambda where, value: put(posted(where[0]), where[1], value), st.sampled_from(EVERY_PATH), JSON)


@pytest.mark.parametrize("queue", KINDS)
def test_arbitrary_messages_are_recorded_or_quarantined_and_never_retried(fuzzed: Fuzzed, queue: str) -> None:
    good = json.dumps(fresh(random.Random(0), OF_QUEUE[queue][0], -1))

    @settings(max_examples=100, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(ANYTHING | JSON.map(json.dumps) | MUTATED.map(json.dumps), max_size=9))
    def deliver(bodies: list[str]) -> None:
        assert fuzzed.wrong(queue, [*bodies, good], good) == []

    deliver()
