"""What was refused or failed: listed without personal data and untouched, sent back without loss (I3)."""

import json
import signal
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner, Result

from earned.aws.dynamodb.table import Row
from earned.testing.queues import receive
from earned.testing.service import Service
from tests.integration.wire_faults import Request, client_of, denied, happening, receiving_at_once, requests_pass
from tools.operations.__main__ import app
from tools.operations.quarantine import held, look
from tools.operations.redrive import Wanted, select, send_back
from tools.operations.stacks import NoStack, Pair, pairs_of
from tools.story import NOON, Story, cloud_event

STACK = ["--stack", "queues"]


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    """Nothing waits for messages."""
    with receiving_at_once():
        yield


def run(*words: str) -> Result:
    """Run a command on the stack in moto."""
    return CliRunner().invoke(app, [*words, *STACK])


def counts(*words: str) -> dict[str, dict[str, int]]:
    """How many messages there are, by queue and reason, as the command says."""
    listed = json.loads(run("quarantine", "--json", *words).stdout)["queues"]
    assert all(queue["complete"] for queue in listed)
    found = {queue["queue"]: {one["reason"]: one["count"] for one in queue["reasons"]} for queue in listed}
    return {queue: reasons for queue, reasons in found.items() if reasons}


def pair(service: Service, queue: str) -> Pair:
    """A queue with its dead letters."""
    return Pair(queue.lower(), service.url(queue), service.outputs[f"{queue}DeadLetterQueueUrl"])


def refuse(service: Service, queue: str, count: int, reason: str = "invalid-data", **more: Any) -> None:
    """Put messages into a dead-letter queue as the handlers do."""
    attributes: dict[str, Any] = {"reason": {"DataType": "String", "StringValue": reason}}
    for number in range(count):
        boto3.client("sqs").send_message(
            QueueUrl=pair(service, queue).dead_letters,
            MessageBody=json.dumps(cloud_event("lesson.completed", {"number": number}, id=f"{reason}-{number}")),
            MessageAttributes=attributes,
            **more,
        )


def redriven(service: Service, queue: str) -> list[dict[str, Any]]:
    """Send everything back, and return what arrives."""
    assert run("redrive", "--queue", queue.lower()).exit_code == 0
    return list(iter_messages(service.url(queue)))


def iter_messages(url: str) -> Iterator[dict[str, Any]]:
    """All that can be received from a queue."""
    while batch := receive(url):
        yield from batch


def broken(operation: str, *answers: Callable[[], Any]) -> Any:
    """A client whose requests of one operation meet with these answers; one that returns None lets its request pass."""
    client, coming = boto3.client("sqs"), iter(answers)
    client.meta.events.register(f"before-call.sqs.{operation}", lambda **_: next(coming)())
    return client


def interrupt() -> None:
    """Ctrl-C at this very moment."""
    signal.raise_signal(signal.SIGINT)


def die() -> None:
    """Sudden death."""
    raise SystemExit


def attend_too_early(story: Story) -> None:
    """A person marked present two days before NOON at an event that ends one day before it."""
    story.directory()
    story.save_account("ada")
    story.enroll("ada", story.live_event)
    story.service.settle()
    story.service.post("Attendance", story.mark("ada", at=NOON - timedelta(days=2)))
    story.service.settle()


def move_forward(story: Story) -> None:
    """Reschedule the event to end three days before NOON."""
    data = {
        "live_event_id": story.live_event,
        "title": "Open Day",
        "timezone": "UTC",
        "starts_at": "2026-02-27T08:00:00Z",
        "ends_at": "2026-02-27T10:00:00Z",
    }
    story.service.post("Directory", cloud_event("live-event.scheduled", data, NOON))
    story.service.settle()


def test_a_refused_mark_sent_back_after_its_event_was_moved_forward_gives_the_certificate(
    service: Service, story: Story
) -> None:
    attend_too_early(story)
    assert counts() == {"attendance": {"marked-before-end": 1}}
    move_forward(story)
    assert story.certificates() == []
    assert run("redrive", "--queue", "attendance", "--reason", "marked-before-end").exit_code == 0
    service.settle()
    assert len(story.certificates()) == 1
    assert counts() == {}


