"""Sending quarantined messages back, over a queue that remembers what it is asked."""

import json
import signal
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from tools.operations.quarantine import (
    FAULT,
    HOLD_SECONDS,
    WAIT_SECONDS,
    WALK_SECONDS,
    Hold,
    Listing,
    Refused,
    delay_signals,
    held,
    look,
    read,
)
from tools.operations.redrive import (
    MAX_REQUEST_BYTES,
    MAX_SELECTION,
    Step,
    Wanted,
    batches,
    select,
    send_back,
    size_of,
)
from tools.operations.stacks import Pair

DEAD, SOURCE = "https://sqs.example/dead", "https://sqs.example/source"
SENT = 1_772_452_800_250
AT = datetime(2026, 3, 2, 12, 0, 0, 250_000, tzinfo=UTC)


def text(value: str) -> dict[str, str]:
    return {"DataType": "String", "StringValue": value}


def message(
    number: int, reason: str | None = "removed", group: str | None = "co-1", body: str | None = None, **more: str
) -> Any:
    attributes = {} if reason is None else {"reason": text(reason), "detail": text("data.score: is below 0")}
    system = {"SentTimestamp": str(SENT + number)} | ({} if group is None else {"MessageGroupId": group})
    event = {"id": f"ev-{number}", "type": "portal.quiz.graded.v1", "time": "2026-03-02T13:00:00+01:00", "data": {}}
    return {
        "MessageId": f"m-{number}",
        "ReceiptHandle": f"r-{number}",
        "Body": json.dumps(event) if body is None else body,
        "Attributes": system,
        "MessageAttributes": attributes | {name: text(value) for name, value in more.items()},
    }


@dataclass
class Sqs:
    """A dead-letter queue with these answers to receive; `keeps` and `refuses` are ids it neither deletes nor sends."""

    answers: list[list[Any]]
    refuses: frozenset[str] = frozenset()
    keeps: frozenset[str] = frozenset()
    received: list[dict[str, Any]] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)
    deleted: list[dict[str, Any]] = field(default_factory=list)
    released: list[dict[str, Any]] = field(default_factory=list)

    def receive_message(self, **asked: Any) -> dict[str, Any]:
        self.received.append(asked)
        batch = self.answers.pop(0) if self.answers else []
        return {"Messages": batch} if batch else {}

    def send_message_batch(self, **asked: Any) -> dict[str, Any]:
        self.sent.append(asked)
        return self._sorted(asked, self.refuses, "MessageBody")

    def delete_message_batch(self, **asked: Any) -> dict[str, Any]:
        self.deleted.append(asked)
        return self._sorted(asked, self.keeps, "ReceiptHandle")

    def change_message_visibility_batch(self, **asked: Any) -> dict[str, Any]:
        self.released.append(asked)
        return {}

    def get_queue_attributes(self, **asked: Any) -> dict[str, Any]:
        assert asked == {"QueueUrl": DEAD, "AttributeNames": ["ApproximateNumberOfMessagesNotVisible"]}
        return {"Attributes": {"ApproximateNumberOfMessagesNotVisible": "7"}}

    @staticmethod
    def _sorted(asked: dict[str, Any], refused: frozenset[str], name: str) -> dict[str, Any]:
        answer: dict[str, list[dict[str, str]]] = {"Successful": [], "Failed": []}
        for entry in asked["Entries"]:
            if any(one in entry[name] for one in refused):
                answer["Failed"].append({"Id": entry["Id"], "Code": "InternalError"})
            else:
                answer["Successful"].append({"Id": entry["Id"]})
        return {name: entries for name, entries in answer.items() if entries}


def hold_of(*answers: list[Any], **more: Any) -> Hold:
    return Hold(Sqs(list(answers), **more), DEAD)  # type: ignore[arg-type]  # a part of the client


def test_a_message_is_read_without_its_values() -> None:
    assert read(message(1)) == Refused(
        message_id="m-1",
        reason="removed",
        detail="data.score: is below 0",
        since=AT.replace(microsecond=251_000),
        event_id="ev-1",
        event_type="portal.quiz.graded.v1",
        event_time=AT.replace(microsecond=0),
    )


@pytest.mark.parametrize("body", ["no JSON", "[1]", "[" * 100_000, '{"id": "Ada Sample", "type": 7, "time": "noon"}'])
def test_of_a_message_that_is_no_event_only_the_fault_is_read(body: str) -> None:
    found = read(message(0, reason=None, body=body))
    assert found == Refused("m-0", FAULT, None, AT, None, None, None)


@pytest.mark.parametrize("time_of_event", ["2026-03-02T12:00:00", "0001-01-01T00:00:00+23:59", 7, None])
def test_a_time_that_is_none_is_not_shown(time_of_event: object) -> None:
    assert read(message(0, body=json.dumps({"time": time_of_event}))).event_time is None


