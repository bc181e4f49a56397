"""Intake of events: each is recorded once, in any order, or quarantined with a reason."""

import json
import random
from copy import copy
from datetime import timedelta
from typing import Any

import pytest

from earned.testing.lambda_events import LambdaContext
from earned.testing.queues import receive
from earned.testing.service import Service
from tests.integration.pdf_text import pages
from tools.story import NOON, Story, cloud_event


class Collector(Service):
    """Keeps what is posted instead of sending it."""

    def __init__(self) -> None:
        super().__init__({})
        self.posted: list[tuple[str, dict[str, Any] | str]] = []

    def post(self, queue: str, *events: dict[str, Any] | str) -> None:
        self.posted += [(queue, event) for event in events]


def events_of_a_completed_course(story: Story, account: str) -> list[tuple[str, dict[str, Any] | str]]:
    """The queue and the event of everything from the company to the last step."""
    collecting, collector = copy(story), Collector()
    collecting.service = collector
    collecting.directory()
    collecting.save_account(account)
    collecting.enroll(account)
    collector.post("Progress", *story.do(account, "read", "watch", "quiz"))
    return collector.posted


@pytest.mark.parametrize("seed", range(8))
def test_any_order_and_any_repetition_of_deliveries_ends_in_one_certificate(
    service: Service, story: Story, seed: int
) -> None:
    chance = random.Random(seed)
    posted = events_of_a_completed_course(story, "ada")
    deliveries = posted + chance.sample(posted, 4)
    chance.shuffle(deliveries)
    for queue, event in deliveries:
        service.post(queue, event)
        if chance.random() < 0.5:
            service.settle()
    service.settle()
    assert len(story.certificates()) == 1
    assert len(story.own_documents()) == 1
    assert len({event["id"] for event in service.announcements()}) == 1
    assert all(not service.quarantined(queue) for queue in ("Directory", "Progress", "Generation"))


def test_the_wait_for_a_certificate_begins_with_the_last_event_that_led_to_it(service: Service, story: Story) -> None:
    story.directory()
    story.save_account("ada")
    story.enroll("ada")
    service.settle()
    sent = [1_772_452_800_000 + 1_000 * number for number in (0, 2, 1)]
    records = [
        {
            "messageId": str(at),
            "receiptHandle": str(at),
            "body": json.dumps(event),
            "attributes": {"SentTimestamp": str(at), "MessageGroupId": "group"},
        }
        for at, event in zip(sent, story.do("ada", "read", "watch", "quiz"), strict=True)
    ]
    assert service.handlers["record_progress"]({"Records": records}, LambdaContext()) == {"batchItemFailures": []}
    [request] = receive(service.url("Generation"))
    assert json.loads(request["Body"])["since"] == max(sent)


def test_a_missing_step_prevents_the_certificate_and_is_named(service: Service, story: Story) -> None:
    story.directory()
    story.save_account("ada")
    story.enroll("ada")
    service.settle()
    service.post("Progress", *story.do("ada", "read", "watch"))
    service.settle()
    [missing] = story.enrollment("ada")["outstanding"]
    assert story.certificates() == []
    assert (missing["kind"], missing["id"], missing["reason"]) == ("quiz", "quiz", "not-passed")
    assert missing["who"] == "learner"


def test_attendance_marked_after_the_end_gives_the_certificate(service: Service, story: Story) -> None:
    story.directory()
    story.save_account("ada")
    story.enroll("ada", story.live_event)
    service.settle()
    assert story.reasons("ada") == ["attendance-not-marked"]
    service.post("Attendance", story.mark("ada"))
    service.settle()
    assert len(story.certificates()) == 1