def test_a_message_that_is_refused_again_is_back_with_its_reason(service: Service, story: Story) -> None:
    attend_too_early(story)
    for _ in range(2):
        assert run("redrive", "--queue", "attendance").stdout == "1 of 1 sent back to attendance.\n"
        service.settle()
        assert counts() == {"attendance": {"marked-before-end": 1}}
    assert story.certificates() == []


def test_a_message_that_failed_five_times_is_a_fault_and_is_recorded_once_sent_back(
    service: Service, story: Story
) -> None:
    story.directory()
    story.save_account("ada")
    story.enroll("ada")
    service.settle()
    service.post("Progress", *story.do("ada", "read", "watch", "quiz"))
    with denied(client_of(Row), "dynamodb.UpdateItem"):
        for _ in range(6):
            service.deliver("record_progress")
            service.make_visible("Progress")
    assert counts() == {"progress": {"fault": 3}}
    assert run("redrive", "--queue", "progress", "--reason", "fault").exit_code == 0
    service.settle()
    assert len(story.certificates()) == 1


def test_looking_counts_every_message_once_and_leaves_all_in_sight(service: Service) -> None:
    refuse(service, "Progress", 120)
    refuse(service, "Progress", 35, "too-large")
    refuse(service, "Directory", 1, "not-json")
    expected = {"directory": {"not-json": 1}, "progress": {"invalid-data": 120, "too-large": 35}}
    assert counts() == counts() == expected
    assert len(list(iter_messages(pair(service, "Progress").dead_letters))) == 155


def test_a_message_received_twice_is_counted_once(service: Service) -> None:
    refuse(service, "Progress", 25)
    in_sight_again = happening(
        lambda _: service.make_visible("ProgressDeadLetter"), "ReceiveMessage", times=3, after=True
    )
    with in_sight_again:
        listing = look(boto3.client("sqs"), pair(service, "Progress"))
    assert len(listing.refused) == len({one.message_id for one in listing.refused}) == 25


def test_looking_that_is_interrupted_leaves_all_in_sight(service: Service) -> None:
    refuse(service, "Progress", 45)
    client = broken("ReceiveMessage", *[lambda: None] * 2, interrupt)
    with pytest.raises(KeyboardInterrupt):
        look(client, pair(service, "Progress"))
    assert len(list(iter_messages(pair(service, "Progress").dead_letters))) == 45


def test_only_what_is_asked_for_is_sent_back(service: Service) -> None:
    refuse(service, "Progress", 3)
    refuse(service, "Progress", 2, "too-large")
    [unreadable] = boto3.client("sqs").send_message_batch(
        QueueUrl=pair(service, "Progress").dead_letters, Entries=[{"Id": "0", "MessageBody": "garbage"}]
    )["Successful"]
    ids = ["--event", "invalid-data-1", "--event", unreadable["MessageId"]]
    assert "2 would be sent back" in run("redrive", "--queue", "progress", "--dry-run", *ids).stdout
    assert counts() == {"progress": {"invalid-data": 3, "too-large": 2, "fault": 1}}
    assert run("redrive", "--queue", "progress", *ids).exit_code == 0
    assert counts() == {"progress": {"invalid-data": 2, "too-large": 2}}
    assert run("redrive", "--queue", "progress", "--reason", "too-large").exit_code == 0
    assert counts() == {"progress": {"invalid-data": 2}}
    assert run("redrive", "--queue", "progress", "--limit", "1").stdout.endswith("There may be more: run it again.\n")
    assert counts() == {"progress": {"invalid-data": 1}}


def test_a_message_goes_back_as_it_first_came(service: Service) -> None:
    body = '{ "as":\t"it came \\u00e9" }'
    given = {"trace": {"DataType": "String", "StringValue": "7"}, "reason": {"DataType": "String", "StringValue": "x"}}
    boto3.client("sqs").send_message(
        QueueUrl=pair(service, "Progress").dead_letters,
        MessageBody=body,
        MessageGroupId="co-1",
        MessageAttributes=given,  # type: ignore[arg-type]  # plain dicts
    )
    [message] = redriven(service, "Progress")
    assert message["Body"] == body
    assert message["Attributes"]["MessageGroupId"] == "co-1"
    assert list(message["MessageAttributes"]) == ["trace"]


