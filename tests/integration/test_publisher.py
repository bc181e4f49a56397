"""The publisher: what it sends is read by the real handlers, and what SQS does not take is named and not lost."""

import json
import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from earned.portal import (
    AccountSaved,
    AttendanceMarked,
    CompanySaved,
    CoursePublished,
    EnrollmentCreated,
    Event,
    LessonCompleted,
    LiveEventScheduled,
    MarkedBy,
    NotSent,
    PublishedStep,
    Publisher,
    QuizGraded,
    Role,
    StepKind,
    VideoWatched,
    event,
)
from earned.testing.queues import receive
from earned.testing.service import Service
from tests.integration.wire_faults import cut_short, noted
from tools.contracts import ROOT
from tools.story import NOON, Story

BEFORE = NOON - timedelta(days=1)


class Flaky:
    """SQS that does not take the given messages, by their position in the first request, for so many requests."""

    def __init__(self, positions: set[str], times: int, *, sender_fault: bool = False) -> None:
        self.sqs = boto3.client("sqs")
        self.positions, self.times, self.sender_fault = positions, times, sender_fault
        self.requests: list[list[str]] = []

    def send_message_batch(self, **request: Any) -> dict[str, Any]:
        taken, failed = request["Entries"], []
        self.requests.append([entry["Id"] for entry in taken])
        if self.times:
            self.times -= 1
            failed = [entry for entry in taken if entry["Id"] in self.positions]
            taken = [entry for entry in taken if entry not in failed]
        answer = self.sqs.send_message_batch(**request | {"Entries": taken}) if taken else {}
        codes = [{"Id": entry["Id"], "Code": "InternalError", "SenderFault": self.sender_fault} for entry in failed]
        return {"Successful": answer.get("Successful", []), "Failed": codes}


class Breaking:
    """SQS that answers a number of requests and then refuses every one."""

    def __init__(self, answered: int) -> None:
        self.sqs = boto3.client("sqs")
        self.answered, self.requests = answered, 0

    def send_message_batch(self, **request: Any) -> Any:
        self.requests += 1
        if self.requests > self.answered:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "denied"}}, "SendMessageBatch")
        return self.sqs.send_message_batch(**request)


def queues(service: Service) -> dict[str, str]:
    return {name: service.url(name.title()) for name in ("directory", "progress", "attendance")}


def publisher(service: Service, client: Any = None, pauses: list[float] | None = None) -> Publisher:
    """A publisher that notes its pauses instead of waiting."""
    waited = [] if pauses is None else pauses
    return Publisher(client or boto3.client("sqs"), queues(service), pauses=(1, 2), sleep=waited.append)


def lessons(story: Story, number: int) -> list[Event]:
    """Events of a lesson done again and again."""
    done = LessonCompleted(**story.enrollment_of("ada"), step_id="read")
    return [event(done, NOON + timedelta(minutes=minute), company_id="co-1") for minute in range(number)]


def waiting(service: Service, queue: str = "Progress") -> list[Any]:
    found: list[Any] = []
    while batch := receive(service.url(queue)):
        found += batch
    return found


def bodies(messages: list[Any]) -> list[str]:
    return sorted(message["Body"] for message in messages)


def test_a_certificate_is_earned_by_typed_events(service: Service, story: Story) -> None:
    company, person = story.company, story.enrollment_of("ada")
    steps = (
        PublishedStep(step_id="read", kind=StepKind.READING, title="Before you start"),
        PublishedStep(step_id="watch", kind=StepKind.VIDEO, title="Listening", duration=60),
        PublishedStep(step_id="quiz", kind=StepKind.QUIZ, title="What you heard", passing_score=80, attempts=2),
    )
    account = AccountSaved(
        account_id=person["account_id"],
        kind=Role.EMPLOYEE,
        name="Ada Sample",
        email="ada@example.com",
        company_id=company,
    )
    directory = [
        event(CompanySaved(company_id=company, name="Sample Lanterns"), BEFORE),
        event(account, BEFORE),
        event(CoursePublished(course_id=story.course, version=1, title="Leading Well", steps=steps), BEFORE),
        event(EnrollmentCreated(**person, training_id=story.course, company_id=company), BEFORE),
    ]
    progress = [
        event(LessonCompleted(**person, step_id="read"), NOON, company_id=company),
        event(VideoWatched(**person, step_id="watch", played=((0, 30), (30, 60))), NOON, company_id=company),
        event(QuizGraded(**person, step_id="quiz", score=90), NOON, company_id=company),
    ]
    publisher(service).send(*progress, *directory)
    service.settle()
    assert story.enrollment("ada")["certificate"]["status"] == "issued"
    assert not service.quarantined("Directory") + service.quarantined("Progress")