def test_the_latest_mark_wins_whatever_arrives_first(service: Service, story: Story) -> None:
    story.directory()
    story.save_account("ada")
    service.settle()
    service.post("Attendance", story.mark("ada", "absent", NOON + timedelta(hours=1)), story.mark("ada", "present"))
    service.settle()
    story.enroll("ada", story.live_event)
    service.settle()
    assert story.certificates() == []
    assert story.reasons("ada") == ["marked-absent"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"at": NOON - timedelta(days=1, seconds=1)}, "marked-before-end"),
        ({"role": "company-admin"}, "not-an-administrator"),
        ({"role": "support"}, "not-an-administrator"),
    ],
)
def test_an_early_or_unauthorized_mark_is_quarantined_with_its_reason(
    service: Service, story: Story, change: dict[str, Any], reason: str
) -> None:
    story.directory()
    story.save_account("ada")
    story.enroll("ada", story.live_event)
    service.settle()
    mark = story.mark("ada", **change)
    service.post("Attendance", mark)
    service.settle()
    assert service.quarantined("Attendance") == [(reason, json.dumps(mark))]
    assert story.reasons("ada") == ["attendance-not-marked"]


@pytest.mark.parametrize(("before", "refused"), [(0, []), (1, ["marked-before-end"])], ids=["end", "a millisecond"])
def test_a_mark_counts_from_the_moment_of_the_end_on(
    service: Service, story: Story, before: int, refused: list[str]
) -> None:
    story.directory()
    story.save_account("ada")
    story.enroll("ada", story.live_event)
    service.settle()
    end = NOON - timedelta(days=1)
    service.post("Attendance", story.mark("ada", at=end - timedelta(milliseconds=before)))
    service.settle()
    assert [reason for reason, _ in service.quarantined("Attendance")] == refused
    assert len(story.certificates()) == 1 - before


def test_a_mark_refused_as_early_is_accepted_after_the_event_was_moved_forward(service: Service, story: Story) -> None:
    story.directory()
    story.save_account("ada")
    story.enroll("ada", story.live_event)
    service.settle()
    early = story.mark("ada", at=NOON - timedelta(days=2))
    service.post("Attendance", early)
    service.settle()
    assert [reason for reason, _ in service.quarantined("Attendance")] == ["marked-before-end"]
    times = {"starts_at": "2026-02-27T08:00:00Z", "ends_at": "2026-02-27T10:00:00Z"}
    data = {"live_event_id": story.live_event, "title": "Open Day", "timezone": "UTC"} | times
    service.post("Directory", cloud_event("live-event.scheduled", data, NOON))
    service.settle()
    assert story.certificates() == []
    service.post("Attendance", early)
    service.settle()
    assert len(story.certificates()) == 1


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("garbage", "not-json"),
        ("[1]", "not-a-cloudevent"),
        ('{"type": "portal.lesson.skipped.v1"}', "unknown-type"),
        ('{"type": "portal.lesson.completed.v2"}', "unknown-version"),
        ('{"type": "portal.account.saved.v1"}', "wrong-queue"),
        ('{"type": "portal.lesson.completed.v1"}', "invalid-data"),
        (json.dumps(cloud_event("lesson.completed", {"padding": "x" * 250_000})), "too-large"),
    ],
)
def test_a_malformed_event_is_quarantined_and_the_rest_of_its_batch_recorded(
    service: Service, story: Story, body: str, reason: str
) -> None:
    story.directory()
    story.save_account("ada")
    story.enroll("ada")
    service.settle()
    read, watch, quiz = story.do("ada", "read", "watch", "quiz")
    service.post("Progress", read, body, watch, quiz)
    service.settle()
    assert service.quarantined("Progress") == [(reason, body)]
    assert len(story.certificates()) == 1


def test_an_event_with_an_account_other_than_the_enrollments_is_refused(service: Service, story: Story) -> None:
    story.directory()
    story.save_account("ada")
    story.save_account("eve")
    story.enroll("ada")
    service.settle()
    forged = [
        event | {"data": event["data"] | {"account_id": story.id("eve")}}
        for event in story.do("ada", "read", "watch", "quiz")
    ]
    service.post("Progress", *forged)
    service.settle()
    assert [reason for reason, _ in service.quarantined("Progress")] == ["account-mismatch"] * 3
    assert story.certificates() == []
    assert len(story.reasons("ada")) == 3