@pytest.mark.parametrize(
    ("reason", "shown"), [("a" * 64, "a" * 64), ("a" * 65, FAULT), ("Ada", FAULT), ("7", FAULT), ("", FAULT)]
)
def test_a_reason_is_shown_only_if_it_is_a_code(reason: str, shown: str) -> None:
    assert read(message(0, reason=reason)).reason == shown


def test_messages_are_received_until_two_answers_are_empty_and_each_counts_once() -> None:
    hold = hold_of([], [message(1), message(2)], [], [message(2), message(3)], [], [], [message(4)])

    assert [one["MessageId"] for one in hold.messages()] == ["m-1", "m-2", "m-3"]
    assert hold.complete
    sqs: Any = hold.sqs
    assert len(sqs.received) == 6
    assert sqs.received[0] == {
        "QueueUrl": DEAD,
        "MaxNumberOfMessages": 10,
        "VisibilityTimeout": HOLD_SECONDS,
        "WaitTimeSeconds": WAIT_SECONDS,
        "MessageSystemAttributeNames": ["SentTimestamp", "MessageGroupId"],
        "MessageAttributeNames": ["All"],
    }


def test_what_is_not_deleted_is_visible_again_after_the_hold_also_when_it_fails() -> None:
    sqs = Sqs([[message(number) for number in range(6)], [message(number) for number in range(6, 12)]])

    def take() -> None:
        with held(sqs, DEAD) as hold:  # type: ignore[arg-type]  # a part of the client
            everything = list(hold.messages())
            assert hold.delete(everything[:1]) == 0
            raise ConnectionError

    with pytest.raises(ConnectionError):
        take()
    entries = [entry for batch in sqs.released for entry in batch["Entries"]]
    assert [entry["ReceiptHandle"] for entry in entries] == [f"r-{number}" for number in range(1, 12)]
    assert {entry["VisibilityTimeout"] for entry in entries} == {0}
    assert [[entry["Id"] for entry in batch["Entries"]] for batch in sqs.released] == [list("0123456789"), ["0"]]
    assert {batch["QueueUrl"] for batch in (*sqs.released, *sqs.deleted)} == {DEAD}


def test_a_listing_is_oldest_first_and_counts_by_reason_the_commonest_first() -> None:
    sqs: Any = Sqs([[message(3), message(1, "not-json"), message(2)]])
    listing = look(sqs, Pair("progress", SOURCE, DEAD))

    assert [one.message_id for one in listing.refused] == ["m-1", "m-2", "m-3"]
    assert (listing.queue, listing.complete, listing.elsewhere) == ("progress", True, 7)
    assert isinstance(listing, Listing)
    assert {reason: len(found) for reason, found in listing.by_reason().items()} == {"removed": 2, "not-json": 1}
    assert list(listing.by_reason()) == ["removed", "not-json"]
    assert listing.by_reason()["not-json"] == [listing.refused[0]]
    assert {asked["QueueUrl"] for asked in (*sqs.received, *sqs.released)} == {DEAD}


def test_a_listing_ends_when_its_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    hold = hold_of([message(1)], [message(2)])
    found = hold.messages()
    assert next(found)["MessageId"] == "m-1"
    now[0] += WALK_SECONDS
    assert list(found) == []
    assert not hold.complete


def test_a_deletion_that_sqs_refuses_altogether_deletes_nothing() -> None:
    hold = hold_of([message(1)], keeps=frozenset({"r-"}))
    assert hold.delete(list(hold.messages())) == 1
    hold.release()
    sqs: Any = hold.sqs
    assert len(sqs.released) == 1


def test_a_message_without_attributes_is_a_fault() -> None:
    bare = message(0)
    del bare["MessageAttributes"]
    assert (read(bare).reason, read(bare).detail) == (FAULT, None)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_waits_for_the_end_of_the_block_and_arrives_once(number: signal.Signals) -> None:
    arrived: list[int] = []
    before = signal.signal(number, lambda arriving, _: arrived.append(arriving))
    try:
        with delay_signals():
            for _ in range(2):
                signal.raise_signal(number)
            during = list(arrived)
        assert (during, arrived) == ([], [number])
        signal.raise_signal(number)
        assert arrived == [number, number]
    finally:
        signal.signal(number, before)


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        (Wanted(), [1, 2, 3]),
        (Wanted("removed"), [1, 3]),
        (Wanted(ids=frozenset({"ev-2"})), [2]),
        (Wanted(ids=frozenset({"m-3", "ev-1"})), [1, 3]),
        (Wanted("not-json", frozenset({"ev-1", "ev-2"})), [2]),
        (Wanted("elsewhere"), []),
    ],
)
def test_only_messages_of_the_reason_and_of_the_ids_are_chosen(wanted: Wanted, chosen: list[int]) -> None:
    hold = hold_of([message(1), message(2, "not-json"), message(3)])
    assert [one["MessageId"] for one in select(hold, wanted, 100)] == [f"m-{number}" for number in chosen]