def test_the_snippet_of_the_integration_guide_sends_its_event(service: Service) -> None:
    snippet, *_examples_of_tests = re.findall(
        r"(?ms)^```python\n(.+?)^```$", (ROOT / "docs" / "integrate.md").read_text("utf-8")
    )
    exec(snippet, {"queues": queues(service)})
    [message] = waiting(service)
    assert json.loads(message["Body"])["data"]["step_id"] == "lesson-1"
    assert message["Attributes"]["MessageGroupId"] == "co-1"


def test_attendance_and_times_are_written_as_the_contract_says(service: Service, story: Story) -> None:
    ends_at = NOON - timedelta(hours=1)
    live = LiveEventScheduled(
        live_event_id=story.live_event,
        title="Open Day",
        starts_at=ends_at - timedelta(hours=2),
        ends_at=ends_at,
        timezone="Europe/Berlin",
    )
    mark = AttendanceMarked(
        **story.enrollment_of("ada"),
        live_event_id=story.live_event,
        status="present",
        marked_by=MarkedBy(account_id="adm-1", role="administrator"),
    )
    story.save_account("ada")
    story.enroll("ada", story.live_event)
    publisher(service).send(event(live, BEFORE), event(mark, NOON, company_id=story.company))
    service.settle()
    assert story.enrollment("ada")["certificate"]["status"] == "issued"


def test_twenty_three_events_take_three_requests_and_carry_their_group(service: Service, story: Story) -> None:
    events = lessons(story, 23)
    with noted() as requests:
        publisher(service).send(*events)
    assert [len(request.parameters["Entries"]) for request in requests] == [10, 10, 3]
    found = waiting(service)
    assert bodies(found) == sorted(event.body() for event in events)
    assert {message["Attributes"]["MessageGroupId"] for message in found} == {"co-1"}


@pytest.mark.parametrize("note", ["x" * 90_000, "é" * 45_000], ids=["one byte a letter", "two bytes a letter"])
def test_no_request_has_more_than_256_kib(service: Service, story: Story, note: str) -> None:
    ranges = tuple((float(start), start + 0.5) for start in range(1000))
    watched = VideoWatched(**story.enrollment_of("ada"), step_id="watch", played=ranges)
    events = [Event(e.type, dict(e.data) | {"note": note}, e.time) for e in [event(watched, NOON)] * 5]
    with noted() as requests:
        publisher(service).send(*events)
    bodies_of = [[entry["MessageBody"] for entry in request.parameters["Entries"]] for request in requests]
    sizes = [sum(len(body.encode()) for body in sent) for sent in bodies_of]
    assert [size <= 256 * 1024 for size in sizes] == [True] * 3
    assert len(waiting(service)) == 5


def of_size(lesson: Event, size: int) -> Event:
    """The event with a note that makes its body so many bytes."""
    noted = Event(lesson.type, dict(lesson.data) | {"note": ""}, lesson.time, id=lesson.id)
    return replace(noted, data=noted.data | {"note": "x" * (size - len(noted.body().encode()))})


@pytest.mark.parametrize(("sizes", "requests"), [((131_072,) * 4, [2, 2]), ((131_072, 131_071, 2_000), [2, 1])])
def test_a_request_may_have_exactly_256_kib(
    service: Service, story: Story, sizes: tuple[int, ...], requests: list[int]
) -> None:
    events = [of_size(lesson, size) for lesson, size in zip(lessons(story, len(sizes)), sizes, strict=True)]
    with noted() as sent:
        publisher(service).send(*events)
    assert [len(request.parameters["Entries"]) for request in sent] == requests