def test_an_enrollment_id_cannot_be_taken_over_by_another_account(service: Service, story: Story) -> None:
    story.directory()
    story.save_account("ada")
    story.save_account("eve")
    story.enroll("ada")
    service.settle()
    story.enroll("ada", account_id=story.id("eve"))
    service.settle()
    assert [reason for reason, _ in service.quarantined("Directory")] == ["enrollment-taken"]
    assert story.enrollment("ada")["account_id"] == story.id("ada")


def test_a_mark_for_a_live_event_other_than_the_enrollments_is_refused(service: Service, story: Story) -> None:
    story.directory()
    story.save_account("ada")
    story.enroll("ada", story.id("other-event"))
    service.settle()
    service.post("Attendance", story.mark("ada"))
    service.settle()
    assert [reason for reason, _ in service.quarantined("Attendance")] == ["training-mismatch"]
    assert story.certificates() == []


def test_the_directory_update_with_the_latest_time_wins(service: Service, story: Story) -> None:
    story.directory()
    newer = {"company_id": story.company, "name": "Sample Lanterns & Sons"}
    service.post("Directory", cloud_event("company.saved", newer, NOON))
    service.settle()
    story.save_company("Sample Lanterns")
    story.save_account("ada")
    story.enroll("ada")
    service.settle()
    service.post("Progress", *story.do("ada", "read", "watch", "quiz"))
    service.settle()
    [document] = story.own_documents().values()
    assert "Sample Lanterns & Sons" in pages(document)[0]


def test_a_removed_enrollment_gets_no_certificate_from_late_events(service: Service, story: Story) -> None:
    story.directory()
    story.save_account("ada")
    story.enroll("ada")
    removal = cloud_event("enrollment.removed", story.enrollment_of("ada"), NOON)
    service.post("Directory", removal)
    service.settle()
    service.post("Progress", *story.do("ada", "read", "watch", "quiz"))
    service.settle()
    assert story.certificates() == []
    assert service.get(f"/v1/enrollments/{story.id('enr-ada')}", story.claims("ada"))[0] == 404


def test_a_removal_that_arrives_before_its_enrollment_still_removes_it(service: Service, story: Story) -> None:
    story.directory()
    story.save_account("ada")
    service.post("Directory", cloud_event("enrollment.removed", story.enrollment_of("ada"), NOON))
    service.settle()
    story.enroll("ada")
    service.settle()
    service.post("Progress", *story.do("ada", "read", "watch", "quiz"))
    service.settle()
    assert story.certificates() == []


def test_a_removed_account_gets_no_certificate(service: Service, story: Story) -> None:
    story.directory()
    story.save_account("ada")
    story.enroll("ada")
    service.post("Directory", cloud_event("account.removed", {"account_id": story.id("ada")}, NOON))
    service.settle()
    service.post("Progress", *story.do("ada", "read", "watch", "quiz"))
    service.settle()
    assert story.certificates() == []


def test_a_shortened_course_gives_certificates_to_everyone_who_finished_the_rest(
    service: Service, story: Story
) -> None:
    story.directory()
    people = [f"person-{number}" for number in range(30)]
    for person in people:
        story.save_account(person)
        story.enroll(person)
    service.settle()
    for person in people:
        service.post("Progress", *story.do(person, "read", "watch"))
    service.settle()
    assert story.certificates() == []
    story.publish(2, [{"step_id": "read", "kind": "reading", "title": "Before you start"}])
    service.settle()
    assert len(story.certificates(limit="100")) == len(people)


def test_an_older_version_of_a_course_that_arrives_late_changes_nothing(service: Service, story: Story) -> None:
    story.publish(2)
    service.settle()
    story.publish(1, [{"step_id": "read", "kind": "reading", "title": "Before you start"}])
    story.save_account("ada")
    story.enroll("ada")
    service.settle()
    assert len(story.reasons("ada")) == 3