@pytest.mark.parametrize(("limit", "number"), [(1, 1), (2, 2), (3, 3), (4, 3)])
def test_no_more_messages_are_chosen_than_asked_for(limit: int, number: int) -> None:
    assert len(select(hold_of([message(1), message(2), message(3)]), Wanted(), limit)) == number


class Large(str):
    """A text of 256 MiB that takes no memory."""

    __slots__ = ()

    def encode(self, *_: Any) -> Any:
        return range(MAX_SELECTION)


def test_a_choice_ends_beyond_256_mebibytes() -> None:
    messages = [message(number, None, body=body) for number, body in enumerate((Large(), "b", "c"))]
    assert [one["Body"] for one in select(hold_of(messages), Wanted(), 9)] == ["", "b"]


def test_a_message_is_sent_back_as_it_first_came_and_deleted_once_it_is_sent() -> None:
    chosen = [message(1, other="stays"), message(2, group=None)]
    del chosen[1]["MessageAttributes"]
    hold = hold_of(chosen)
    assert [one["MessageId"] for one in select(hold, Wanted(), 9)] == ["m-1", "m-2"]
    steps = list(send_back(hold, SOURCE, chosen))

    sqs: Any = hold.sqs
    assert steps == [Step(2, [])]
    assert sqs.sent == [
        {
            "QueueUrl": SOURCE,
            "Entries": [
                {
                    "Id": "0",
                    "MessageBody": chosen[0]["Body"],
                    "MessageAttributes": {"other": text("stays")},
                    "MessageGroupId": "co-1",
                },
                {"Id": "1", "MessageBody": chosen[1]["Body"]},
            ],
        }
    ]
    assert [entry["ReceiptHandle"] for entry in sqs.deleted[0]["Entries"]] == ["r-1", "r-2"]


def test_what_is_not_sent_stays_and_what_is_not_deleted_is_counted() -> None:
    chosen = [message(number) for number in range(3)]
    hold = hold_of(chosen, refuses=frozenset({'"ev-1"'}), keeps=frozenset({"r-2"}))
    select(hold, Wanted(), 9)

    assert list(send_back(hold, SOURCE, chosen)) == [Step(2, ["InternalError"], 1)]
    sqs: Any = hold.sqs
    assert [entry["ReceiptHandle"] for entry in sqs.deleted[0]["Entries"]] == ["r-0", "r-2"]
    hold.release()
    assert [entry["ReceiptHandle"] for entry in sqs.released[0]["Entries"]] == ["r-1", "r-2"]


def test_nothing_is_deleted_when_nothing_is_sent() -> None:
    hold = hold_of(refuses=frozenset({"ev-"}))
    assert list(send_back(hold, SOURCE, [message(1)])) == [Step(0, ["InternalError"], 0)]
    sqs: Any = hold.sqs
    assert sqs.deleted == []


def test_nothing_is_sent_once_the_hold_is_over() -> None:
    hold = hold_of()
    hold.until = time.monotonic() - 1
    assert list(send_back(hold, SOURCE, [message(1)])) == []


def test_a_hold_lasts_as_long_as_its_messages_are_hidden() -> None:
    assert hold_of().until - time.monotonic() == pytest.approx(HOLD_SECONDS, abs=60)


def test_the_size_of_a_message_is_that_of_its_body_and_attributes_in_bytes() -> None:
    attributes = {"é": text("ü"), "b": {"DataType": "Binary", "BinaryValue": b"123"}}
    sized: Any = {"Body": "äb", "MessageAttributes": attributes}
    assert size_of(sized) == 3 + (2 + 6 + 2) + (1 + 6 + 3)
    assert size_of({"Body": "ab"}) == 2


@pytest.mark.parametrize(
    ("sizes", "batched"),
    [
        ([], []),
        ([1], [1]),
        ([1] * 10, [10]),
        ([1] * 11, [10, 1]),
        ([1] * 21, [10, 10, 1]),
        ([MAX_REQUEST_BYTES - 1, 1], [2]),
        ([MAX_REQUEST_BYTES - 1, 2], [1, 1]),
        ([MAX_REQUEST_BYTES + 5, 1], [1, 1]),
        ([1, MAX_REQUEST_BYTES, 1], [1, 1, 1]),
        ([MAX_REQUEST_BYTES // 2] * 4, [2, 2]),
    ],
)
def test_a_request_takes_ten_messages_and_256_kilobytes(sizes: list[int], batched: list[int]) -> None:
    assert MAX_REQUEST_BYTES == 256 * 1024
    messages: list[Any] = [{"Body": "x" * size} for size in sizes]
    found = list(batches(messages))
    assert [len(batch) for batch in found] == batched
    assert [one for batch in found for one in batch] == messages
