"""The producer of docs/examples: what it posts is read by the real handlers, and what SQS refuses is not lost."""

import time
from datetime import timedelta
from typing import Any

import boto3
import pytest

from docs.examples.post_events import Event, NotPosted, post
from tests.integration.wire_faults import cut_short
from tools.in_process.portal import NOON, STEPS, Story
from tools.in_process.service import Service, receive


def lessons(story: Story, number: int) -> list[Event]:
    """Events of a lesson done again and again."""
    data = story.enrollment_of("ada") | {"step_id": "read"}
    return [Event("portal.lesson.completed.v1", data, NOON + timedelta(minutes=minute)) for minute in range(number)]


class Flaky:
    """SQS that does not take the given messages of a batch, for so many times."""

    def __init__(self, positions: set[str], times: int) -> None:
        self.sqs = boto3.client("sqs")
        self.positions = positions
        self.times = times

    def send_message_batch(self, **request: Any) -> dict[str, Any]:
        taken, failed = request["Entries"], []
        if self.times:
            self.times -= 1
            failed = [entry for entry in taken if entry["Id"] in self.positions]
            taken = [entry for entry in taken if entry not in failed]
        answer = self.sqs.send_message_batch(**request | {"Entries": taken}) if taken else {}
        codes = [{"Id": entry["Id"], "Code": "InternalError", "SenderFault": False} for entry in failed]
        return {"Successful": answer.get("Successful", []), "Failed": codes}


@pytest.fixture(autouse=True)
def without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)


def bodies(service: Service) -> list[str]:
    """What waits in the progress queue."""
    found = []
    while batch := receive(service.url("Progress")):
        found += [message["Body"] for message in batch]
    return found


def test_a_course_is_completed_by_what_the_example_posts(service: Service, story: Story) -> None:
    sqs, company = boto3.client("sqs"), story.company
    before = NOON - timedelta(days=1)
    person = story.enrollment_of("ada")
    account = {"account_id": person["account_id"], "kind": "employee", "name": "Ada Sample", "email": "ada@example.com"}
    course = {"course_id": story.course, "version": 1, "title": "Leading Well", "steps": STEPS}
    directory = [
        Event("portal.company.saved.v1", {"company_id": company, "name": "Sample Lanterns"}, before, company),
        Event("portal.account.saved.v1", account | {"company_id": company}, before, company),
        Event("portal.course.published.v1", course, before),
        Event("portal.enrollment.created.v1", person | {"training_id": story.course}, before, company),
    ]
    progress = [
        Event("portal.lesson.completed.v1", person | {"step_id": "read"}, NOON, company),
        Event("portal.video.watched.v1", person | {"step_id": "watch", "played": [[0, 60]]}, NOON, company),
        Event("portal.quiz.graded.v1", person | {"step_id": "quiz", "score": 90}, NOON, company),
    ]
    post(sqs, service.url("Directory"), directory)
    service.settle()
    post(sqs, service.url("Progress"), progress)
    service.settle()
    assert story.enrollment("ada")["certificate"]["status"] == "issued"
    assert not service.quarantined("Directory") + service.quarantined("Progress")


def test_more_than_ten_events_go_in_several_batches_and_carry_their_group(service: Service, story: Story) -> None:
    events = [Event(event.type, event.data, event.time, "co-1") for event in lessons(story, 23)]
    post(boto3.client("sqs"), service.url("Progress"), events)
    found = []
    while batch := receive(service.url("Progress")):
        found += batch
    assert sorted(message["Body"] for message in found) == sorted(event.body() for event in events)
    assert {message["Attributes"]["MessageGroupId"] for message in found} == {"co-1"}


def test_large_events_share_no_batch_that_sqs_would_refuse(service: Service, story: Story) -> None:
    data = story.enrollment_of("ada") | {"step_id": "watch", "played": [[0, 1]] * 12_000}
    events = [Event("portal.video.watched.v1", data, NOON) for _ in range(6)]
    post(boto3.client("sqs"), service.url("Progress"), events)
    assert len(bodies(service)) == 6


def test_only_the_events_that_fail_are_sent_again(service: Service, story: Story) -> None:
    events = lessons(story, 12)
    post(Flaky({"1", "3"}, times=2), service.url("Progress"), events)  # type: ignore[arg-type]  # all that it uses of it
    assert sorted(bodies(service)) == sorted(event.body() for event in events)


def test_events_that_keep_failing_are_named_and_the_rest_is_posted(service: Service, story: Story) -> None:
    events = lessons(story, 12)
    with pytest.raises(NotPosted, match="4 events were not taken, the first because: InternalError") as refusal:
        post(Flaky({"0", "1"}, times=99), service.url("Progress"), events)  # type: ignore[arg-type]  # as above
    assert refusal.value.events == [*events[:2], *events[10:]]
    assert len(bodies(service)) == 8


def test_events_whose_answer_is_cut_short_count_as_not_posted(service: Service, story: Story) -> None:
    sqs = boto3.client("sqs")
    refused = pytest.raises(NotPosted, match="the answer was cut short")
    with cut_short(sqs, "sqs.SendMessageBatch"), refused:
        post(sqs, service.url("Progress"), lessons(story, 3))


def test_a_time_without_offset_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="UTC offset"):
        Event("portal.account.removed.v1", {"account_id": "acc-1"}, NOON.replace(tzinfo=None))