def test_an_event_may_have_128_kib_and_not_a_byte_more(service: Service, story: Story) -> None:
    [lesson] = lessons(story, 1)
    told = f"portal.lesson.completed.v1 {lesson.id}: an event may have at most 131072 bytes, not 131073"
    with pytest.raises(ValueError, match=f"^{re.escape(told)}$"):
        publisher(service).send(of_size(lesson, 131_073))
    publisher(service).send(of_size(lesson, 131_072))
    assert len(waiting(service)) == 1


def test_a_text_with_half_a_character_is_refused_with_its_event_and_nothing_is_sent(service: Service) -> None:
    broken = Event("portal.account.saved.v1", {"account_id": "acc-1", "name": "Ada \ud83d"}, NOON, id="evt-7")
    with pytest.raises(ValueError, match=r"^portal\.account\.saved\.v1 evt-7: a text has half a character"):
        publisher(service).send(broken)
    assert service.waiting("Directory") == 0


@pytest.mark.parametrize("number", [1, 10, 11])
def test_ten_events_that_were_not_sent_are_named_and_the_others_are_counted(
    service: Service, story: Story, number: int
) -> None:
    events = lessons(story, number)
    with pytest.raises(NotSent) as refusal:
        publisher(service, Breaking(answered=0)).send(*events)
    named = [f"portal.lesson.completed.v1 {event.id} (AccessDenied)" for event in events[:10]]
    told = f"{number} of {number} events were not sent: {', '.join(named)}{' and 1 more' if number == 11 else ''}"
    assert str(refusal.value).replace("not tried after the error of an earlier request", "AccessDenied") == told
    assert refusal.value.reasons[0] == "AccessDenied"
    assert len(refusal.value.reasons) == number


def test_a_connection_that_fails_is_told_by_the_name_of_the_error(service: Service, story: Story) -> None:
    class Unreachable:
        def send_message_batch(self, **request: Any) -> Any:
            raise EndpointConnectionError(endpoint_url="https://sqs.example.com")

    with pytest.raises(NotSent) as refusal:
        publisher(service, Unreachable()).send(*lessons(story, 2))
    assert refusal.value.reasons == ["EndpointConnectionError"] * 2


def test_all_queues_without_an_address_are_named(service: Service, story: Story) -> None:
    company = event(CompanySaved(company_id="co-1", name="Sample Lanterns"), NOON)
    with pytest.raises(ValueError, match=r"^queues: no URL of directory, progress$"):
        Publisher(boto3.client("sqs"), {}).send(company, *lessons(story, 1))


def test_only_the_events_that_fail_are_sent_again_after_a_pause(service: Service, story: Story) -> None:
    events, flaky, pauses = lessons(story, 4), Flaky({"1", "3"}, times=2), []
    publisher(service, flaky, pauses).send(*events)
    assert flaky.requests == [["0", "1", "2", "3"], ["1", "3"], ["1", "3"]]
    assert pauses == [1, 2]
    assert bodies(waiting(service)) == sorted(event.body() for event in events)


def test_events_that_keep_failing_are_named_and_the_rest_is_sent(service: Service, story: Story) -> None:
    events = lessons(story, 12)
    named = f"4 of 12 events were not sent: portal.lesson.completed.v1 {events[0].id} \\(InternalError\\)"
    with pytest.raises(NotSent, match=named) as refusal:
        publisher(service, Flaky({"0", "1"}, times=99)).send(*events)
    assert refusal.value.events == [*events[:2], *events[10:]]
    assert all(event.id in str(refusal.value) for event in refusal.value.events)
    assert len(waiting(service)) == 8


def test_what_the_sender_must_change_is_not_sent_again(service: Service, story: Story) -> None:
    flaky = Flaky({"0"}, times=99, sender_fault=True)
    with pytest.raises(NotSent, match="1 of 3"):
        publisher(service, flaky).send(*lessons(story, 3))
    assert len(flaky.requests) == 1


