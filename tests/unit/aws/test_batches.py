"""A batch from SQS, the queue that takes refused messages, and the bus: each message has one fate."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from earned.aws.eventbridge import AnnouncementFailed, Bus, Refusals
from earned.aws.sqs import Queue, SendFailed
from earned.aws.sqs_batch import ReceivedMessage, SqsBatch
from earned.domain.errors import Rejected
from earned.messages.announcements import Announcement
from earned.messages.requests import OutgoingMessage

URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/dead"
SENT = 1_772_452_800_250
BODY = json.dumps({"id": "ev-1", "type": "portal.lesson.completed.v1", "data": {"enrollment_id": "enr-1"}})


@dataclass
class Sqs:
    """Remembers what it is sent; of a batch it confirms so many entries, and says `failed` of the others."""

    confirms: int = 10
    failed: list[dict[str, str]] = field(default_factory=list)
    fault: Exception | None = None
    sent: list[dict[str, Any]] = field(default_factory=list)

    def send_message(self, **message: Any) -> dict[str, Any]:
        if self.fault is not None:
            raise self.fault
        self.sent.append(message)
        return {}

    def change_message_visibility(self, **change: Any) -> dict[str, Any]:
        self.sent.append(change)
        return {}

    def send_message_batch(self, **batch: Any) -> dict[str, Any]:
        self.sent.append(batch)
        taken = [{"Id": entry["Id"]} for entry in batch["Entries"][: self.confirms]]
        return {"Successful": taken, "Failed": self.failed} if taken or self.failed else {}


@dataclass
class Events:
    """Remembers what it is sent; refuses the announcements with these numbers."""

    refuses: frozenset[int] = frozenset()
    sent: list[dict[str, Any]] = field(default_factory=list)
    requests: int = 0

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803  # EventBridge's own name
        self.requests += 1
        first = len(self.sent)
        self.sent += Entries
        return {"Entries": [self._answer(first + number) for number in range(len(Entries))]}

    def _answer(self, number: int) -> dict[str, str]:
        return {"ErrorCode": "ThrottlingException"} if number in self.refuses else {"EventId": str(number)}


def record(message_id: str, body: str = BODY, **attributes: str) -> dict[str, Any]:
    return {
        "messageId": message_id,
        "receiptHandle": f"receipt-{message_id}",
        "body": body,
        "attributes": {"SentTimestamp": str(SENT)} | attributes,
    }


def reader(refuses: Exception | None = None) -> Callable[[str, int], dict[str, Any]]:
    def read(body: str, _sent: int) -> dict[str, Any]:
        if refuses is not None and "bad" in body:
            raise refuses
        event: dict[str, Any] = json.loads(body)
        return event

    return read


def test_each_accepted_message_comes_with_what_sqs_says_of_it() -> None:
    batch = SqsBatch({"Records": [record("m-1", MessageGroupId="co-1"), record("m-2", '{"a": 1}')]}, Queue(Sqs(), URL))

    assert batch.read(reader()) == [
        ReceivedMessage("m-1", "receipt-m-1", BODY, "co-1", SENT, json.loads(BODY)),
        ReceivedMessage("m-2", "receipt-m-2", '{"a": 1}', None, SENT, {"a": 1}),
    ]
    assert batch.response() == {"batchItemFailures": []}


def test_the_reader_gets_the_body_and_the_time_of_sending() -> None:
    asked: list[tuple[str, int]] = []
    SqsBatch({"Records": [record("m-1")]}, Queue(Sqs(), URL)).read(lambda body, sent: asked.append((body, sent)))

    assert asked == [(BODY, SENT)]


def test_a_refused_message_is_quarantined_announced_counted_and_logged_and_delays_nobody(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    sqs, events = Sqs(), Events()
    refused = BODY.replace("enr-1", "bad")
    records = [record("m-1", refused, MessageGroupId="co-1"), record("m-2")]
    batch = SqsBatch({"Records": records}, Queue(sqs, URL), Refusals(Bus(events, "bus"), "progress"))
    accepted = batch.read(reader(Rejected("removed", "data.enrollment_id: it was removed")))

    assert [one.message_id for one in accepted] == ["m-2"]
    assert batch.response() == {"batchItemFailures": []}
    assert sqs.sent == [
        {
            "QueueUrl": URL,
            "MessageBody": refused,
            "MessageAttributes": {
                "reason": {"DataType": "String", "StringValue": "removed"},
                "detail": {"DataType": "String", "StringValue": "data.enrollment_id: it was removed"},
            },
            "MessageGroupId": "co-1",
        }
    ]
    [told] = events.sent
    assert told["DetailType"] == "earned.event.refused.v1"
    assert json.loads(told["Detail"])["id"] == "progress.m-1.refused"
    assert json.loads(told["Detail"])["data"] == {
        "queue": "progress",
        "event_id": "ev-1",
        "event_type": "portal.lesson.completed.v1",
        "enrollment_id": "bad",
        "at": "2026-03-02T12:00:00.250+00:00",
        "reason": "removed",
        "detail": "data.enrollment_id: it was removed",
    }
    counted = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert counted["EventsRefused"] == [1.0]
    [line] = [one.__dict__ for one in caplog.records if one.message == "event refused"]
    assert (line["levelname"], line["message_id"], line["event_id"]) == ("WARNING", "m-1", "ev-1")
    assert (line["reason"], line["detail"]) == ("removed", "data.enrollment_id: it was removed")


def test_a_refusal_without_detail_and_group_has_neither_on_the_dead_letter() -> None:
    sqs = Sqs()
    batch = SqsBatch({"Records": [record("m-1", "bad")]}, Queue(sqs, URL))
    batch.read(reader(Rejected("not-json")))

    assert batch.response() == {"batchItemFailures": []}
    [message] = sqs.sent
    assert message == {
        "QueueUrl": URL,
        "MessageBody": "bad",
        "MessageAttributes": {"reason": {"DataType": "String", "StringValue": "not-json"}},
    }


def test_what_fails_otherwise_is_left_for_a_retry_and_the_rest_goes_on(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    batch = SqsBatch({"Records": [record("m-2", "bad"), record("m-1", "bad"), record("m-3")]}, Queue(Sqs(), URL))
    accepted = batch.read(reader(ConnectionError("secret")))

    assert [one.message_id for one in accepted] == ["m-3"]
    assert batch.response() == {"batchItemFailures": [{"itemIdentifier": "m-1"}, {"itemIdentifier": "m-2"}]}
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "MessagesFailed" in line]
    assert [line["MessagesFailed"] for line in lines] == [[1.0], [1.0]]
    told = [one.__dict__ for one in caplog.records if one.message == "left for a retry"]
    assert [(one["levelname"], one["error"], one["messages"]) for one in told] == [("ERROR", "ConnectionError", 1)] * 2
    assert "secret" not in str(told)


def test_a_message_is_retried_when_its_dead_letter_or_its_announcement_cannot_be_sent() -> None:
    rejection = Rejected("removed")
    for sqs, events in ((Sqs(fault=ConnectionError()), Events()), (Sqs(), Events(frozenset({0})))):
        refusals = Refusals(Bus(events, "bus"), "progress")
        batch = SqsBatch({"Records": [record("m-1", "bad")]}, Queue(sqs, URL), refusals)
        assert batch.read(reader(rejection)) == []
        assert batch.response() == {"batchItemFailures": [{"itemIdentifier": "m-1"}]}


def test_a_message_that_is_refused_later_is_retried_too_when_it_cannot_be_quarantined() -> None:
    batch = SqsBatch({"Records": [record("m-1")]}, Queue(Sqs(fault=ConnectionError()), URL))
    [accepted] = batch.read(reader())
    batch.quarantine(accepted, Rejected("removed"))

    assert batch.response() == {"batchItemFailures": [{"itemIdentifier": "m-1"}]}


def test_a_failure_about_several_messages_retries_them_all_once(capsys: pytest.CaptureFixture[str]) -> None:
    batch = SqsBatch({"Records": [record("m-1"), record("m-2"), record("m-3")]}, Queue(Sqs(), URL))
    first, second, _ = batch.read(reader())
    for _ in range(2):
        with batch.retry_on_error(first, second):
            raise ConnectionError
    batch.retry([second])

    assert batch.response() == {"batchItemFailures": [{"itemIdentifier": "m-1"}, {"itemIdentifier": "m-2"}]}
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "MessagesFailed" in line]
    assert [line["MessagesFailed"] for line in lines] == [[2.0], [2.0]]


# Sending.


def outgoing(number: int, delay: int = 0) -> OutgoingMessage:
    return OutgoingMessage(f"body {number}", f"group {number}", delay)


@pytest.mark.parametrize(("number", "sizes"), [(0, []), (1, [1]), (10, [10]), (11, [10, 1]), (20, [10, 10])])
def test_ten_messages_go_to_a_request_in_their_order(number: int, sizes: list[int]) -> None:
    sqs = Sqs()
    Queue(sqs, URL).send([outgoing(one) for one in range(number)])

    assert [len(batch["Entries"]) for batch in sqs.sent] == sizes
    assert all(batch["QueueUrl"] == URL for batch in sqs.sent)
    entries = [entry for batch in sqs.sent for entry in batch["Entries"]]
    assert [(one["MessageBody"], one["MessageGroupId"]) for one in entries] == [
        (f"body {one}", f"group {one}") for one in range(number)
    ]
    assert all(len({one["Id"] for one in batch["Entries"]}) == len(batch["Entries"]) for batch in sqs.sent)


def test_only_a_message_with_a_delay_says_so() -> None:
    sqs = Sqs()
    Queue(sqs, URL).send([outgoing(1), outgoing(2, delay=5)])

    assert [entry.get("DelaySeconds") for entry in sqs.sent[0]["Entries"]] == [None, 5]


@pytest.mark.parametrize(
    ("failed", "told"),
    [
        ([], "the answer was cut short"),
        ([{"Code": "Throttled"}, {"Code": "InternalError"}, {"Code": "Throttled"}], "InternalError, Throttled"),
    ],
)
@pytest.mark.parametrize("confirms", [0, 2])
def test_a_batch_that_is_not_confirmed_whole_fails_with_what_sqs_said(
    failed: list[dict[str, str]], told: str, confirms: int
) -> None:
    with pytest.raises(SendFailed) as error:
        Queue(Sqs(confirms, failed), URL).send([outgoing(one) for one in range(3)])
    assert str(error.value) == told


@pytest.mark.parametrize(("number", "requests"), [(0, 0), (10, 1), (11, 2)])
def test_the_bus_takes_ten_announcements_to_a_request_and_says_which_it_refused(number: int, requests: int) -> None:
    at = datetime(2026, 3, 2, 12, tzinfo=UTC)
    told: list[Any] = [Announcement({"type": f"type {one}", "id": str(one)}, at) for one in range(number)]  # type: ignore[typeddict-item]  # any event
    events = Events(frozenset({0, 10}))

    assert Bus(events, "announcements").announce(told) == [one not in {0, 10} for one in range(number)]
    assert events.requests == requests
    assert events.sent == [
        {
            "Source": "earned",
            "DetailType": f"type {one}",
            "Detail": json.dumps({"type": f"type {one}", "id": str(one)}),
            "EventBusName": "announcements",
            "Time": at,
        }
        for one in range(number)
    ]


def test_a_refusal_that_the_bus_does_not_take_fails() -> None:
    with pytest.raises(AnnouncementFailed):
        Refusals(Bus(Events(frozenset({0})), "bus"), "progress").announce("m-1", BODY, SENT, Rejected("removed"))


def test_a_message_that_is_left_for_another_run_is_shown_at_once() -> None:
    sqs = Sqs()
    Queue(sqs, URL).deliver_again("receipt-m-1")

    assert sqs.sent == [{"QueueUrl": URL, "ReceiptHandle": "receipt-m-1", "VisibilityTimeout": 0}]