def test_nothing_personal_is_told(service: Service) -> None:
    data = {"name": "Zoltan Sample", "email": "zoltan@example.com"}
    strange = {"id": "zoltan@example.com", "type": "Zoltan Sample", "time": "Zoltan Sample", "source": "Zoltan Sample"}
    for event in (cloud_event("account.saved", data), strange, ["Zoltan Sample"], "Zoltan Sample"):
        boto3.client("sqs").send_message(
            QueueUrl=pair(service, "Directory").dead_letters,
            MessageBody=json.dumps(event),
            MessageGroupId="zoltan.sample",
            MessageAttributes={"reason": {"DataType": "String", "StringValue": "Zoltan Sample"}},
        )
    for words in (["--show", "9"], ["--show", "9", "--json"]):
        told = run("quarantine", *words)
        assert "portal.account.saved.v1" in told.stdout
        assert "zoltan" not in told.output.lower()


@pytest.mark.parametrize(("end", "left"), [(interrupt, {}), (die, {"attendance": {"marked-before-end": 1}})])
def test_sending_back_that_is_interrupted_loses_nothing_and_a_repetition_is_harmless(
    service: Service, story: Story, end: Callable[[], None], left: dict[str, Any]
) -> None:
    attend_too_early(story)
    move_forward(story)
    attendance = pair(service, "Attendance")
    with (
        pytest.raises((KeyboardInterrupt, SystemExit)),
        held(broken("DeleteMessageBatch", end), attendance.dead_letters) as hold,
    ):
        list(send_back(hold, attendance.source, select(hold, Wanted(), 10)))
    assert counts() == left
    assert run("redrive", "--queue", "attendance").exit_code == 0
    service.settle()
    issued = {one["id"] for one in service.announcements() if one["type"] == "earned.certificate.issued.v1"}
    assert len(story.certificates()) == len(issued) == 1


def test_messages_that_sqs_does_not_take_back_stay_quarantined(service: Service) -> None:
    refuse(service, "Progress", 12)

    def take_the_second(request: Request) -> Any:
        if request.operation != "SendMessageBatch":
            return request.send()
        failed = [{"Id": "0", "Code": "InternalError", "SenderFault": False}]
        return {"Successful": [{"Id": "1"}], "Failed": failed}

    with requests_pass(take_the_second):
        result = run("redrive", "--queue", "progress")
    assert result.exit_code == 1
    assert "2 of 12 sent back" in result.stdout
    assert "InternalError 2x" in result.output
    assert counts() == {"progress": {"invalid-data": 10}}


def test_a_chosen_message_is_not_sent_once_it_is_visible_again(service: Service) -> None:
    refuse(service, "Progress", 3)
    progress = pair(service, "Progress")
    with held(boto3.client("sqs"), progress.dead_letters) as hold:
        chosen = select(hold, Wanted(), 10)
        hold.until = 0
        assert list(send_back(hold, progress.source, chosen)) == []
    assert counts() == {"progress": {"invalid-data": 3}}


def test_large_messages_are_sent_back_though_no_request_takes_ten_of_them(service: Service) -> None:
    for size in [200_000] * 11 + [258_048]:
        boto3.client("sqs").send_message(QueueUrl=pair(service, "Progress").dead_letters, MessageBody="x" * size)
    assert len(redriven(service, "Progress")) == 12


def test_queues_are_found_by_the_stacks_outputs() -> None:
    outputs = {"CompanyExportQueueUrl": "u", "CompanyExportDeadLetterQueueUrl": "v", "ApiUrl": "w"}
    assert pairs_of(outputs) == {"company-export": Pair("company-export", "u", "v")}
    with pytest.raises(NoStack, match="CompanyExportQueueUrl"):
        pairs_of({"CompanyExportDeadLetterQueueUrl": "v"})


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["quarantine", "--stack", "elsewhere"], "no stack 'elsewhere'"),
        (["quarantine", "--stack", "queues", "--queue", "nowhere"], "the stack has attendance, change, directory"),
        (["redrive", "--stack", "storage", "--queue", "progress"], "no stack of Earned"),
    ],
)
def test_a_stack_or_queue_that_is_not_there_is_named(service: Service, words: list[str], problem: str) -> None:
    failure = CliRunner().invoke(app, words).exception
    assert isinstance(failure, NoStack)
    assert problem in str(failure)


def test_the_commands_require_exactly_one_stack() -> None:
    assert CliRunner().invoke(app, ["quarantine"]).exit_code == 2
    assert CliRunner().invoke(app, ["quarantine", "--local", *STACK]).exit_code == 2