def test_a_request_that_fails_ends_the_sending_and_names_all_that_is_left(service: Service, story: Story) -> None:
    events, breaking = lessons(story, 35), Breaking(answered=1)
    with pytest.raises(NotSent, match=r"25 of 35 .*AccessDenied.* and 15 more") as refusal:
        publisher(service, breaking).send(*events)
    assert refusal.value.events == events[10:]
    assert breaking.requests == 2
    assert bodies(waiting(service)) == sorted(event.body() for event in events[:10])


def test_events_whose_answer_is_cut_short_count_as_not_sent(service: Service, story: Story) -> None:
    sqs = boto3.client("sqs")
    refused = pytest.raises(NotSent, match="the answer was cut short")
    with cut_short(sqs, "sqs.SendMessageBatch"), refused:
        publisher(service, sqs).send(*lessons(story, 3))


def test_events_whose_answer_is_cut_short_once_are_sent_again(service: Service, story: Story) -> None:
    class CutShortOnce:
        """SQS takes what it is sent; the first answer tells nothing of it."""

        def __init__(self) -> None:
            self.sqs, self.requests = boto3.client("sqs"), 0

        def send_message_batch(self, **request: Any) -> Any:
            self.requests += 1
            answer = self.sqs.send_message_batch(**request)
            return answer if self.requests > 1 else {}

    events, client, pauses = lessons(story, 3), CutShortOnce(), []
    publisher(service, client, pauses).send(*events)
    assert (client.requests, pauses) == (2, [1])
    assert bodies(waiting(service)) == sorted([event.body() for event in events] * 2)


def test_nothing_is_sent_if_an_event_is_too_large_or_its_queue_is_not_known(service: Service, story: Story) -> None:
    lesson = lessons(story, 1)[0]
    company = event(CompanySaved(company_id="co-1", name="Sample Lanterns"), NOON)
    progress_only = Publisher(boto3.client("sqs"), {"progress": service.url("Progress")})
    large = Event("portal.lesson.completed.v1", {"note": "x" * 128 * 1024}, NOON)
    with noted() as requests:
        with pytest.raises(ValueError, match="at most 131072 bytes"):
            publisher(service).send(lesson, large)
        with pytest.raises(ValueError, match="no queue takes events"):
            publisher(service).send(lesson, Event("portal.lesson.completed.v9", {}, NOON))
        with pytest.raises(ValueError, match="no URL of directory"):
            progress_only.send(lesson, company)
    assert not requests


@pytest.mark.parametrize(
    ("data", "company_id", "group"),
    [
        (CompanySaved(company_id="co-1", name="Sample Lanterns"), None, "co-1"),
        (LessonCompleted(enrollment_id="enr-1", account_id="acc-1", step_id="read"), "co-1", "co-1"),
        (LessonCompleted(enrollment_id="enr-1", account_id="acc-1", step_id="read"), None, "acc-1"),
        (
            CoursePublished(
                course_id="c-1",
                version=1,
                title="Leading Well",
                steps=(PublishedStep(step_id="read", kind=StepKind.READING, title="Read"),),
            ),
            None,
            None,
        ),
    ],
)
def test_the_message_group_is_the_company_else_the_account(data: Any, company_id: str | None, group: str) -> None:
    assert event(data, NOON, company_id=company_id).group == group


def test_an_event_sent_again_is_the_same_to_the_byte() -> None:
    lesson = event(LessonCompleted(enrollment_id="enr-1", account_id="acc-1", step_id="read"), NOON, event_id="e-1")
    assert lesson.body() == lesson.body()
    assert json.loads(lesson.body())["id"] == "e-1"


def test_a_time_without_offset_is_refused_at_once() -> None:
    lesson = LessonCompleted(enrollment_id="enr-1", account_id="acc-1", step_id="read")
    with pytest.raises(ValueError, match="UTC offset"):
        event(lesson, NOON.replace(tzinfo=None))
    with pytest.raises(ValueError, match="UTC offset"):
        LiveEventScheduled(
            live_event_id="live-1",
            title="Open Day",
            starts_at=datetime(2026, 3, 1),  # noqa: DTZ001  # what the test is about
            ends_at=NOON,
            timezone="UTC",
        )
