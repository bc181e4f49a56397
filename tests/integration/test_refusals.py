"""Refusals are explained on the dead letter, on the bus and in `make quarantine`; valid events that are refused."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner

from earned.testing.queues import receive
from earned.testing.service import Service
from tools.operations.__main__ import app
from tools.story import NOON, STEPS, Story, cloud_event

BEFORE, AFTER = NOON - timedelta(hours=1), NOON + timedelta(hours=1)
PROGRESS = {"lesson.completed": {"step_id": "read"}, "quiz.graded": {"step_id": "quiz", "score": 90}}


@pytest.fixture
def enrolled(service: Service, story: Story) -> Story:
    """Ada is enrolled in the course and its directory is known."""
    story.directory()
    story.save_account("ada")
    story.enroll("ada")
    service.settle()
    service.announcements()
    return story


def refused(service: Service) -> list[dict[str, Any]]:
    return [one["data"] for one in service.announcements() if one["type"] == "earned.event.refused.v1"]


def reasons(service: Service) -> list[str]:
    return [one["reason"] for one in refused(service)]


def test_a_refusal_is_explained_on_the_dead_letter_and_on_the_bus(service: Service, story: Story) -> None:
    data = story.enrollment_of("ada") | {"step_id": "quiz", "score": "Zoltan"}
    event = cloud_event("quiz.graded", data, id="orders/7#2")
    service.post("Progress", event)
    service.settle()
    [message] = receive(service.outputs["ProgressDeadLetterQueueUrl"])
    told = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    [announced] = refused(service)
    assert json.loads(message["Body"]) == event
    assert told == {"reason": "invalid-data", "detail": "data.score: Input should be a valid number"}
    assert announced | {"at": ""} == {
        "queue": "progress",
        "event_id": "orders/7#2",
        "event_type": "portal.quiz.graded.v1",
        "enrollment_id": story.id("enr-ada"),
        "at": "",
        **told,
    }
    assert datetime.now(UTC) - datetime.fromisoformat(announced["at"]) < timedelta(minutes=1)


@pytest.mark.parametrize("queue", ["Directory", "Progress", "Attendance"])
def test_each_queue_announces_what_is_no_event_without_quoting_it(service: Service, queue: str) -> None:
    service.post(queue, "zoltan@example.com", json.dumps({"id": "zoltan@example.com", "type": "Zoltan", "data": 1}))
    service.settle()
    found = refused(service)
    assert [one["queue"] for one in found] == [queue.lower()] * 2
    assert [one["reason"] for one in found] == ["not-json", "unknown-type"]
    assert "zoltan" not in json.dumps(found).lower()


def test_a_message_refused_twice_is_announced_with_one_id(service: Service, story: Story) -> None:
    story.save_account("ada", email="")
    first = receive(service.url("Directory"))
    for _ in range(2):
        service.make_visible("Directory")
        service.deliver("record_directory")
        boto3.client("sqs").send_message(QueueUrl=service.url("Export"), MessageBody="none")
    assert len(first) == 1
    assert len({one["id"] for one in service.announcements()}) == 1


def test_quarantine_shows_the_detail_and_the_events_id(service: Service, story: Story) -> None:
    service.post("Directory", cloud_event("account.saved", story.account("ada", name=" "), id="orders/7"))
    service.settle()
    listed = CliRunner().invoke(app, ["quarantine", "--stack", "queues", "--queue", "directory", "--show", "1"])
    assert "data.name: Value error, must not be blank" in listed.stdout.replace("\n", " ")
    assert "orders/7" in listed.stdout


def test_what_is_later_than_the_removal_of_its_account_is_refused_and_what_is_earlier_is_not(
    enrolled: Story,
) -> None:
    service, account = enrolled.service, enrolled.account("ada")
    removal = cloud_event("account.removed", {"account_id": enrolled.id("ada")}, NOON)
    created = enrolled.enrollment_of("ada") | {"enrollment_id": enrolled.id("again"), "training_id": enrolled.course}
    service.post("Directory", removal)
    service.settle()
    for time, expected in ((BEFORE, []), (NOON, []), (AFTER, ["removed"])):
        for kind, data in (("account.saved", account), ("enrollment.created", created)):
            service.post("Directory", cloud_event(kind, data, time))
            service.settle()
            assert reasons(service) == expected, (kind, time)
        service.post(
            "Progress", cloud_event("lesson.completed", enrolled.enrollment_of("ada") | {"step_id": "read"}, time)
        )
        service.settle()
        assert reasons(service) == expected, time
    service.post("Directory", cloud_event("account.removed", {"account_id": enrolled.id("ada")}, AFTER))
    service.settle()
    assert reasons(service) == []
    assert enrolled.certificates() == []


@pytest.mark.parametrize("known", [True, False], ids=["known", "removed before it was known"])
def test_what_is_later_than_the_removal_of_its_enrollment_is_refused(
    service: Service, story: Story, known: bool
) -> None:
    whose = story.enrollment_of("ada")
    story.directory()
    story.save_account("ada")
    if known:
        story.enroll("ada")
    service.post("Directory", cloud_event("enrollment.removed", whose, NOON))
    service.settle()
    for time, expected in ((BEFORE, []), (NOON, []), (AFTER, ["removed"])):
        for kind, data in PROGRESS.items():
            service.post("Progress", cloud_event(kind, whose | data, time))
            service.settle()
            assert reasons(service) == expected, (kind, time)
    service.post("Directory", cloud_event("enrollment.created", whose | {"training_id": story.course}, AFTER))
    service.settle()
    assert reasons(service) == ["removed"]
    service.post("Directory", cloud_event("enrollment.removed", whose, AFTER))
    service.settle()
    assert reasons(service) == []


def test_an_enrollment_told_again_with_another_company_or_training_is_refused(enrolled: Story) -> None:
    service = enrolled.service
    enrolled.enroll("ada", company_id=enrolled.company)
    enrolled.enroll("ada")
    service.settle()
    assert reasons(service) == []
    enrolled.enroll("ada", company_id=enrolled.id("other"))
    service.settle()
    assert reasons(service) == ["company-mismatch"]
    enrolled.enroll("ada", enrolled.live_event)
    service.settle()
    assert reasons(service) == ["training-mismatch"]
    assert enrolled.enrollment("ada")["training"]["id"] == enrolled.course


def test_the_removal_of_another_accounts_enrollment_is_refused(enrolled: Story) -> None:
    forged = enrolled.enrollment_of("ada") | {"account_id": enrolled.id("eve")}
    enrolled.service.post("Directory", cloud_event("enrollment.removed", forged))
    enrolled.service.settle()
    assert reasons(enrolled.service) == ["account-mismatch"]
    assert enrolled.reasons("ada") == ["not-completed", "not-watched-to-the-end", "not-passed"]


def test_a_score_above_the_highest_is_refused_once_the_course_is_known(service: Service, story: Story) -> None:
    quiz = STEPS[2] | {"passing_score": 0.8, "max_score": 1}
    whose = story.enrollment_of("ada") | {"step_id": "quiz"}
    story.save_company()
    story.save_account("ada")
    service.post("Progress", cloud_event("quiz.graded", whose | {"score": 5}, NOON))
    service.settle()
    assert reasons(service) == []
    story.publish(steps=[quiz])
    story.enroll("ada")
    service.settle()
    assert story.reasons("ada") == ["not-passed"]
    service.post("Progress", cloud_event("quiz.graded", whose | {"score": 1.5}, AFTER))
    service.settle()
    assert reasons(service) == ["score-out-of-range"]
    assert story.certificates() == []
    for score in (0.1, 0.8):
        service.post("Progress", cloud_event("quiz.graded", whose | {"score": score}, AFTER))
    service.settle()
    assert len(story.certificates()) == 1


@pytest.mark.parametrize("days", [(1, 3), (3, 1)])
def test_of_two_removals_of_an_account_the_earlier_counts_in_any_order(enrolled: Story, days: tuple[int, int]) -> None:
    removed = {"account_id": enrolled.id("ada")}
    for day in days:
        enrolled.service.post("Directory", cloud_event("account.removed", removed, NOON + timedelta(days=day)))
        enrolled.service.settle()
    saved = cloud_event("account.saved", enrolled.account("ada"), NOON + timedelta(days=2))
    enrolled.service.post("Directory", saved)
    enrolled.service.settle()
    assert reasons(enrolled.service) == ["removed"]


@pytest.mark.parametrize("days", [(1, 3), (3, 1)])
def test_of_two_removals_of_an_enrollment_the_earlier_counts_in_any_order(
    enrolled: Story, days: tuple[int, int]
) -> None:
    whose = enrolled.enrollment_of("ada")
    for day in days:
        enrolled.service.post("Directory", cloud_event("enrollment.removed", whose, NOON + timedelta(days=day)))
        enrolled.service.settle()
    between = cloud_event("lesson.completed", whose | {"step_id": "read"}, NOON + timedelta(days=2))
    enrolled.service.post("Progress", between)
    enrolled.service.settle()
    assert reasons(enrolled.service) == ["removed"]


@pytest.mark.parametrize("days", [(1, 3), (3, 1)])
def test_a_certificate_is_withdrawn_at_the_earlier_of_two_removals(enrolled: Story, days: tuple[int, int]) -> None:
    service, whose = enrolled.service, enrolled.enrollment_of("ada")
    service.post("Progress", *enrolled.do("ada", "read", "watch", "quiz"))
    service.settle()
    service.announcements()
    for day in days:
        service.post("Directory", cloud_event("enrollment.removed", whose, NOON + timedelta(days=day)))
    service.settle()
    told = [one for one in service.announcements() if one["type"] == "earned.certificate.withdrawn.v1"]
    assert [one["data"]["at"] for one in told] == ["2026-03-03T12:00:00.000+00:00"]


def test_an_unknown_design_is_refused(service: Service, story: Story) -> None:
    story.publish(design="default")
    story.publish(2, design="no-such-design")
    story.schedule(design="no-such-design")
    service.settle()
    assert reasons(service) == ["unknown-design"] * 2


def test_an_event_from_the_future_is_refused_by_every_queue(enrolled: Story) -> None:
    service, now = enrolled.service, datetime.now(UTC)
    late, soon = now + timedelta(minutes=6), now + timedelta(minutes=4)
    for time, expected in ((soon, []), (late, ["time-out-of-range"] * 3)):
        service.post("Directory", cloud_event("account.saved", enrolled.account("ada", name="Ada Later"), time))
        service.post("Progress", *enrolled.do("ada", "read", since=time))
        service.post("Attendance", enrolled.mark("eve", at=time))
        service.settle()
        assert sorted(reasons(service)) == expected


def test_a_refused_course_from_the_year_2999_issues_nothing(enrolled: Story) -> None:
    enrolled.service.post(
        "Progress", *enrolled.do("ada", "read", "watch", "quiz", since=datetime(2999, 12, 31, tzinfo=UTC))
    )
    enrolled.service.settle()
    assert reasons(enrolled.service) == ["time-out-of-range"] * 3
    assert enrolled.certificates() == []
